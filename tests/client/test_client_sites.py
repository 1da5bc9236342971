"""What a profile of a chat site may say, and who may say it."""

from __future__ import annotations

import re
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from dreamscape.client.sites import load_site
from dreamscape.domain.errors import UsageError
from dreamscape.settings import shipped_file

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

SHIPPED = shipped_file("sites")

TEN_LINES = """
url = "https://chat.example/new"
box = ["#prompt"]
send = ["#send"]
answer = [".answer"]
copy = [".copy"]
"""


def written(folder: Path, content: str, name: str = "own") -> Path:
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.toml").write_text(content)
    return folder


@pytest.mark.parametrize("name", sorted(path.stem for path in SHIPPED.glob("*.toml")))
def test_every_shipped_profile_can_be_read_and_tells_what_it_rests_on(name: str) -> None:
    site = load_site(name, (SHIPPED,))
    words = (SHIPPED / f"{name}.toml").read_text().partition("version")[0]

    assert re.fullmatch(r"20\d\d-\d\d-\d\d", site.evidence)
    assert bool(re.search(r"Run against \w+ \d", words)) is site.verified


def test_browsers_understand_every_selector_of_a_shipped_profile(browser: Chrome) -> None:
    sites = [load_site(path.stem, (SHIPPED,)) for path in SHIPPED.glob("*.toml")]
    lists = [value for site in sites for value in asdict(site).values() if isinstance(value, tuple)]
    selectors = sorted({selector for selectors in lists for selector in selectors})
    misread = """return arguments[0].filter((selector) => {
        try { document.querySelector(selector); } catch { return true; } })"""

    assert len(selectors) > 50
    assert browser.execute_script(misread, selectors) == []


def test_a_new_site_needs_five_lines(tmp_path: Path) -> None:
    site = load_site("own", (SHIPPED, written(tmp_path, TEN_LINES)))

    assert (site.name, site.box, site.finished, site.verified) == ("own", ("#prompt",), (), False)


def test_the_users_file_replaces_single_keys_of_a_shipped_profile(tmp_path: Path) -> None:
    shipped = load_site("chatgpt", (SHIPPED,))

    site = load_site("chatgpt", (SHIPPED, written(tmp_path, 'send = ["#new"]', "chatgpt")))

    assert site.send == ("#new",)
    assert (site.box, site.url) == (shipped.box, shipped.url)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('sent = ["#x"]', "no key 'sent'"),
        ('busy = "#x"', "busy"),
        ("box = []", "box names no selector"),
        ("copy = []", "lacks finished or copy"),
        ('version = "two"', "version"),
        ("answer_s = [", "not valid TOML"),
        ('url = "file:///etc/passwd"', "no address of a web page"),
    ],
)
def test_what_does_not_fit_is_told_with_its_file(tmp_path: Path, line: str, words: str) -> None:
    key = line.partition(" ")[0]
    content = "\n".join(kept for kept in TEN_LINES.splitlines() if not kept.startswith(f"{key} ")) + f"\n{line}\n"

    with pytest.raises(UsageError, match=words) as caught:
        load_site("own", (written(tmp_path, content),))

    assert "own.toml" in caught.value.message


def test_the_nearest_key_and_the_nearest_site_are_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as key:
        load_site("own", (written(tmp_path, 'copi = ["#x"]'),))
    with pytest.raises(UsageError) as name:
        load_site("chatgtp", (SHIPPED, tmp_path))

    assert "'copy'" in key.value.hint
    assert "'chatgpt'" in name.value.hint


@pytest.mark.parametrize("name", ["../own", "/etc/hosts", ""])
def test_a_name_leads_nowhere_else(tmp_path: Path, name: str) -> None:
    written(tmp_path, TEN_LINES)

    with pytest.raises(UsageError, match="there is no site"):
        load_site(name, (written(tmp_path / "sites", TEN_LINES),))


@pytest.mark.parametrize(
    ("url", "is_its"),
    [
        ("https://chat.example/other?model=x", True),
        ("https://chat.example:444/new", False),
        ("http://chat.example/new", False),
        ("https://chat.example.evil/new", False),
        ("https://me@chat.example/new", False),
    ],
)
def test_an_address_belongs_to_one_site(tmp_path: Path, url: str, *, is_its: bool) -> None:
    assert load_site("own", (written(tmp_path, TEN_LINES),)).has(url) is is_its


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('too_long = "bogus"', "refuse, split or attach"),
        ('driver = "foo"', "chrome or undetected"),
        ("at_once = -1", "a number from 0 on"),
        ("prompts_per_minute = inf", "a number from 0 on"),
        ("answer_s = nan", "a number from 0 on"),
        ("longest_prompt = -5", "a number from 0 on"),
    ],
)
def test_what_does_not_fit_is_told_with_what_does(tmp_path: Path, line: str, words: str) -> None:
    folder = written(tmp_path / "sites", TEN_LINES + line)

    with pytest.raises(UsageError, match=words):
        load_site("own", (folder,))
