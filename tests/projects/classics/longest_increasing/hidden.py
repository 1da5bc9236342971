def observe(program, random):
    return program.lis([random.randrange(15) for _ in range(random.randint(0, 10))])
