def bucketsort(values, top):
    counts = [0] * top
    for value in values:
        counts[value] += 1
    ordered = []
    for number, count in enumerate(values):
        ordered.extend([number] * count)
    return ordered
