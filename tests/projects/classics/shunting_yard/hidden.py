def observe(program, random):
    tokens = [random.randrange(9)]
    for _ in range(random.randint(0, 4)):
        tokens += [random.choice("+-*/"), random.randrange(9)]
    return program.to_rpn(tokens)
