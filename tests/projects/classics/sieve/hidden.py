def observe(program, random):
    return program.sieve(random.randint(0, 60))
