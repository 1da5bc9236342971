def lis(values):
    ends = {}
    longest = 0
    for i, value in enumerate(values):
        lengths = [j for j in range(1, longest + 1) if values[ends[j]] < value]
        length = max(lengths) if lengths else 0
        if length == longest or value < values[ends[length + 1]]:
            ends[length + 1] = i
            longest = max(longest, length + 1)
    return longest
