def observe(program, random):
    return program.from_roman("".join(random.choice("IVXLCDM") for _ in range(random.randint(0, 7))))
