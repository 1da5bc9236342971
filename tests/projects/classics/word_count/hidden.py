def observe(program, random):
    return program.word_count(" ".join(random.choice(["a", "B", "b.", "c!", "!", "d"]) for _ in range(random.randint(0, 8))))
