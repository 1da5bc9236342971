def max_sublist_sum(values):
    ending_here = 0
    so_far = 0
    for value in values:
        ending_here = max(0, ending_here + value)
        so_far = max(so_far, ending_here)
    return so_far
