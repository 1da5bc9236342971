def group_by(items, key):
    groups = {}
    for item in items:
        groups.setdefault(key(item), []).append(item)
    return groups


def largest_group(items, key):
    groups = group_by(items, key)
    return max(groups, key=lambda name: len(groups[name]))
