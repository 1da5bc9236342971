def observe(program, random):
    return program.to_base(random.randint(1, 5000), random.randint(2, 36))
