from buggy import fibonacci, up_to

def test_numbers(): assert [fibonacci(n) for n in range(6)] == [0, 1, 1, 2, 3, 5]
def test_up_to(): assert list(up_to(9)) == [0, 1, 1, 2, 3, 5, 8]
def test_exact(): assert list(up_to(5)) == [0, 1, 1, 2, 3, 5]
