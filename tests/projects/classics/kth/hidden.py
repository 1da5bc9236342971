def observe(program, random):
    items = [random.randrange(12) for _ in range(random.randint(1, 10))]
    return program.kth(items, random.randrange(len(items)))
