def observe(program, random):
    text = "".join(random.choice("ab ") for _ in range(random.randint(0, 14)))
    return program.truncate(text, random.randint(4, 12))
