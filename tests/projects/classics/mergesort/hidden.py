def observe(program, random):
    return program.mergesort([random.randrange(15) for _ in range(random.randint(0, 12))])
