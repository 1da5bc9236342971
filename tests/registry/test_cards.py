"""The cards: shipped ones, and the user's over them."""

from pathlib import Path

import pytest

from dreamscape.domain.errors import UsageError
from dreamscape.domain.models import ModelCard
from dreamscape.registry.cards import load_cards
from dreamscape.settings import shipped_file

SHIPPED = shipped_file("models.toml")


def user_cards(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "models.toml"
    path.write_text(text, "utf-8")
    return path


def test_no_shipped_card_leaves_the_machine_unasked() -> None:
    cards = load_cards(SHIPPED, None)

    assert [card.name for card in cards if card.enabled and card.provider not in ("web", "api")] == ["embedded"]
    assert not [card for card in cards if card.enabled and card.provider in ("web", "api")]


def test_the_users_card_replaces_the_shipped_one_of_its_name(tmp_path: Path) -> None:
    user = user_cards(tmp_path, '[[models]]\nname = "embedded"\nprovider = "embedded"\nenabled = false\n')

    assert load_cards(SHIPPED, user) == (ModelCard("embedded", "embedded", enabled=False),)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[[models]]\nname = "a"\nprovider = "recorded"\nurll = "x"\n', "no key 'urll'"),
        ('[[models]]\nname = "a"\nprovider = "psychic"\n', "psychic"),
        (
            '[[models]]\nname = "a"\nprovider = "api"\ntier = "high"\n',
            "tier = 'high', which does not fit: it takes a whole number",
        ),
        ('[[models]]\nname = "a"\n', "lacks the key provider, a text"),
        ("models = [1]\n", "a card is not a table"),
        ('[[models]]\nname = "a"\nprovider = "web"\n', "names no site"),
        ("[models]\na = 1\n", "something else"),
        ("[[models\n", "not valid TOML"),
    ],
)
def test_a_card_that_is_none_is_refused_with_file_and_key(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        load_cards(SHIPPED, user_cards(tmp_path, text))
