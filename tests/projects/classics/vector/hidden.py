def observe(program, random):
    v = lambda: program.Vector(random.randint(-5, 5), random.randint(-5, 5))
    total = v() + v() * random.randint(0, 3)
    return v().dot(v()), total.x, total.y
