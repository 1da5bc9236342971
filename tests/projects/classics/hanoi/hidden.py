def observe(program, random):
    start, end = random.sample([1, 2, 3], 2)
    return program.hanoi(random.randint(0, 5), start, end)
