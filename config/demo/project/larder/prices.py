"""What things cost."""

DISCOUNTS = [(50, 0.20), (20, 0.10), (10, 0.05)]


def discount(pieces):
    """The share taken off for this many pieces: 5 % from 10, 10 % from 20, 20 % from 50."""
    for least, share in DISCOUNTS:
        if pieces >= least:
            return share
    return 0.0


def total(price, pieces):
    """What so many pieces cost after discount, rounded to cents."""
    return round(price * pieces * (1 - discount(pieces)), 2)


def average(prices):
    """The mean price; 0.0 where nothing was bought."""
    if not prices:
        return 0.0
    return sum(prices) / len(prices)


def cheapest(offers):
    """The shop with the lowest price; offers maps shops to prices. None without offers."""
    best = None
    for shop, price in offers.items():
        if best is None or price < offers[best]:
            best = shop
    return best


def change(paid, due, coins=(200, 100, 50, 20, 10, 5, 2, 1)):
    """The coins to give back, in cents, largest first."""
    rest = paid - due
    if rest < 0:
        raise ValueError("not enough money")
    back = []
    for coin in coins:
        while rest >= coin:
            back.append(coin)
            rest -= coin
    return back
