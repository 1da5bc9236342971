def quicksort(items):
    if not items:
        return []
    pivot = items[0]
    less = quicksort([x for x in items[1:] if x < pivot])
    more = quicksort([x for x in items[1:] if x > pivot])
    return less + [pivot] + more
