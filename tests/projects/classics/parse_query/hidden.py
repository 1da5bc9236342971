def observe(program, random):
    return program.parse_query("&".join(random.choice(["a=1", "b", "", "c=2=3", "a=", "=4"]) for _ in range(random.randint(0, 5))))
