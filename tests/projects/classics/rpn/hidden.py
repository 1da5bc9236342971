def observe(program, random):
    tokens, depth = [float(random.randint(1, 9))], 1
    for _ in range(random.randint(0, 4)):
        tokens += [float(random.randint(1, 9)), random.choice("+-*/")]
    return program.evaluate(tokens)
