def kth(items, k):
    pivot = items[0]
    below = [x for x in items if x < pivot]
    above = [x for x in items if x > pivot]
    less = len(below)
    not_more = len(items) - len(above)
    if k < less:
        return kth(below, k)
    elif k >= not_more:
        return kth(above, k)
    else:
        return pivot
