import pytest

from larder.prices import average, change, cheapest, discount, total


@pytest.mark.parametrize(
    ("pieces", "share"), [(1, 0.0), (9, 0.0), (10, 0.05), (19, 0.05), (20, 0.10), (49, 0.10), (50, 0.20), (500, 0.20)]
)
def test_the_more_the_cheaper(pieces, share):
    assert discount(pieces) == share


def test_totals_are_in_cents():
    assert total(0.99, 3) == 2.97
    assert total(2.50, 10) == 23.75
    assert total(1.10, 50) == 44.0


def test_an_average_of_nothing_is_nothing():
    assert average([]) == 0.0


def test_an_average_is_the_mean():
    assert average([1.0, 2.0, 6.0]) == 3.0
    assert average([2.5]) == 2.5
    assert average([4.0, 5.0]) == 4.5


def test_the_cheapest_shop_wins():
    assert cheapest({"corner": 2.2, "market": 1.9, "mall": 2.0}) == "market"
    assert cheapest({"corner": 1.0}) == "corner"
    assert cheapest({"corner": 1.5, "market": 2.0, "mall": 1.5}) == "corner"
    assert cheapest({}) is None


def test_change_uses_the_largest_coins():
    assert change(500, 232) == [200, 50, 10, 5, 2, 1]
    assert change(100, 100) == []
    assert change(300, 100) == [200]


def test_too_little_money_is_refused():
    with pytest.raises(ValueError):
        change(100, 101)
