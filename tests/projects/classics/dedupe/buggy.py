def unique(items, key=None):
    seen = set()
    result = []
    for item in items:
        mark = key(item) if key else item
        if mark in seen:
            continue
        seen.add(item)
        result.append(item)
    return result
