def observe(program, random):
    lines = [random.choice(["a,b", "x , y,z", "", "1", "2,3"]) for _ in range(random.randint(0, 5))]
    return program.read_rows("\n".join(lines))
