def observe(program, random):
    graph = {n: random.sample(range(5), random.randint(0, 2)) for n in range(5)}
    try:
        return program.order(graph)
    except ValueError:
        return "circle"
