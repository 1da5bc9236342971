def observe(program, random):
    return program.format_duration(random.randint(0, 20000))
