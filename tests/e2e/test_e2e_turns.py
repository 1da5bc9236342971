"""A hard case does not keep an easy one from landing, however much more it matters."""

from __future__ import annotations

from healing import NewPatient

ROMAN = """\
VALUES = [(10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I")]


def roman(number):
    text = ""
    for value, letters in VALUES:
        if number > value:
            text = letters + text
            number = number + value
    return text or str(number)
"""
"""Four faults in one function: no change of one place, nor of two, repairs it."""


def test_an_easy_case_lands_before_a_hard_one_of_higher_impact_has_used_its_time(patient: NewPatient) -> None:
    project = patient(
        {
            "roman.py": ROMAN,
            "cart.py": "def total(prices):\n    result = 0\n    for price in prices:\n        result -= price\n"
            "    return result\n",
            "shop.py": "from roman import roman\n\n\ndef chapter(number):\n    return roman(number)\n",
            "test_roman.py": """\
                from shop import chapter


                def test_roman():
                    assert [chapter(n) for n in (1, 3, 4, 9, 14, 38)] == ["I", "III", "IV", "IX", "XIV", "XXXVIII"]
                """,
            "test_cart.py": """\
                from cart import total


                def test_total():
                    assert total([1, 2, 4]) == 7
                    assert total([5]) == 5
                    assert total([]) == 0
                """,
            "dreamscape.toml": "[heal]\nitem_minutes = 0.6\n",
        }
    )

    healed = project.heal()

    easy, hard = healed.item("test_total"), healed.item("test_roman")
    assert easy["impact"] < hard["impact"], "else this shows nothing"
    assert (easy["state"], hard["state"]) == ("landed", "unsolved")
    assert [item["id"] for item in healed.items] == [easy["id"], hard["id"]], "in the order they ended"
    assert hard["attempts"] > easy["attempts"]
    assert hard["seconds"] < 60, "the two turns count as one"
