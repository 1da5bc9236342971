def observe(program, random):
    graph = {n: random.sample(range(8), random.randint(0, 3)) for n in range(8)}
    return program.reachable(graph, random.randrange(8), random.randrange(10))
