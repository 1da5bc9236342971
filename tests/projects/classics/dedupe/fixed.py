def unique(items, key=None):
    seen = set()
    result = []
    for item in items:
        mark = key(item) if key else item
        if mark in seen:
            continue
        seen.add(mark)
        result.append(item)
    return result
