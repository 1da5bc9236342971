from larder.report import initials, page, roman, table
from larder.stock import Stock

LINES = ["a", "b", "c", "d", "e", "f", "g"]


def test_pages_begin_with_one():
    assert page(LINES, 1, 3) == ["a", "b", "c"]
    assert page(LINES, 2, 3) == ["d", "e", "f"]
    assert page(LINES, 3, 3) == ["g"]
    assert page(LINES, 4, 3) == []


def test_an_empty_larder_says_so():
    assert table(Stock()) == "the larder is empty"


def test_the_table_is_aligned_and_sorted():
    stock = Stock()
    stock.add("salt", "200 g")
    stock.add("oats", "1.2 kg")
    stock.add("peas", "5 g")
    assert table(stock) == "oats  1.2 kg\npeas  5 g\nsalt  200 g"


def test_initials_are_capitals():
    assert initials("green pea soup") == "GPS"
    assert initials("") == ""


def test_roman_shelves():
    assert [roman(n) for n in (1, 3, 4, 9, 14, 26)] == ["I", "III", "IV", "IX", "XIV", "XXVI"]
