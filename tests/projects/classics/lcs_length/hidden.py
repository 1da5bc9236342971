def observe(program, random):
    word = lambda: "".join(random.choice("abc") for _ in range(random.randint(0, 7)))
    return program.lcs_length(word(), word())
