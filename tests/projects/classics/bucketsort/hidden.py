def observe(program, random):
    return program.bucketsort([random.randrange(9) for _ in range(random.randint(0, 12))], 9)
