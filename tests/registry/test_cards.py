"""The cards: shipped ones, and the user's over them."""

from dataclasses import replace
from pathlib import Path

import pytest

from dreamscape.domain.errors import UsageError
from dreamscape.domain.models import ModelCard
from dreamscape.registry.cards import CatalogFiles, load_catalog
from dreamscape.settings import shipped_file

SHIPPED = shipped_file("models.toml")


URL = 'url = "http://127.0.0.1:1/v1"\n'
API = '[[models]]\nname = "a"\nprovider = "api"\n'


def user_cards(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "models.toml"
    path.write_text(text, "utf-8")
    return path


def test_no_shipped_card_leaves_the_machine_unasked() -> None:
    cards = load_catalog(SHIPPED, None).cards

    assert [card.name for card in cards if card.enabled and card.provider not in ("web", "api")] == [
        "remembered",
        "embedded",
    ]
    assert not [card for card in cards if card.enabled and card.provider in ("web", "api")]


def test_the_users_card_replaces_the_shipped_one_of_its_name(tmp_path: Path) -> None:
    user = user_cards(tmp_path, f'[[models]]\nname = "openai"\nprovider = "api"\n{URL}')

    (card,) = [card for card in load_catalog(SHIPPED, user).cards if card.name == "openai"]

    assert card == ModelCard("openai", "api", url="http://127.0.0.1:1/v1")


def test_a_card_without_a_provider_changes_single_keys_of_the_shipped_one(tmp_path: Path) -> None:
    shipped = {card.name: card for card in load_catalog(SHIPPED, None).cards}
    user = user_cards(tmp_path, '[[models]]\nname = "ollama"\nenabled = true\n')

    cards = {card.name: card for card in load_catalog(SHIPPED, user).cards}

    assert cards == {**shipped, "ollama": replace(shipped["ollama"], enabled=True)}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[[models]]\nname = "a"\nprovider = "recorded"\nurll = "x"\n', "no key 'urll'"),
        ('[[models]]\nname = "a"\nprovider = "psychic"\n', "psychic"),
        (
            '[[models]]\nname = "a"\nprovider = "api"\ntier = "high"\n',
            'tier = "high", which does not fit: it takes a whole number',
        ),
        ('[[models]]\nname = "a"\n', "lacks the key provider, a text"),
        ("models = [1]\n", "models are not tables"),
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
        ("[models]\na = 1\n", "models are not tables"),
        ("[model]\na = 1\n", "something else than cards and routes: model"),
        (f'{API}{URL}hours = "late"\n', "has hours = 'late'"),
        (f'{API}{URL}hours = "9-9"\n', "hours = '9-9', which are none"),
        (f'{API}{URL}kinds = ["refactor"]\n', "is for refactor"),
        (f'{API}{URL}failure_classes = ["wrong_vale"]\n', "names the failure class 'wrong_vale'"),
        (f"{API}{URL}context_tokens = 0\n", "leaves nothing to ask"),
        (f"{API}{URL}least_impact = 20.0\n", "has least_impact = 20"),
        (f"{API}{URL}usd_per_million_in = -1.0\n", "usd_per_million_in = -1"),
        (f'{API}{URL}answer_limit = "a b"\n', "has answer_limit"),
        ('[[routes]]\nmodels = ["nobody"]\n', "names the model 'nobody', which has no card"),
        ('[[routes]]\npaths = ["a"]\n', "a route's models is no list"),
        ("[[routes]]\nmodels = []\n", "names no models"),
        ('[[routes]]\nmodels = ["ollama"]\npath = ["a"]\n', "a route has no key 'path'"),
        ("[[models\n", "not valid TOML"),
        (
            '[[models]]\nname = "ollama"\nenabled = "yes"\n',
            'enabled = "yes", which does not fit: it takes true or false',
        ),
        (
            '[[models]]\nname = "ollama"\nattempts = "3"\n',
            'attempts = "3", which does not fit: it takes a whole number',
        ),
        ('[[models]]\nname = "ollama"\ntier = true\n', "tier = true, which does not fit"),
        ('[[models]]\nname = "ollama"\nmodel = 2026-11-26\n', "model = .2026-11-26., which does not fit"),
        ('[[models]]\nname = "ollama"\n' * 2, "has 2 cards 'ollama'"),
        ('[[models]]\nname = ""\nprovider = "api"\n' + URL, "has no name"),
    ],
)
def test_a_card_that_is_none_is_refused_with_file_and_key(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        load_catalog(SHIPPED, user_cards(tmp_path, text))


@pytest.mark.parametrize(
    ("text", "near"),
    [
        ('[[models]]\nname = "olama"\nenabled = true\n', "ollama"),
        ('[[models]]\nname = "OpenAI"\nenabled = true\n', "openai"),
        ('[[models]]\nname = "own"\nprovider = "embeded"\n', "embedded"),
    ],
)
def test_a_name_that_is_misspelled_is_told_with_the_nearest(tmp_path: Path, text: str, near: str) -> None:
    with pytest.raises(UsageError) as refused:
        load_catalog(SHIPPED, user_cards(tmp_path, text))

    assert refused.value.hint == f"did you mean '{near}'?"


@pytest.mark.parametrize("key", ["prise", "price_in", "token_cost"])
def test_a_price_under_another_name_is_told_with_its_two_keys(tmp_path: Path, key: str) -> None:
    text = f'[[models]]\nname = "own"\nprovider = "recorded"\n{key} = 1.0\n'
    with pytest.raises(UsageError) as refused:
        load_catalog(SHIPPED, user_cards(tmp_path, text))

    assert "usd_per_million_in and usd_per_million_out" in refused.value.hint


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
    assert load_catalog(SHIPPED, user_cards(tmp_path, f"{API}{more}\n")).cards[-1].name == "a"


def test_what_may_be_the_key_itself_is_not_shown(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as refused:
        load_catalog(SHIPPED, user_cards(tmp_path, f'{API}url = "https://example.org/"\nkey_env = "sk-0815"\n'))

    assert "0815" not in refused.value.message + refused.value.hint


def test_a_changed_file_counts_from_the_next_item_on_and_a_broken_one_does_not(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    user = user_cards(tmp_path, f"{API}{URL}")
    files = CatalogFiles(SHIPPED, user)
    before = {card.name for card in files().cards}

    user.write_text(f'{API}{URL}[[models]]\nname = "b"\nprovider = "api"\n{URL}')
    after = {card.name for card in files().cards}
    user.write_text("[[models")

    assert after - before == {"b"}
    assert {card.name for card in files().cards} == after
    assert "the models stay as they were" in caplog.text
    user.unlink()
    assert {card.name for card in files().cards} == before - {"a"}
