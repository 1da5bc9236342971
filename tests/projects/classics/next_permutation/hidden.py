def observe(program, random):
    perm = list(range(random.randint(1, 6))); random.shuffle(perm)
    return program.next_permutation(perm)
