def observe(program, random):
    items = sorted(random.sample(range(50), random.randint(0, 12)))
    return program.find(items, random.randint(-2, 52))
