def observe(program, random):
    lines = random.choices(["[a]", "[bcd]", "k=1", " j = x y ", "# c", "", "m=[1]"], k=random.randint(0, 7))
    return program.parse("\n".join(lines))
