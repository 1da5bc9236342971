def observe(program, random):
    return program.slugify("".join(random.choice("abC D&!1 ") for _ in range(random.randint(0, 12))))
