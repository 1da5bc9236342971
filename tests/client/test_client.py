"""The one door to every model."""

import os
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from api_site import STREAM, ApiSite, Reply, chunk, data, refusal, served

from dreamscape.client import OpenAIClient
from dreamscape.client.calls import Ledger
from dreamscape.client.outside import Outside
from dreamscape.client.sites import SiteBook
from dreamscape.client.web import WebSites
from dreamscape.domain.errors import AnswerUnfinished, BudgetSpent, CannotGoOn, RateLimited, TimeSpent, UsageError
from dreamscape.domain.models import ModelCard, Prompt
from dreamscape.domain.settings import BudgetSettings, ClientSettings

PROMPT = Prompt("Repair this.", "f00d", 2)
NOW = datetime(2026, 11, 26, tzinfo=UTC)


@pytest.fixture
def client(tmp_path: Path) -> OpenAIClient:
    """Without a budget."""
    (tmp_path / "chat.toml").write_text(
        'url = "https://chat.example/"\nbox = ["#box"]\nsend = ["#send"]\nanswer = [".answer"]\ncopy = [".copy"]\n'
    )
    folder = tmp_path / "sessions"
    outside = Outside(Ledger(lambda: folder, BudgetSettings(), lambda: NOW), frozenset)
    return OpenAIClient(outside, lambda: WebSites(folder, ClientSettings()), SiteBook((tmp_path,)))


def test_a_recorded_answer_comes_back_byte_for_byte(client: OpenAIClient, tmp_path: Path) -> None:
    text = "first\r\n\tsecond  \n\n\U0001f600\n"
    (tmp_path / "f00d-tape-2.md").write_bytes(text.encode())

    answer = client.submit_prompt(PROMPT, ModelCard("tape", "recorded", recording=str(tmp_path)))

    assert (answer.text, answer.model, answer.finished) == (text, "tape", True)


def test_what_was_not_recorded_is_said(client: OpenAIClient, tmp_path: Path) -> None:
    with pytest.raises(CannotGoOn, match=r"f00d-tape-2\.md"):
        client.submit_prompt(PROMPT, ModelCard("tape", "recorded", recording=str(tmp_path)))


def test_a_provider_that_answers_no_prompts_is_said(client: OpenAIClient) -> None:
    with pytest.raises(UsageError, match="answers no prompts"):
        client.submit_prompt(PROMPT, ModelCard("embedded", "embedded"))


def test_no_outside_model_is_asked_without_a_budget(client: OpenAIClient, tmp_path: Path) -> None:
    for card in (ModelCard("chat", "web", site="chat"), ModelCard("m", "api", url="http://127.0.0.1:9/v1")):
        with pytest.raises(BudgetSpent, match="without a budget"):
            client.submit_prompt(PROMPT, card)

    assert not (tmp_path / "sessions").exists()


def test_a_model_is_asked_about_no_more_at_a_time_than_its_card_allows(client: OpenAIClient, tmp_path: Path) -> None:
    card = ModelCard("tape", "recorded", recording=str(tmp_path), concurrency=1)
    os.mkfifo(tmp_path / "f00d-tape-1.md")
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(client.submit_prompt, Prompt("?", "f00d", 1), card)
        with (tmp_path / "f00d-tape-1.md").open("w") as answer:  # opened once the first is being answered
            with pytest.raises(TimeSpent):
                client.submit_prompt(Prompt("?", "f00d", 1), card, deadline=time.monotonic())
            answer.write("said")

        assert first.result().text == "said"
    assert client.at_once(replace(card, provider="api", concurrency=3)) == 3
    assert client.at_once(replace(card, provider="api", concurrency=99)) == 4


def test_a_question_has_the_same_name_in_every_run_and_with_every_secret(tmp_path: Path) -> None:
    def name(text: str, *secrets: str) -> str:
        outside = Outside(Ledger(lambda: tmp_path, BudgetSettings(), lambda: NOW), lambda: frozenset(secrets))
        return outside.name_of(Prompt(text, "f00d", 1))

    assert name("<a at 0x7f1234567890> has hunter2", "hunter2") == name("<a at 0x55aaaaaaaaaa> has s3cret9", "s3cret9")
    assert name("1 == 0x2") != name("1 == 0x3")


def test_an_endpoint_that_says_when_to_come_again_is_left_alone_until_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = Ledger(lambda: tmp_path, BudgetSettings(calls_per_day=2), lambda: NOW)
    client = OpenAIClient(Outside(ledger, frozenset), lambda: WebSites(tmp_path, ClientSettings()), SiteBook(()))
    with served(ApiSite()) as site:
        card = ModelCard("m", "api", url=site.address)
        site.replies = [refusal(429, Retry_After="3600")]
        for _ in range(3):
            with pytest.raises(RateLimited):
                client.submit_prompt(PROMPT, card)
        assert len(site.asked) == 1
        assert ledger.spent_today().calls == 0

        site.replies = ()
        later = time.monotonic() + 3600
        monkeypatch.setattr("dreamscape.client.client.time.monotonic", lambda: later)
        assert client.submit_prompt(PROMPT, card).text


def test_an_answer_that_breaks_off_meanwhile_ends_no_rest_of_its_endpoint(tmp_path: Path) -> None:
    ledger = Ledger(lambda: tmp_path, BudgetSettings(calls_per_day=9), lambda: NOW)
    client = OpenAIClient(Outside(ledger, frozenset), lambda: WebSites(tmp_path, ClientSettings()), SiteBook(()))
    slow = Reply(headers={"Content-Type": STREAM}, pieces=[data(chunk("be")), b""], pause_s=1.0)
    with served(ApiSite(replies=[slow, refusal(429, Retry_After="3600")])) as site, ThreadPoolExecutor(1) as pool:
        card = ModelCard("m", "api", url=site.address)
        broken = pool.submit(client.submit_prompt, PROMPT, card)
        while not site.asked:
            time.sleep(0.01)
        with pytest.raises(RateLimited):
            client.submit_prompt(PROMPT, card)
        assert isinstance(broken.exception(), AnswerUnfinished)

        with pytest.raises(RateLimited):
            client.submit_prompt(PROMPT, card)
        assert len(site.asked) == 2
