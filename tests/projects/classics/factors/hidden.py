def observe(program, random):
    return program.factors(random.randint(1, 500))
