def slugify(title):
    words = []
    for word in title.lower().split():
        clean = "".join(char for char in word if char.isalnum())
        if clean:
            words.append(clean)
    return "-".join(words)
