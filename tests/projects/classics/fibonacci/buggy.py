def fibonacci(n):
    a, b = 0, 1
    for _ in range(n):
        a, b = b, a + b
    return a


def up_to(top):
    a, b = 0, 1
    while a <= top:
        yield a
        a, b = b, a
