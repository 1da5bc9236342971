"""Pages for the fridge door."""

from larder.units import readable


def page(lines, number, size=5):
    """One page of a list; the first page is number 1."""
    start = (number - 1) * size
    return lines[start : start + size]


def table(stock):
    """Name and weight of everything in stock, one line each, aligned."""
    if not stock.items:
        return "the larder is empty"
    width = max(len(name) for name in stock.items)
    return "\n".join("%s  %s" % (name.ljust(width), readable(g)) for name, g in sorted(stock.items.items()))


def initials(title):
    """The first letters of a title's words."""
    return "".join(word[0].upper() for word in title.split())


def roman(number):
    """A number in Roman numerals, for the cellar shelves."""
    steps = [(10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I")]
    out = ""
    for value, sign in steps:
        while number >= value:
            out += sign
            number -= value
    return out
