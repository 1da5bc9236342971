def observe(program, random):
    return list(program.chunks(list(range(random.randint(0, 11))), random.randint(1, 4)))
