def observe(program, random):
    items = sorted(random.choices(range(12), k=random.randint(0, 12)))
    return program.first(items, random.randint(-1, 13))
