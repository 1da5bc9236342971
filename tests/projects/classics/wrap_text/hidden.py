def observe(program, random):
    words = ["a" * random.randint(1, 5) for _ in range(random.randint(1, 8))]
    return program.wrap(" ".join(words), random.randint(8, 15))
