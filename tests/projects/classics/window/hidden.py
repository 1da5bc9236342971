def observe(program, random):
    items = [random.randrange(9) for _ in range(random.randint(0, 8))]
    return program.moving_average(items, random.randint(1, 4))
