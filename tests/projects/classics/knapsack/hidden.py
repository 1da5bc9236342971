def observe(program, random):
    items = [(random.randint(1, 9), random.randint(1, 9)) for _ in range(random.randint(0, 6))]
    return program.knapsack(random.randint(0, 25), items)
