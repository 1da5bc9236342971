from larder.recipes import Recipe, cookable, shopping_list
from larder.stock import Stock

RISOTTO = Recipe("Risotto", 4, {"rice": "400 g", "butter": "80 g"})
PORRIDGE = Recipe("Porridge", 2, {"oats": "100 g"})


def larder():
    stock = Stock()
    stock.add("rice", "1 kg")
    stock.add("butter", "100 g")
    return stock


def test_recipes_scale_with_the_guests():
    assert RISOTTO.scaled(2) == {"rice": 200, "butter": 40}
    assert RISOTTO.scaled(6) == {"rice": 600, "butter": 120}


def test_what_is_missing_is_the_difference():
    assert RISOTTO.missing(larder(), 6) == {"butter": 20}
    assert RISOTTO.missing(larder(), 5) == {}


def test_what_can_be_cooked_is_told():
    assert cookable([RISOTTO, PORRIDGE], larder(), 4) == ["Risotto"]


def test_the_shopping_list_adds_all_dishes_up():
    assert shopping_list([RISOTTO, PORRIDGE], larder(), 6) == [("oats", 300), ("butter", 20)]
    assert shopping_list([RISOTTO, RISOTTO], larder(), 4) == [("butter", 60)]
