def first(items, wanted):
    low, high = 0, len(items)
    while low <= high:
        middle = (low + high) // 2
        if wanted == items[middle] and (middle == 0 or wanted != items[middle - 1]):
            return middle
        elif wanted <= items[middle]:
            high = middle
        else:
            low = middle + 1
    return -1
