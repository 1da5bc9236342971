"""Recipes: scaled to the guests, checked against the larder."""

from larder.units import to_grams


class Recipe:
    """What one dish needs; amounts by ingredient, for so many persons."""

    def __init__(self, title, persons, needs):
        self.title = title
        self.persons = persons
        self.needs = dict(needs)

    def scaled(self, persons):
        """Grams by ingredient for another number of persons."""
        factor = persons / self.persons
        return {name: to_grams(amount) * factor for name, amount in self.needs.items()}

    def missing(self, stock, persons):
        """Grams that would have to be bought, by ingredient."""
        lacking = {}
        for name, grams in self.scaled(persons).items():
            there = stock.items.get(name, 0)
            if there < grams:
                lacking[name] = grams - there
        return lacking


def cookable(recipes, stock, persons):
    """Titles of all recipes for which everything is there."""
    return [recipe.title for recipe in recipes if not recipe.missing(stock, persons)]


def shopping_list(recipes, stock, persons):
    """What to buy for all of these dishes together: (name, grams), heaviest first."""
    total = {}
    for recipe in recipes:
        for name, grams in recipe.scaled(persons).items():
            total[name] = total.get(name, 0) + grams
    buy = {name: grams - stock.items.get(name, 0) for name, grams in total.items()}
    return sorted(((n, g) for n, g in buy.items() if g > 0), key=lambda pair: (-pair[1], pair[0]))
