def observe(program, random):
    user = {}
    if random.random() < 0.6: user["name"] = random.choice(["", "x"])
    if random.random() < 0.6: user["age"] = random.randint(-3, 3)
    if random.random() < 0.6: user["email"] = random.choice(["", "a@b", "ab"])
    return program.validate(user)
