"""Switching a model on or off changes one word of the user's file, or adds three lines to it."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dreamscape.domain.errors import UsageError
from dreamscape.registry.switching import switched

OWN = """\
# my models
[[models]]
name = "mine"   # the good one
provider = "api"
url = "https://example.org/v1"   # [[models]]

  [[ models ]] # another
  name = 'other'
  provider = "recorded"
  enabled   =   true # for now

[[routes]]
models = ["mine"]
"""


def test_a_card_without_the_key_gets_it_and_all_else_stays() -> None:
    changed = switched(OWN, "mine", enabled=False)

    assert changed == OWN.replace("# the good one\n", "# the good one\nenabled = false\n")


def test_the_word_alone_is_changed_where_it_stands() -> None:
    assert switched(OWN, "other", enabled=False) == OWN.replace("=   true", "=   false")


def test_a_shipped_model_gets_a_card_of_three_lines() -> None:
    assert switched("", "ollama", enabled=True) == '[[models]]\nname = "ollama"\nenabled = true\n'
    assert switched("# mine", "ollama", enabled=True).startswith("# mine\n\n[[models]]")


@pytest.mark.parametrize(
    "text", ['models = [{name = "a"}]\n', '[[models]]\nname = """\na"""\n', 'x = """\n[[models]]\nname = "a"\n"""\n']
)
def test_what_cannot_be_changed_surely_is_left_to_the_person_or_done_right(text: str) -> None:
    try:
        changed = switched(text, "a", enabled=True)
    except UsageError as refused:
        assert "only a person can change" in refused.message
    else:
        assert {"name": "a", "enabled": True} in tomllib.loads(changed)["models"]


@given(
    st.lists(
        st.tuples(st.text("ab\"'\\é ", min_size=1, max_size=4), st.sampled_from([None, True, False])),
        max_size=4,
        unique_by=lambda card: card[0],
    ),
    st.booleans(),
)
def test_any_card_can_be_switched_and_switched_back(cards: list[tuple[str, bool | None]], enabled: bool) -> None:
    def quoted(name: str) -> str:
        return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'

    text = "".join(
        f"[[models]]\n# a comment\nname = {quoted(name)}\n"
        + ("" if word is None else f"enabled = {str(word).lower()}\n")
        for name, word in cards
    )
    for name in [name for name, _ in cards] or ["new"]:
        once = switched(text, name, enabled=enabled)
        back = switched(once, name, enabled=not enabled)

        assert {card["name"]: card.get("enabled") for card in tomllib.loads(back)["models"]}[name] is (not enabled)
        assert switched(back, name, enabled=enabled) == once
        assert back.count("# a comment") == text.count("# a comment")
