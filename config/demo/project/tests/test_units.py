import pytest

from larder.units import parse_amount, readable, to_grams


@pytest.mark.parametrize(
    ("text", "expected"),
    [("2 kg", (2.0, "kg")), ("1.5kg", (1.5, "kg")), (" 300 G ", (300.0, "g")), ("4", (4.0, "piece"))],
)
def test_amounts_are_split(text, expected):
    assert parse_amount(text) == expected


def test_weights_become_grams():
    assert to_grams("2 kg") == 2000
    assert to_grams("500 g") == 500
    assert to_grams("500 mg") == 0.5


def test_an_unknown_unit_is_refused():
    with pytest.raises(ValueError, match="unknown unit"):
        to_grams("3 sacks")


def test_weights_are_readable():
    assert readable(999) == "999 g"
    assert readable(1000) == "1.0 kg"
    assert readable(2500) == "2.5 kg"
