def observe(program, random):
    return program.gcd(random.randint(1, 300), random.randint(0, 300))
