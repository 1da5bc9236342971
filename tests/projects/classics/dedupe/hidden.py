def observe(program, random):
    items = [random.choice("aAbBc") for _ in range(random.randint(0, 7))]
    return program.unique(items), program.unique(items, key=str.lower)
