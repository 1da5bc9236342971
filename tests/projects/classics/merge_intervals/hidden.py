def observe(program, random):
    made = []
    for _ in range(random.randint(0, 6)):
        start = random.randrange(15)
        made.append((start, start + random.randint(0, 5)))
    return program.merge(made)
