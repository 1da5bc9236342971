"""`dreamscape models`: the user switches models, and a project never does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from dreamscape_process import Dreamscape

from dreamscape.domain.failures import FailureClass
from dreamscape.domain.records import AttemptRecord
from dreamscape.domain.repair import ItemState, RepairCase, WorkItem
from dreamscape.engine.reports import item_report
from dreamscape.store import Store, open_store

NOW = datetime(2026, 11, 26, tzinfo=UTC)


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


@pytest.fixture
def memory(project: Path) -> Iterator[Store]:
    """A project with a scanned file and the memory of one item two models were asked about."""
    (project / "app.py").write_text("def f(a):\n    if a:\n        return 1\n    return 2\n")
    (project / ".dreamscape").mkdir(mode=0o700)
    with open_store(project / ".dreamscape" / "dreamscape.db") as store:
        store.start_run("r1", "heal", None, NOW)
        item = WorkItem("i1", RepairCase("i1", (), FailureClass.IMPORT, "f00d", (), {}), 0.5)
        store.save_item("r1", replace(item_report(item, ItemState.UNSOLVED, "no"), tests=("t::a",)))
        tried = AttemptRecord(
            "r1", "i1", "f00d", FailureClass.IMPORT, "", 1, False, "x", 1, 0.0, 3.0, "", NOW, "c0de", "app.py"
        )  # fmt: skip
        store.save_attempt(replace(tried, model="ollama", features={"chance": {"ollama": 0.4}}))
        solved = replace(tried, attempt=2, solved=True, cost_usd=0.02, features={"chance": {"openai": 0.4}})
        store.save_attempt(replace(solved, model="openai"))
        yield store


def said(dreamscape: Dreamscape, *words: str) -> dict[str, Any]:
    told = dreamscape("models", *words, "--json")
    assert told.returncode == 0, told.stderr
    return dict(json.loads(told.stdout))


def test_who_would_be_asked_is_told_before_anything_is_spent(
    dreamscape_here: Dreamscape, home: Path, memory: Store
) -> None:
    config = home / ".config/dreamscape"
    config.mkdir(parents=True)
    (config / "config.toml").write_text("[budget]\ncalls_per_day = 5\nusd_per_day = 0.5\n")
    for name in ("ollama", "openai"):
        dreamscape_here("models", "enable", name)

    of_file, of_item = said(dreamscape_here, "route", "app.py"), said(dreamscape_here, "route", "i1", "--explain")
    text = dreamscape_here("models", "route", "t::a", "--explain").stdout
    brief, unknown = (
        dreamscape_here("models", "route", "app.py").stdout,
        dreamscape_here("models", "route", "nowhere.py"),
    )

    assert of_file["schema"] == "dreamscape.models-route/1"
    assert {"model", "chance", "low", "high", "cost_usd", "index_usd", "why"} <= of_file["order"][0].keys()
    assert of_item["worth_usd"] == pytest.approx(20 * of_item["impact"])
    assert (of_item["impact"], of_item["left_usd"]) == (of_file["impact"], 0.5)
    assert of_item["refused"]["chatgpt"] == "disabled"
    assert of_file["here"] == ["embedded"] and "asked          embedded, then " in brief
    for word in (
        " USD, 0.50 USD left",
        "a solution costs",
        "it was asked about this before",
        "not asked: chatgpt (disabled)",
    ):
        assert word in text
    assert unknown.returncode == 2 and "neither an item nor a file" in unknown.stderr


def test_a_refactoring_is_worth_impact_times_the_complexity_it_is_expected_to_take_away(
    dreamscape_here: Dreamscape, home: Path, memory: Store, project: Path
) -> None:
    branches = "".join(f"    if a == {number}:\n        return {number}\n" for number in range(29))
    (project / "maze.py").write_text(f"def maze(a):\n{branches}    return None\n")
    config = home / ".config/dreamscape"
    config.mkdir(parents=True)
    (config / "config.toml").write_text("[budget]\ncalls_per_day = 5\nusd_per_day = 0.5\n")
    dreamscape_here("models", "enable", "openai")

    maze, simple = (said(dreamscape_here, "route", name, "--refactoring") for name in ("maze.py", "app.py"))

    assert maze["worth_usd"] == pytest.approx(20 * maze["impact"] * (30 - 10) / 30)
    assert [each["model"] for each in maze["order"]] == ["openai"]
    assert (simple["worth_usd"], simple["order"]) == (0, [])
    assert "no further call is worth it" in simple["stop"]


def test_how_models_did_is_told_and_the_measured_price_beside_the_listed(
    dreamscape_here: Dreamscape, memory: Store
) -> None:
    stats, openai = said(dreamscape_here, "stats"), said(dreamscape_here, "show", "openai")
    text = dreamscape_here("models", "stats").stdout

    assert [(record["model"], record["solved"]) for record in stats["models"]] == [("ollama", 0), ("openai", 1)]
    assert [step["attempts"] for step in stats["calibration"]] == [2]
    assert (openai["measured_usd"], openai["card"]["name"]) == (0.02, "openai")
    assert 0 < openai["listed_usd"] < 0.02
    assert "USD/solved" in text
    assert f"so that the regret is {stats['regret']['regret_usd']:.2f} USD" in text
    assert "0.0200 USD for an item, on average" in dreamscape_here("models", "show", "openai").stdout


def test_a_models_rules_tell_what_it_is_for_and_which_limits_nobody_wrote(
    dreamscape_here: Dreamscape, home: Path
) -> None:
    config = home / ".config/dreamscape"
    config.mkdir(parents=True)
    own = '[[models]]\nname = "{}"\nprovider = "web"\nsite = "chatgpt"\n{}'
    (config / "models.toml").write_text(own.format("bare", "") + own.format("told", "prompt_tokens = 500\n"))

    embedded, bare, told = (dreamscape_here("models", "show", name).stdout for name in ("embedded", "bare", "told"))

    assert "for repair, 3 attempts" in embedded
    assert "for repair and ask, prompts up to 123904 tokens (assumed: see context_tokens), 3 attempts" in bare
    assert "for repair and ask, prompts up to 500 tokens, 3 attempts" in told
    assert "here           no repair was asked of it" in bare


def test_what_was_learned_can_be_moved_and_forgotten(
    dreamscape_here: Dreamscape, memory: Store, tmp_path: Path
) -> None:
    before, out = memory.attempts(), tmp_path / "learned.json"
    exported = dreamscape_here("models", "learn", "--export", "--output", str(out))
    again = said(dreamscape_here, "learn", "--import", str(out))
    forgotten = said(dreamscape_here, "learn", "--reset")
    nothing = memory.attempts()
    back = said(dreamscape_here, "learn", "--import", str(out))

    assert exported.returncode == 0, exported.stderr
    assert (again["attempts"], forgotten["attempts"], nothing, back["attempts"]) == (0, 2, (), 2)
    assert memory.attempts() == before
    out.write_text('{"schema": "other", "attempts": []}')
    assert dreamscape_here("models", "learn", "--import", str(out)).returncode == 2
    assert dreamscape_here("models", "learn").returncode == 2
    assert dreamscape_here("models", "learn", "--import", str(tmp_path / "nowhere")).returncode == 2
