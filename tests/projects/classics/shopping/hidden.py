def observe(program, random):
    items = [(random.randint(1, 30), random.randint(1, 3)) for _ in range(random.randint(0, 4))]
    return program.price(items, random.choice([0.0, 0.1, 0.25]))
