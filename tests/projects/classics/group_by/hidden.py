def observe(program, random):
    items = ["x" * random.randint(1, 4) for _ in range(random.randint(0, 5))]
    return program.largest_group(items, len)
