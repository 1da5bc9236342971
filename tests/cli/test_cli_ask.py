"""``ask`` as people and scripts use it: a real browser, a chat page of ours, and nothing that should stay leaves."""

from __future__ import annotations

import io
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from chat_site import ChatSite, served
from dreamscape_process import Dreamscape
from required import missing

BUDGET = "[budget]\ncalls_per_day = 3\n"


@pytest.fixture
def site(home: Path) -> Iterator[ChatSite]:
    """A site with a profile in the user's configuration, and a budget."""
    if not shutil.which("chromedriver"):
        missing("browser", "there is no Chromium with its driver on this machine")
    folder = home / ".config" / "dreamscape" / "sites"
    folder.mkdir(parents=True)
    (folder.parent / "config.toml").write_text(BUDGET)
    with served(ChatSite()) as site:
        (folder / "own.toml").write_text(site.profile)
        yield site


@pytest.fixture
def asked(dreamscape_here: Dreamscape, home: Path, monkeypatch: pytest.MonkeyPatch) -> Dreamscape:
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    return dreamscape_here


def test_secrets_stay_here_and_the_answer_comes_whole(
    asked: Dreamscape, site: ChatSite, home: Path, project: Path
) -> None:
    canaries = ["canary-1f9e", "my own word", "sk-" + "Zq8" * 9, "hunter-77"]
    (project / ".env").write_text(f"SHOP={canaries[0]}-shop\n")
    (home / ".config" / "dreamscape" / "secrets.txt").write_text(f"{canaries[1]}\n")
    prompt = f"a {canaries[0]}-shop b {canaries[1]} c {canaries[2]} d {canaries[3]}\r\n\t\x1b[1m\n"
    (project / "prompt.md").write_bytes(prompt.encode())
    site.answer = lambda prompt, model: f"{model}\r\n{prompt}\n\n"

    ended = asked(
        *("ask", "--site", "own", "--url", f"{site.address}?model=m", "--prompt-file", "prompt.md"),
        *("--output", "answer.md"),
        env={"SHOP_PASSWORD": canaries[3]},
    )

    assert ended.returncode == 0, ended.stderr
    assert (project / "answer.md").read_bytes().decode() == f"m\r\n{prompt.replace(chr(13), '')}\n\n"
    assert len(site.prompts) == 1
    assert not any(canary in site.prompts[0] for canary in canaries)


def test_the_answer_is_written_to_stdout_as_it_is(
    asked: Dreamscape, site: ChatSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO("höre\n".encode())))

    plain = asked("ask", "-", "--site", "own")
    in_json = asked("ask", "hello", "--site", "own", "--json")

    assert plain.stdout == "plain: höre\n"
    told = json.loads(in_json.stdout)
    assert (told["schema"], told["text"], told["model"]) == ("dreamscape.ask/1", "plain: hello", "own")


def test_the_days_calls_are_counted_over_all_projects(
    asked: Dreamscape, site: ChatSite, home: Path, tmp_path: Path
) -> None:
    (home / ".config" / "dreamscape" / "config.toml").write_text("[budget]\ncalls_per_day = 1\n")
    site.fault = "403"
    failed = asked("ask", "hello", "--site", "own")

    spent = asked("ask", "hello", "--site", "own", cwd=tmp_path)

    assert (failed.returncode, spent.returncode, len(site.prompts)) == (3, 4, 1)
    assert "calls made today: 1" in spent.stderr


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        (("ask", "hello"), 2, "--site"),
        (("ask", "--site", "own"), 2, "one prompt is needed"),
        (("ask", "hello", "--site", "own", "--prompt-file", "x"), 2, "one prompt is needed"),
        (("ask", "--site", "own", "--prompt-file", "gone.md"), 2, "gone.md cannot be read"),
        (("ask", "hello", "--site", "nowhere"), 2, "there is no site 'nowhere'"),
        (("ask", "hello", "--site", "own", "--url", "https://chat.example/"), 2, "is not an address of own"),
        (("ask", "", "--site", "own"), 3, "the prompt is empty"),
    ],
)
def test_what_cannot_be_asked_is_told(
    asked: Dreamscape, site: ChatSite, args: tuple[str, ...], code: int, words: str
) -> None:
    ended = asked(*args)

    assert (ended.returncode, ended.stdout, site.prompts) == (code, "", [])
    assert words in ended.stderr


@pytest.mark.parametrize("budget", ["", "[budget]\ncalls_per_day = 0\n"])
def test_nothing_is_asked_without_a_budget_and_a_project_cannot_give_one(
    asked: Dreamscape, site: ChatSite, home: Path, project: Path, budget: str
) -> None:
    (home / ".config" / "dreamscape" / "config.toml").write_text(budget)

    without = asked("ask", "hello", "--site", "own")
    (project / "dreamscape.toml").write_text(BUDGET)
    raised = asked("ask", "hello", "--site", "own")

    assert (without.returncode, raised.returncode, site.prompts) == (4, 2, [])


def test_a_project_brings_no_site(asked: Dreamscape, project: Path) -> None:
    for folder in (project / "sites", project / "config" / "sites", project / ".dreamscape" / "sites"):
        folder.mkdir(parents=True)
        (folder / "evil.toml").write_text('url = "http://127.0.0.1:1/"\n')

    ended = asked("ask", "hello", "--site", "evil")

    assert (ended.returncode, "there is no site" in ended.stderr) == (2, True)


def test_a_prompt_that_is_no_utf_8_is_told(asked: Dreamscape, site: ChatSite) -> None:
    ended = asked("ask", "--site", "own", os.fsdecode(b"a\xffb"))

    assert ended.returncode == 2
    assert "not UTF-8 (byte 1)" in ended.stderr
    assert site.prompts == []
