def observe(program, random):
    return program.possible_change(random.sample(range(1, 9), random.randint(0, 3)), random.randint(-2, 20))
