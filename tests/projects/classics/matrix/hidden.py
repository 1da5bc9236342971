def observe(program, random):
    n, m, k = (random.randint(1, 3) for _ in range(3))
    make = lambda r, c: [[random.randrange(5) for _ in range(c)] for _ in range(r)]
    return program.multiply(make(n, m), make(m, k))
