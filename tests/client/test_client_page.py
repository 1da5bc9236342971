"""A prompt through a real Chromium to a chat page of ours and back: every byte, and every way it goes wrong."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from chat_site import ChatSite, served
from conversing import converse, profile_of

from dreamscape.client.tabs import Browser
from dreamscape.domain import errors

NASTY = (
    "\n first\n\n\n\tindented\twith tabs  \n  blanks at the end  \n\U0001f600 \u202eright to left\u202c a\u00a0b\u200b"
    "\n<b>&amp;</b> <script>alert(1)</script>\n````md\n```python\nx = 1\n```\n````\n\n"
)


@pytest.fixture
def site() -> Iterator[ChatSite]:
    with served(ChatSite()) as site:
        yield site


def ask(tabs: Browser, site: ChatSite, folder: Path, prompt: str, model: str = "plain") -> str:
    return converse(tabs, profile_of(site, folder), f"{site.address}?model={model}", prompt)


@pytest.mark.parametrize("kind", ["textarea", "editable", "prosemirror", "quill"])
def test_prompts_and_answers_of_any_kind_of_box_are_exact(
    tabs: Browser, tmp_path: Path, kind: str, request: pytest.FixtureRequest
) -> None:
    modules = request.getfixturevalue("modules") if kind in ("prosemirror", "quill") else None
    longest = 10_000 if kind == "quill" else 100_000  # Quill takes its time over each line
    prompts = ["hello", NASTY, (NASTY * 500)[:longest]]
    with served(ChatSite(kind, modules=modules)) as site:
        site.answer = lambda prompt, model: f"\t{NASTY}\r\n{model}:{prompt}\r\n"

        answers = [ask(tabs, site, tmp_path, prompt, "m-1") for prompt in prompts]

    assert site.prompts == prompts
    assert answers == [f"\t{NASTY}\r\nm-1:{prompt}\r\n" for prompt in prompts]


def test_quill_takes_a_prompt_by_the_way_it_is_made_for(
    tabs: Browser, tmp_path: Path, modules: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("DEBUG", "dreamscape.client.page"), served(ChatSite("quill", modules=modules)) as site:
        ask(tabs, site, tmp_path, NASTY)

    assert "prompt entered by paste" in caplog.messages


def test_carriage_returns_which_no_box_can_hold_arrive_as_line_feeds(
    tabs: Browser, site: ChatSite, tmp_path: Path
) -> None:
    ask(tabs, site, tmp_path, "one\r\ntwo\rthree\n")

    assert site.prompts == ["one\ntwo\nthree\n"]


@pytest.mark.parametrize(
    ("fault", "error", "words"),
    [
        ("401", errors.SessionExpired, "not logged in"),
        ("403", errors.ChallengeShown, "person"),
        ("429", errors.RateLimited, "no more prompts"),
        ("drop", errors.AnswerUnfinished, "broke off"),
    ],
)
def test_what_the_site_shows_instead_of_an_answer_is_told(
    tabs: Browser, site: ChatSite, tmp_path: Path, fault: str, error: type[errors.NoAnswer], words: str
) -> None:
    site.fault = fault

    with pytest.raises(error, match=words):
        ask(tabs, site, tmp_path, "hello")

    assert site.prompts == ["hello"]


def test_an_answer_that_stops_without_a_word_is_not_taken_for_whole(
    tabs: Browser, site: ChatSite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dreamscape.client.page.IDLE_S", 0.5)
    site.fault = "drop"

    with pytest.raises(errors.AnswerUnfinished):
        ask(tabs, site, tmp_path, "hello", "mute")


def test_an_alert_in_the_middle_is_put_away(tabs: Browser, site: ChatSite, tmp_path: Path) -> None:
    site.fault = "alert"

    assert ask(tabs, site, tmp_path, "hello") == "plain: hello"


def test_an_answer_that_takes_too_long_is_given_up(tabs: Browser, site: ChatSite, tmp_path: Path) -> None:
    site.fault = "wait"
    impatient = replace(profile_of(site, tmp_path), answer_s=0.1)

    with pytest.raises(errors.AnswerUnfinished, match="not finished after"):
        converse(tabs, impatient, site.address, "hello")


def test_whoever_is_not_logged_in_is_told_before_anything_is_sent(
    tabs: Browser, site: ChatSite, tmp_path: Path
) -> None:
    site.wants_login = True

    with pytest.raises(errors.SessionExpired):
        ask(tabs, site, tmp_path, "hello")

    assert site.prompts == []


@pytest.mark.parametrize("prompt", ["", " \n", "x" * 101])
def test_a_prompt_that_cannot_be_sent_whole_is_not_sent(
    tabs: Browser, site: ChatSite, tmp_path: Path, prompt: str
) -> None:
    short = replace(profile_of(site, tmp_path), longest_prompt=100)

    with pytest.raises(errors.PromptRefused):
        converse(tabs, short, site.address, prompt)

    assert site.prompts == []


@pytest.mark.parametrize(("key", "sent"), [("box", False), ("send", False), ("copy", True)])
def test_a_page_that_changed_is_told_with_the_key_of_its_profile(
    tabs: Browser, site: ChatSite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str, *, sent: bool
) -> None:
    for name in ("BOX_S", "REACT_S"):
        monkeypatch.setattr(f"dreamscape.client.page.{name}", 0.5)
    changed = replace(profile_of(site, tmp_path), finished=(".copy",), **{key: ("#gone",)})

    with pytest.raises(errors.SiteChanged) as caught:
        converse(tabs, changed, site.address, "hello")

    assert f"'{key}'" in caught.value.hint
    assert bool(site.prompts) is sent


def test_an_address_nobody_listens_at_is_told(tabs: Browser, site: ChatSite, tmp_path: Path) -> None:
    profile = profile_of(site, tmp_path)
    nobody = "http://127.0.0.1:9/"

    with pytest.raises(errors.SiteUnreachable):
        converse(tabs, replace(profile, url=nobody), nobody, "hello")
