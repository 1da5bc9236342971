def observe(program, random):
    cache = program.Cache(random.randint(1, 3))
    for _ in range(12):
        if random.random() < 0.5:
            cache.put(random.choice("abcd"), random.randrange(9))
        else:
            cache.get(random.choice("abcd"))
    return list(cache.items.items())
