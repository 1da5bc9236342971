ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def to_base(number, base):
    result = ""
    while number > 0:
        digit = number % base
        number = number // base
        result = ALPHABET[digit] + result
    return result
