def observe(program, random):
    text = "".join(random.choice("abzXY Z!") for _ in range(6))
    return program.decrypt(text, random.randint(0, 30)), program.encrypt(text, random.randint(0, 30))
