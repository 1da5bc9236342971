"""`dreamscape models`: the user switches models, and a project never does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from dreamscape_process import Dreamscape


def listed(dreamscape: Dreamscape) -> dict[str, dict[str, Any]]:
    return {card["name"]: card for card in json.loads(dreamscape("models", "list", "--json").stdout)["models"]}


def test_a_model_is_enabled_and_disabled_in_the_users_own_file(dreamscape: Dreamscape, home: Path) -> None:
    own = home / ".config/dreamscape/models.toml"
    enabled = dreamscape("models", "enable", "ollama", "--json")
    own.write_text(own.read_text() + "tier = 3 # mine\n")
    now = listed(dreamscape)["ollama"]
    disabled = dreamscape("models", "disable", "ollama")

    assert json.loads(enabled.stdout) | {"file": ""} == {
        "schema": "dreamscape.models-switch/1", "model": "ollama", "enabled": True, "file": ""
    }  # fmt: skip
    assert (now["enabled"], now["tier"]) == (True, 3)
    assert disabled.stdout.startswith("ollama is disabled: ")
    assert own.read_text() == '[[models]]\nname = "ollama"\nenabled = false\ntier = 3 # mine\n'


def test_a_model_that_there_is_not_is_told_with_the_nearest(dreamscape: Dreamscape, home: Path) -> None:
    wrong = dreamscape("models", "enable", "olama")

    assert wrong.returncode == 2
    assert "there is no model 'olama'" in wrong.stderr and "did you mean 'ollama'?" in wrong.stderr
    assert not (home / ".config/dreamscape/models.toml").exists()


def test_heal_refuses_a_model_that_may_not_be_asked_before_any_work(dreamscape: Dreamscape, project: Path) -> None:
    unknown = dreamscape("heal", "--auto", "--model", "nobody")
    disabled = dreamscape("heal", "--auto", "--model", "openai")

    assert (unknown.returncode, disabled.returncode) == (2, 2)
    assert "there is no model 'nobody'" in unknown.stderr
    assert "dreamscape models enable openai" in disabled.stderr
