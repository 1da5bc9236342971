def observe(program, random):
    def make(depth):
        return [make(depth - 1) if depth and random.random() < 0.4 else random.randrange(9) for _ in range(random.randint(0, 4))]
    return list(program.flatten(make(3)))
