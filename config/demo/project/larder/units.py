"""Amounts of food: "1.5 kg" goes in, grams come out."""

GRAMS = {"g": 1, "kg": 1000, "mg": 0.001, "oz": 28.35, "lb": 453.6}


def parse_amount(text):
    """Split an amount into its number and its unit; no unit means pieces."""
    text = text.strip().lower()
    digits = ""
    for at, char in enumerate(text):
        if char.isdigit() or char == ".":
            digits += char
        else:
            return float(digits), text[at:].strip()
    return float(digits), "piece"


def to_grams(text):
    """The weight of an amount in grams."""
    number, unit = parse_amount(text)
    if unit not in GRAMS:
        raise ValueError("unknown unit: " + unit)
    return number * GRAMS[unit]


def readable(grams):
    """A weight as people write it."""
    if grams >= 1000:
        return "%.1f kg" % (grams / 1000)
    return "%d g" % grams
