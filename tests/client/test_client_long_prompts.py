"""A prompt too long for a site is refused, split or attached by the profile's rule, and never cut."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest
from chat_site import ChatSite, served
from conversing import converse
from hypothesis import given
from hypothesis import strategies as st

from dreamscape.client.long_prompts import ABOUT_ATTACHMENT, HEADER, split
from dreamscape.client.sites import load_site
from dreamscape.client.tabs import Browser
from dreamscape.domain.errors import PromptRefused, SiteChanged, UsageError

LONG = "line one\n\ttwo \n\n" * 60


@given(prompt=st.text(min_size=1), most=st.integers(len(HEADER) + 20, 400))
def test_parts_put_together_are_the_prompt_and_none_is_too_long(prompt: str, most: int) -> None:
    parts = split(prompt, most)

    assert "".join(part.partition("]\n\n")[2] for part in parts) == prompt
    assert max(map(len, parts)) <= most
    assert [f"Part {at} of {len(parts)}" in part for at, part in enumerate(parts, start=1)] == [True] * len(parts)


def test_parts_end_with_lines_where_there_are_any() -> None:
    assert all(part.endswith("\n") for part in split(LONG, len(HEADER) + 100))


def test_a_site_that_takes_less_than_a_header_gets_nothing() -> None:
    with pytest.raises(ValueError, match="no room"):
        split(LONG, 20)


def asked(tabs: Browser, site: ChatSite, folder: Path, prompt: str, rule: Literal["refuse", "split", "attach"]) -> str:
    (folder / "own.toml").write_text(site.profile)
    profile = replace(load_site("own", (folder,)), longest_prompt=400, too_long=rule)
    return converse(tabs, profile, site.address, prompt)


def test_it_is_split_into_messages_of_one_conversation_and_the_last_answer_counts(
    tabs: Browser, tmp_path: Path
) -> None:
    with served(ChatSite()) as site:
        answer = asked(tabs, site, tmp_path, LONG, "split")

    assert len(site.prompts) > 2
    assert "".join(prompt.partition("]\n\n")[2] for prompt in site.prompts) == LONG
    assert answer == f"plain: {site.prompts[-1]}"


def test_it_is_attached_byte_for_byte(tabs: Browser, tmp_path: Path) -> None:
    prompt = LONG + "\r\nlast\r\n"
    with served(ChatSite()) as site:
        assert asked(tabs, site, tmp_path, prompt, "attach") == f"plain: {ABOUT_ATTACHMENT}"

    assert site.attached == [prompt]


def test_it_is_refused_before_anything_is_sent(tabs: Browser, tmp_path: Path) -> None:
    with served(ChatSite()) as site, pytest.raises(PromptRefused, match="takes 400"):
        asked(tabs, site, tmp_path, LONG, "refuse")

    assert site.prompts == []


def test_a_site_that_takes_no_file_is_told(tabs: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dreamscape.client.page.REACT_S", 0.5)
    with served(ChatSite()) as site:
        (tmp_path / "own.toml").write_text(site.profile)
        profile = replace(load_site("own", (tmp_path,)), longest_prompt=9, too_long="attach", attached=("#none",))
        with pytest.raises(SiteChanged, match="as a file"):
            converse(tabs, profile, site.address, LONG)

    assert site.prompts == []


def test_a_profile_that_attaches_must_say_how(tmp_path: Path) -> None:
    keys = ("box", "send", "answer", "copy")
    (tmp_path / "own.toml").write_text(
        'url = "http://a.example"\ntoo_long = "attach"\n' + "".join(f'{key} = ["#{key}"]\n' for key in keys)
    )

    with pytest.raises(UsageError, match="file_input"):
        load_site("own", (tmp_path,))
