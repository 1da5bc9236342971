"""What is in the larder, and how much of it."""

from larder.units import to_grams


class NotEnough(Exception):
    """More was asked for than there is."""


class Stock:
    """Weights by name, in grams."""

    def __init__(self):
        self.items = {}
        self.minimum = {}

    def add(self, name, amount, minimum=None):
        """Put some of a food in; say how much should always be there."""
        self.items[name] = self.items.get(name, 0) + to_grams(amount)
        if minimum is not None:
            self.minimum[name] = to_grams(minimum)

    def take(self, name, amount):
        """Take some out; what is left comes back."""
        wanted = to_grams(amount)
        if wanted > self.items.get(name, 0):
            raise NotEnough(name)
        self.items[name] -= wanted
        return self.items[name]

    def running_low(self):
        """Names of what has sunk to its minimum or below, in order of the alphabet."""
        return sorted(name for name, least in self.minimum.items() if self.items.get(name, 0) <= least)

    def merge(self, other):
        """Everything of another larder moves into this one."""
        for name, grams in other.items.items():
            self.items[name] = self.items.get(name, 0) + grams
        other.items = {}
