"""Habits of real chat pages that a client must stand: how they draw, log in, limit, pace and break off."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from chat_site import ChatSite, served
from conversing import converse

from dreamscape.client.page import ChatPage
from dreamscape.client.sites import SiteProfile, load_site
from dreamscape.client.tabs import Browser
from dreamscape.domain import errors

ANSWER = (
    "Look:\n\n```python\ndef f(x):\n\treturn x  \n```\n\n"
    "| a | b |\n|---|---|\n| 1 | **2** \U0001f600 |\n\n<b>&amp;</b>\n"
)


def ask(tabs: Browser, site: ChatSite, folder: Path, prompt: str, path: str = "", answer_s: float = 60) -> str:
    (folder / "own.toml").write_text(site.profile)
    profile = replace(load_site("own", (folder,)), answer_s=answer_s)
    return converse(tabs, profile, site.address + path, prompt)


@pytest.mark.parametrize(
    "ways", [{"frames"}, {"rekeyed", "virtual"}, {"late-send"}, {"frames", "rekeyed"}, {"copy-beside"}]
)
def test_answers_are_exact_however_the_page_draws(tabs: Browser, tmp_path: Path, ways: set[str]) -> None:
    with served(ChatSite(ways=frozenset(ways), tokens_per_second=200)) as site:
        site.answer = lambda prompt, model: ANSWER

        assert ask(tabs, site, tmp_path, "hello") == ANSWER


def test_answers_are_exact_where_markdown_is_drawn_and_code_highlighted(
    tabs: Browser, tmp_path: Path, modules: Path
) -> None:
    with served(ChatSite("prosemirror", ways=frozenset({"markdown", "frames"}), modules=modules)) as site:
        site.answer = lambda prompt, model: ANSWER

        (tmp_path / "own.toml").write_text(site.profile)
        page = ChatPage(tab := tabs.open_tab(), load_site("own", (tmp_path,)))

        assert page.converse(page.enter(site.address, "hello"), lambda length: None) == ANSWER
        assert tab.call("() => document.querySelectorAll('.hljs-keyword, td strong').length + ''") == "3"
        tab.close()


def without_copy(site: ChatSite, folder: Path) -> SiteProfile:
    (folder / "own.toml").write_text(site.profile)
    return replace(load_site("own", (folder,)), copy=(), finished=(".done",))


def test_without_a_copy_button_an_answer_in_plain_text_is_exact(tabs: Browser, tmp_path: Path) -> None:
    plain = "One  line\n\n\n\tand <another>\u00a0 \n"
    with served(ChatSite(ways=frozenset({"no-copy"}))) as site:
        site.answer = lambda prompt, model: plain

        assert converse(tabs, without_copy(site, tmp_path), site.address, "hello") == plain


@pytest.mark.parametrize(
    ("said", "read"),
    [
        (
            "Look **here**:\n\n```python\ndef f(x):\n\treturn x  \n\n\n```\n\nUse `f`.\n",
            "Look here:\n\n```python\ndef f(x):\n\treturn x  \n\n\n```\n\nUse `f`.",
        ),
        ("````md\n```\nin it\n```\n````\n", "````md\n```\nin it\n```\n````"),
        ("- one\n- two\n\n```sh\n    ls\n```\n", "one\n\ntwo\n\n```sh\n    ls\n```"),
    ],
)
def test_without_a_copy_button_code_is_exact_and_the_rest_is_what_is_shown(
    tabs: Browser, tmp_path: Path, modules: Path, said: str, read: str
) -> None:
    with served(ChatSite(ways=frozenset({"markdown", "no-copy"}), modules=modules)) as site:
        site.answer = lambda prompt, model: said

        assert converse(tabs, without_copy(site, tmp_path), site.address, "hello") == read


def test_without_a_copy_button_a_frameworks_own_elements_and_marks_are_no_part_of_an_answer(
    tabs: Browser, tmp_path: Path
) -> None:
    with served(ChatSite(ways=frozenset({"framework", "no-copy"}))) as site:
        site.answer = lambda prompt, model: "Look:\n```\nif x:\n\ty()\n```"

        assert (
            converse(tabs, without_copy(site, tmp_path), site.address, "hello") == "Look:\n\n\n```\nif x:\n\ty()\n```"
        )


def test_the_site_tells_when_a_prompt_came_and_its_last_token_was_sent_and_drawn(tabs: Browser, tmp_path: Path) -> None:
    with served(ChatSite(ways=frozenset({"reporting"}), tokens_per_second=50)) as site:
        site.answer = lambda prompt, model: "one " * 20

        ask(tabs, site, tmp_path, "hello")

    streamed, drawn = (times["hello"] - site.arrived_at["hello"] for times in (site.finished_at, site.drawn_at))
    assert streamed >= 0.4
    assert drawn >= 0.4


def test_a_page_that_does_nothing_when_its_send_button_is_pressed_is_told_soon(
    tabs: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dreamscape.client.page.REACT_S", 0.5)
    with (
        served(ChatSite(ways=frozenset({"deaf"}))) as site,
        pytest.raises(errors.SiteChanged, match="nothing happened"),
    ):
        ask(tabs, site, tmp_path, "hello", answer_s=5)

    assert site.prompts == []


def test_an_answer_that_stalls_is_given_up(tabs: Browser, tmp_path: Path) -> None:
    with served(ChatSite(fault="stall")) as site, pytest.raises(errors.AnswerUnfinished):
        ask(tabs, site, tmp_path, "hello", answer_s=0.1)


def test_a_session_that_the_site_ends_or_whose_cookie_lapses_is_told_before_anything_is_sent(
    tabs: Browser, tmp_path: Path
) -> None:
    with served(ChatSite(wants_login=True)) as site:
        ask(tabs, site, tmp_path, "first", "enter")
        site.sessions.clear()
        with pytest.raises(errors.SessionExpired):
            ask(tabs, site, tmp_path, "second")
        site.login_s = 0
        with pytest.raises(errors.SessionExpired):
            ask(tabs, site, tmp_path, "third", "enter")

    assert site.prompts == ["first"]


def test_a_limit_is_told_by_the_page_that_hits_it_and_by_all_after_it(tabs: Browser, tmp_path: Path) -> None:
    with served(ChatSite(limit=1)) as site:
        ask(tabs, site, tmp_path, "first")
        with pytest.raises(errors.RateLimited):
            ask(tabs, site, tmp_path, "second")

    assert site.prompts == ["first"]


def test_a_challenge_before_the_page_is_told(tabs: Browser, tmp_path: Path) -> None:
    with served(ChatSite(fault="challenge")) as site, pytest.raises(errors.ChallengeShown):
        ask(tabs, site, tmp_path, "hello")

    assert site.prompts == []


def test_an_address_with_a_fragment_opens_a_new_conversation_in_a_used_tab(tabs: Browser, tmp_path: Path) -> None:
    with served(ChatSite()) as site:
        (tmp_path / "own.toml").write_text(site.profile)
        page = ChatPage(tab := tabs.open_tab(), load_site("own", (tmp_path,)))
        for prompt in ("first", "second"):
            page.converse(page.enter(f"{site.address}#chat", prompt), lambda length: None)

        assert tab.call("() => document.querySelectorAll('.assistant').length + ''") == "1"
        tab.close()
