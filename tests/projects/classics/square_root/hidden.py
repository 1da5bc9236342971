def observe(program, random):
    return round(program.root(random.randint(1, 99), 0.001), 1)
