"""What all prompts that leave this machine have in common."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dreamscape.client.calls import Ledger
from dreamscape.client.outside import Outside
from dreamscape.domain.errors import (
    AnswerUnfinished,
    BrowserGone,
    BudgetSpent,
    NoAnswer,
    PromptRefused,
    RateLimited,
    SiteUnreachable,
)
from dreamscape.domain.models import Answer, ModelCard, Prompt
from dreamscape.domain.settings import BudgetSettings
from dreamscape.domain.spending import SPENDING

CARD = ModelCard("m", "api", usd_per_million_in=3.0, usd_per_million_out=10.0)
WORD = Prompt("word", "", 1)


def outside(folder: Path, **budget: float) -> Outside:
    allowed = BudgetSettings(**(budget or {"usd_per_day": 1.0}))  # type: ignore[arg-type]
    return Outside(
        Ledger(lambda: folder, allowed, lambda: datetime(2026, 11, 26, tzinfo=UTC)), lambda: frozenset({"canary"})
    )


def spent(folder: Path) -> tuple[int, float]:
    calls, _, usd = json.loads((folder / "calls.json").read_text())["2026-11-26"]
    return calls, round(usd, 9)


def test_secrets_stay_here_and_are_put_back_into_the_answer(tmp_path: Path) -> None:
    seen: list[str] = []

    def send(text: str) -> Answer:
        seen.append(text)
        return Answer(f"I read: {text}", "m")

    answer = outside(tmp_path).ask(Prompt("canary and its-key", "", 1), CARD, send, frozenset({"its-key"}))

    assert answer.text == "I read: canary and its-key"
    assert "canary" not in seen[0] and "its-key" not in seen[0]


def test_tokens_that_are_told_count_and_others_are_estimated(tmp_path: Path) -> None:
    told = outside(tmp_path).ask(WORD, CARD, lambda text: Answer("yes", "m", tokens_in=1000, tokens_out=100))
    guessed = outside(tmp_path).ask(WORD, CARD, lambda text: Answer("höh", "m"))

    assert (told.tokens_in, told.tokens_out, told.cost_usd) == (1000, 100, 0.004)
    assert (guessed.tokens_in, guessed.tokens_out) == (2, 2)
    assert spent(tmp_path) == (2, 0.004026)


def test_nothing_is_sent_that_the_budget_may_not_pay(tmp_path: Path) -> None:
    def send(text: str) -> Answer:
        raise AssertionError

    with pytest.raises(BudgetSpent):
        outside(tmp_path, usd_per_day=0.01).ask(WORD, CARD, send)


def test_who_is_asked_is_told_once_the_budget_allows_it_and_before_the_prompt_leaves(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def send(text: str) -> Answer:
        assert [(record.levelno, record.message) for record in caplog.records] == [
            (SPENDING, "  a.py: asking m (at most 0.0410 USD): it is wanted")
        ]
        return Answer("yes", "m")

    asked = replace(WORD, why="it is wanted", about="  a.py: ")
    with caplog.at_level("INFO", "dreamscape"):
        for refused, usd in ((asked, 0.01), (replace(asked, text=" "), 1.0)):
            with pytest.raises((BudgetSpent, PromptRefused)):
                outside(tmp_path, usd_per_day=usd).ask(refused, CARD, send)
        assert caplog.records == [], "nobody was asked"

        outside(tmp_path).ask(asked, CARD, send)


def test_an_empty_prompt_is_no_question(tmp_path: Path) -> None:
    with pytest.raises(PromptRefused, match="empty"):
        outside(tmp_path).ask(Prompt(" \n", "", 1), CARD, lambda text: Answer("", "m"))

    assert not (tmp_path / "calls.json").exists()


def unsent(error: NoAnswer) -> NoAnswer:
    error.is_unsent = True
    return error


@pytest.mark.parametrize(
    ("error", "left"),
    [
        (PromptRefused("no"), (0, 0.0)),
        (RateLimited("no"), (0, 0.0)),
        (SiteUnreachable("no"), (0, 0.0)),
        (unsent(BrowserGone("no")), (0, 0.0)),
        (BrowserGone("no"), (1, round(CARD.answer_tokens * 1e-5 + 6e-6, 9))),
        (AnswerUnfinished("no"), (1, round(CARD.answer_tokens * 1e-5 + 6e-6, 9))),
    ],
)
def test_a_call_that_was_certainly_not_made_is_given_back_and_no_other(
    tmp_path: Path, error: Exception, left: tuple[int, float]
) -> None:
    def send(text: str) -> Answer:
        raise error

    with pytest.raises(type(error)):
        outside(tmp_path).ask(WORD, CARD, send)

    assert spent(tmp_path) == left


def test_a_prompt_that_is_too_long_for_the_model_is_not_sent(tmp_path: Path) -> None:
    card = replace(CARD, context_tokens=9000, bytes_per_token=2.0)

    with pytest.raises(PromptRefused, match="about 4905 tokens, and m takes 4904"):
        outside(tmp_path).ask(Prompt("x" * 9809, "", 1), card, lambda text: Answer("", "m"))

    assert not (tmp_path / "calls.json").exists()


def test_a_model_rests_once_it_was_asked_as_often_in_an_hour_as_its_card_allows(tmp_path: Path) -> None:
    card = replace(CARD, calls_per_hour=2)
    asked = outside(tmp_path)
    for _ in range(2):
        asked.ask(WORD, card, lambda text: Answer("yes", "m"))

    with pytest.raises(RateLimited, match="2 times this hour"):
        asked.ask(WORD, card, lambda text: Answer("yes", "m"))
    asked.ask(WORD, replace(card, name="other"), lambda text: Answer("yes", "other"))
