def merge(left, right):
    result = []
    i = j = 0
    while i < len(left) and j < len(right):
        if left[i] <= right[j]:
            result.append(left[i])
            i += 1
        else:
            result.append(right[j])
            j += 1
    result.extend(left[i:] or right[j:])
    return result


def mergesort(items):
    if len(items) == 0:
        return items
    middle = len(items) // 2
    return merge(mergesort(items[:middle]), mergesort(items[middle:]))
