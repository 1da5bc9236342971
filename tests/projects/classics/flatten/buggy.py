def flatten(items):
    for each in items:
        if isinstance(each, list):
            for inner in flatten(each):
                yield inner
        else:
            yield flatten(each)
