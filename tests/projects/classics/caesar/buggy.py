def shift(char, by):
    if not char.isalpha():
        return char
    base = ord("A") if char.isupper() else ord("a")
    return chr((ord(char) - base + by) % 26 + base)


def encrypt(text, by):
    return "".join(shift(char, by) for char in text)


def decrypt(text, by):
    return encrypt(text, by)
