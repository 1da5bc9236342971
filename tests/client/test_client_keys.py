"""Where an endpoint's key comes from."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends.fail import Keyring as NoKeyring

from dreamscape.client.keys import key_of
from dreamscape.domain.errors import UsageError
from dreamscape.domain.models import ModelCard

BY_NAME = ModelCard("m", "api", key_env="THE_KEY")
BY_KEYRING = ModelCard("m", "api", keyring=True)


class InMemory(KeyringBackend):
    priority = 1

    def __init__(self, kept: dict[tuple[str, str], str]) -> None:
        super().__init__()
        self.kept = kept

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password


@pytest.fixture(autouse=True)
def same_keyring() -> Iterator[None]:
    keyring.set_keyring(InMemory({("dreamscape", "m"): "from-the-ring"}))
    yield
    keyring.set_keyring(NoKeyring())


def test_a_key_comes_from_the_variable_that_is_named() -> None:
    assert key_of(BY_NAME, {"THE_KEY": " abc\n"}) == "abc"


def test_a_key_comes_from_the_keyring_under_the_cards_name() -> None:
    assert key_of(BY_KEYRING, {}) == "from-the-ring"


def test_an_endpoint_of_ones_own_may_want_none() -> None:
    assert key_of(ModelCard("m", "api"), {"OPENAI_API_KEY": "abc"}) == ""


@pytest.mark.parametrize("environment", [{}, {"THE_KEY": " "}])
def test_a_missing_key_is_told_by_the_name_of_its_place(environment: dict[str, str]) -> None:
    with pytest.raises(UsageError, match="THE_KEY holds none"):
        key_of(BY_NAME, environment)


@pytest.mark.parametrize("key", ["a b", "a\nX-Other: b", "schlüssel", "a\x00"])
def test_what_cannot_be_a_key_is_not_sent_and_not_shown(key: str) -> None:
    with pytest.raises(UsageError) as refused:
        key_of(BY_NAME, {"THE_KEY": key})

    assert key not in refused.value.message + refused.value.hint


def test_an_empty_or_absent_keyring_says_how_to_fill_it(monkeypatch: pytest.MonkeyPatch) -> None:
    keyring.set_keyring(InMemory({}))
    with pytest.raises(UsageError, match="holds none") as empty:
        key_of(BY_KEYRING, {})
    keyring.set_keyring(NoKeyring())
    with pytest.raises(UsageError, match="does not give the key"):
        key_of(BY_KEYRING, {})
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(UsageError, match="none can be read") as absent:
        key_of(BY_KEYRING, {})

    assert "keyring set dreamscape 'm'" in empty.value.hint
    assert "dreamscape[keyring]" in absent.value.hint
