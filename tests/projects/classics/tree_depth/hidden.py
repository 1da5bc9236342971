def observe(program, random):
    tree = None
    for _ in range(random.randint(0, 8)):
        tree = program.insert(tree, random.randrange(12))
    def flat(t): return t and (flat(t.left), t.value, flat(t.right))
    return program.depth(tree), flat(tree)
