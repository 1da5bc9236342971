def observe(program, random):
    half = [random.choice([1, 9]) for _ in range(random.randint(1, 3))]
    return program.next_palindrome(half + half[::-1])
