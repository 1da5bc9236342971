def observe(program, random):
    return program.is_balanced("".join(random.choice("()") for _ in range(random.randint(0, 7))))
