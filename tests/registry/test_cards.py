"""The cards: shipped ones, and the user's over them."""

from dataclasses import replace
from pathlib import Path

import pytest

from dreamscape.domain.errors import UsageError
from dreamscape.domain.models import ModelCard
from dreamscape.registry.cards import load_cards
from dreamscape.settings import shipped_file

SHIPPED = shipped_file("models.toml")


URL = 'url = "http://127.0.0.1:1/v1"\n'
API = '[[models]]\nname = "a"\nprovider = "api"\n'


def user_cards(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "models.toml"
    path.write_text(text, "utf-8")
    return path


def test_no_shipped_card_leaves_the_machine_unasked() -> None:
    cards = load_cards(SHIPPED, None)

    assert [card.name for card in cards if card.enabled and card.provider not in ("web", "api")] == ["embedded"]
    assert not [card for card in cards if card.enabled and card.provider in ("web", "api")]


def test_the_users_card_replaces_the_shipped_one_of_its_name(tmp_path: Path) -> None:
    user = user_cards(tmp_path, f'[[models]]\nname = "openai"\nprovider = "api"\n{URL}')

    (card,) = [card for card in load_cards(SHIPPED, user) if card.name == "openai"]

    assert card == ModelCard("openai", "api", url="http://127.0.0.1:1/v1")


def test_a_card_without_a_provider_changes_single_keys_of_the_shipped_one(tmp_path: Path) -> None:
    shipped = {card.name: card for card in load_cards(SHIPPED, None)}
    user = user_cards(tmp_path, '[[models]]\nname = "ollama"\nenabled = true\n')

    cards = {card.name: card for card in load_cards(SHIPPED, user)}

    assert cards == {**shipped, "ollama": replace(shipped["ollama"], enabled=True)}


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
        ('[[models]]\nprovider = "embedded"\n', "lacks the key name, a text"),
        (f'{API}{URL}recording = "kept"\n', "depends on where it is called"),
        ('[[models]]\nname = "a"\nprovider = "web"\n', "names no site"),
        (API, "has no endpoint"),
        (f'{API}url = "127.0.0.1:11434/v1"\n', "has no endpoint"),
        (f'{API}url = "ftp://127.0.0.1/v1"\n', "has no endpoint"),
        (f'{API}url = "http://127.0.0.1:99999/v1"\n', "has no endpoint"),
        (f'{API}url = "http://[::1/v1"\n', "has no endpoint"),
        (f'{API}url = "http://192.168.1.5:8080/v1"\n', "to 192.168.1.5 unencrypted"),
        (f'{API}url = "http://localhost.example.org/v1"\n', "unencrypted"),
        (f'{API}url = "https://me:word@example.org/v1"\n', "has a password in its url"),
        (f'{API}url = "https://example.org/v1"\nkey_env = "gsk_0815"\n', "names no environment variable"),
        (f'{API}url = "https://example.org/v1"\nanswer_s = 0\n', "allows no time"),
        ("[models]\na = 1\n", "something else"),
        ("[[models\n", "not valid TOML"),
    ],
)
def test_a_card_that_is_none_is_refused_with_file_and_key(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        load_cards(SHIPPED, user_cards(tmp_path, text))


@pytest.mark.parametrize(
    "more",
    [
        'url = "http://127.0.0.1:11434/v1"',
        'url = "http://localhost:8080/v1"',
        'url = "http://[::1]:8080"',
        'url = "https://example.org/v1"\nkey_env = "EXAMPLE_KEY"\nmodel = "their/name"',
        'url = "http://192.168.1.5:8080/v1"\ninsecure = true',
    ],
)
def test_an_endpoint_is_encrypted_or_on_this_machine_unless_its_card_says_otherwise(tmp_path: Path, more: str) -> None:
    assert load_cards(SHIPPED, user_cards(tmp_path, f"{API}{more}\n"))[-1].name == "a"


def test_what_may_be_the_key_itself_is_not_shown(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as refused:
        load_cards(SHIPPED, user_cards(tmp_path, f'{API}url = "https://example.org/"\nkey_env = "sk-0815"\n'))

    assert "0815" not in refused.value.message + refused.value.hint
