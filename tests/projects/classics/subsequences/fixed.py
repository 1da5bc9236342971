def subsequences(a, b, k):
    if k == 0:
        return [[]]
    found = []
    for i in range(a, b + 1 - k):
        found.extend([i] + rest for rest in subsequences(i + 1, b, k - 1))
    return found
