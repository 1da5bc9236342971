def observe(program, random):
    return list(program.up_to(random.randint(0, 90))), program.fibonacci(random.randint(0, 20))
