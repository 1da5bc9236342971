"""Answers are kept for a model of provider recorded, and come back as they were."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from api_site import ApiSite, Reply, events, served

from dreamscape.client import OpenAIClient, recorded
from dreamscape.client.calls import Ledger
from dreamscape.client.outside import Outside
from dreamscape.client.sites import SiteProfile
from dreamscape.client.web import WebSites
from dreamscape.domain.errors import CannotGoOn
from dreamscape.domain.models import ModelCard, Prompt
from dreamscape.domain.settings import BudgetSettings

QUESTION = Prompt("what is canary-word for?", "", 1)
REPAIR = Prompt("repair canary-word", "f00d" * 4, 2)


@pytest.fixture
def site() -> Iterator[ApiSite]:
    with served(ApiSite(answer=lambda prompt, model: f"\r\n{prompt}\t\U0001f600")) as running:
        yield running


@pytest.fixture
def client(tmp_path: Path) -> OpenAIClient:
    return client_hiding(tmp_path, "canary-word")


def client_hiding(folder: Path, *secrets: str) -> OpenAIClient:
    def nobody(name: str) -> SiteProfile:
        raise AssertionError(name)

    ledger = Ledger(
        lambda: folder / "data", BudgetSettings(calls_per_day=9999), lambda: datetime(2026, 11, 26, tzinfo=UTC)
    )
    return OpenAIClient(Outside(ledger, lambda: frozenset(secrets)), lambda: WebSites(folder), nobody)


def card(site: ApiSite, folder: Path, name: str = "their/m") -> ModelCard:
    return ModelCard(name, "api", url=site.address, recording=str(folder))


@pytest.mark.parametrize("prompt", [QUESTION, REPAIR])
def test_what_was_answered_once_is_answered_again_without_the_model(
    client: OpenAIClient, site: ApiSite, tmp_path: Path, prompt: Prompt
) -> None:
    asked = card(site, tmp_path / "kept" / "here")
    first = client.submit_prompt(prompt, asked)

    again = client.submit_prompt(prompt, replace(asked, provider="recorded"))

    assert again.text == first.text == f"\r\n{prompt.text}\t\U0001f600"
    assert len(site.asked) == 1


def test_what_is_kept_is_for_the_user_alone_and_holds_no_secret(
    client: OpenAIClient, site: ApiSite, tmp_path: Path
) -> None:
    folder = tmp_path / "kept"
    client.submit_prompt(REPAIR, card(site, folder))

    (kept,) = folder.iterdir()

    assert kept.name == "f00df00df00df00d-their%2Fm-2.md"
    assert (stat.S_IMODE(folder.stat().st_mode), stat.S_IMODE(kept.stat().st_mode)) == (0o700, 0o600)
    assert b"canary" not in kept.read_bytes()


def test_another_question_has_another_recording(client: OpenAIClient, site: ApiSite, tmp_path: Path) -> None:
    asked = card(site, tmp_path / "kept")
    client.submit_prompt(QUESTION, asked)

    with pytest.raises(CannotGoOn, match="nothing is recorded"):
        client.submit_prompt(replace(QUESTION, text="and this?"), replace(asked, provider="recorded"))


def test_an_answer_that_says_a_secret_of_the_prompt_is_kept_without_it_and_comes_back_with_it(
    client: OpenAIClient, site: ApiSite, tmp_path: Path
) -> None:
    site.answer = lambda prompt, model: "canary-word, I guess"
    asked = card(site, tmp_path / "kept")
    client.submit_prompt(QUESTION, asked)

    (kept,) = (tmp_path / "kept").iterdir()

    assert "canary" not in kept.read_text()
    assert client.submit_prompt(QUESTION, replace(asked, provider="recorded")).text == "canary-word, I guess"


def test_an_answer_that_says_another_secret_is_not_kept(
    site: ApiSite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("THE_KEY", "my-own-key")
    site.answer = lambda prompt, model: f"your key is {site.headers[0]['Authorization']}"
    asked = replace(card(site, tmp_path / "kept"), key_env="THE_KEY")

    answer = client_hiding(tmp_path).submit_prompt(QUESTION, asked)

    assert answer.text == "your key is Bearer my-own-key"
    assert not (tmp_path / "kept").exists()


def test_an_answer_that_was_cut_off_is_not_kept(client: OpenAIClient, site: ApiSite, tmp_path: Path) -> None:
    site.replies = [Reply(pieces=[events("half", "length")])]

    client.submit_prompt(QUESTION, card(site, tmp_path / "kept"))

    assert not (tmp_path / "kept").exists()


def test_what_cannot_be_kept_is_answered_all_the_same(
    client: OpenAIClient, site: ApiSite, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "kept").write_text("no folder")

    answer = client.submit_prompt(QUESTION, card(site, tmp_path / "kept"))

    assert answer.text.strip().startswith("what is")
    assert "not recorded" in caplog.text


def test_the_oldest_recordings_of_a_model_go_and_nothing_else(
    client: OpenAIClient, site: ApiSite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorded, "KEPT_ANSWERS", 2)
    for name in ("diary.md", "0123456789abcdef-other-1.md", "0123456789abcdef-m-1.md.txt"):
        (tmp_path / name).write_text("mine")
    before = set(tmp_path.iterdir())
    for attempt in (1, 2, 3):
        client.submit_prompt(replace(REPAIR, attempt=attempt), card(site, tmp_path, "m"))
        os.utime(tmp_path / f"{REPAIR.fingerprint}-m-{attempt}.md", ns=(attempt, attempt))

    left = {path.name for path in set(tmp_path.iterdir()) - before if path.is_file()}

    assert left == {f"{REPAIR.fingerprint}-m-{attempt}.md" for attempt in (2, 3)}


def test_a_folder_below_the_home_may_be_named_by_its_tilde(
    client: OpenAIClient, site: ApiSite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    asked = replace(card(site, tmp_path), recording="~/kept")
    client.submit_prompt(QUESTION, asked)

    assert client.submit_prompt(QUESTION, replace(asked, provider="recorded")).text
    assert (tmp_path / "kept").is_dir()
