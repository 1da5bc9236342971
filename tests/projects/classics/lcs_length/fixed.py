def lcs_length(one, other):
    best = {}
    longest = 0
    for i in range(len(one)):
        for j in range(len(other)):
            if one[i] == other[j]:
                best[i, j] = best.get((i - 1, j - 1), 0) + 1
                longest = max(longest, best[i, j])
    return longest
