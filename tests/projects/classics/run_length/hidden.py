def observe(program, random):
    return program.encode("".join(random.choice("ab") for _ in range(random.randint(0, 9))))
