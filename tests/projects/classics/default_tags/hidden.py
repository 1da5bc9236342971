def observe(program, random):
    post = program.Post("t", random.choice([None, ["a"], ("b", "c")]))
    for _ in range(3):
        post.tag(random.choice("abc"))
    return post.tags, post.matches(random.choice("abc"))
