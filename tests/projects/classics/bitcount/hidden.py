def observe(program, random):
    return program.bitcount(random.randint(0, 5000))
