def observe(program, random):
    return program.pascal(random.randint(1, 9))
