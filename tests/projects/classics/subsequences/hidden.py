def observe(program, random):
    start = random.randrange(5)
    return program.subsequences(start, start + random.randint(0, 6), random.randint(0, 4))
