def observe(program, random):
    return program.quicksort([random.randrange(8) for _ in range(random.randint(0, 10))])
