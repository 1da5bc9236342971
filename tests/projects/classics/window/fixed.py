def windows(items, size):
    if size > len(items):
        return
    for start in range(len(items) - size + 1):
        yield tuple(items[start:start + size])


def moving_average(values, size):
    return [sum(each) / size for each in windows(values, size)]
