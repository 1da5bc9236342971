import pytest

from larder.stock import NotEnough, Stock


def full():
    stock = Stock()
    stock.add("rice", "1 kg", minimum="500 g")
    stock.add("salt", "200 g", minimum="200 g")
    return stock


def test_adding_twice_adds_up():
    stock = full()
    stock.add("rice", "250 g")
    assert stock.items["rice"] == 1250


def test_taking_gives_what_is_left():
    assert full().take("rice", "300 g") == 700


def test_everything_may_be_taken():
    assert full().take("rice", "1 kg") == 0


def test_more_than_there_is_cannot_be_taken():
    stock = full()
    with pytest.raises(NotEnough):
        stock.take("rice", "2 kg")
    with pytest.raises(NotEnough):
        stock.take("flour", "1 g")
    assert stock.items["rice"] == 1000


def test_what_is_at_its_minimum_runs_low():
    stock = full()
    assert stock.running_low() == ["salt"]
    stock.take("rice", "600 g")
    assert stock.running_low() == ["rice", "salt"]


def test_merging_empties_the_other():
    one, two = full(), full()
    two.add("oats", "100 g")
    two.take("rice", "300 g")
    one.merge(two)
    assert one.items == {"rice": 1700, "salt": 400, "oats": 100}
    assert two.items == {}


def test_larders_do_not_share_their_food():
    one, two = Stock(), Stock()
    one.add("rice", "1 kg")
    assert two.items == {}
