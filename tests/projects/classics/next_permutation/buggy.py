def next_permutation(perm):
    for i in range(len(perm) - 2, -1, -1):
        if perm[i] < perm[i + 1]:
            for j in range(len(perm) - 1, i, -1):
                if perm[j] < perm[i]:
                    after = list(perm)
                    after[i], after[j] = perm[j], perm[i]
                    after[i + 1:] = reversed(after[i + 1:])
                    return after
    return None
