def encode(text):
    if not text:
        return ""
    pieces = []
    count = 1
    for here, after in zip(text, text[1:]):
        if here == after:
            count += 1
        else:
            pieces.append(f"{count}{here}")
            count = 1
    pieces.append(f"{count}{text[-1]}")
    return "".join(pieces)
