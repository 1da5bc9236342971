def observe(program, random):
    word = lambda: "".join(random.choice("abc") for _ in range(random.randint(0, 5)))
    return program.distance(word(), word())
