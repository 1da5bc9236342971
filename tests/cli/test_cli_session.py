"""``session`` as people use it: is my login good, does the site still look as its profile says, away with it."""

from __future__ import annotations

import json
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest
from chat_site import ChatSite, served
from dreamscape_process import Dreamscape
from required import missing

from dreamscape.client.browser import held


@pytest.fixture
def config(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's configuration, with a budget."""
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    folder = home / ".config" / "dreamscape"
    (folder / "sites").mkdir(parents=True)
    (folder / "config.toml").write_text("[budget]\ncalls_per_day = 3\n")
    return folder


@pytest.fixture
def site(config: Path) -> Iterator[ChatSite]:
    if not shutil.which("chromedriver"):
        missing("browser", "there is no Chromium with its driver on this machine")
    with served(ChatSite()) as site:
        (config / "sites" / "own.toml").write_text(site.profile)
        yield site


def test_of_a_site_that_is_down_a_check_tells_the_trouble_alone(
    dreamscape_here: Dreamscape, site: ChatSite, config: Path
) -> None:
    with served(ChatSite()) as gone:
        (config / "sites" / "gone.toml").write_text(gone.profile.replace("own", "gone"))

    looked = dreamscape_here("session", "check", "--site", "gone")

    assert looked.returncode == 1, looked.stderr
    assert "trouble: " in looked.stdout
    assert "not to be seen" not in looked.stdout


def test_a_check_names_what_is_found_and_a_prompt_shows_the_rest(
    dreamscape_here: Dreamscape, site: ChatSite, config: Path
) -> None:
    card = '[[models]]\nname = "chat"\nprovider = "web"\nsite = "own"\ntier = 1\nenabled = true\n'
    (config / "models.toml").write_text(card)
    (config / "sites" / "own.toml").write_text(f"version = 3\n{site.profile}")
    assert "was not tried on the site itself" in dreamscape_here("doctor").stdout

    looked = dreamscape_here("session", "check", "--site", "own")
    asked = dreamscape_here("session", "check", "--site", "own", "--ask", "--json")

    assert looked.returncode == asked.returncode == 0, looked.stderr + asked.stderr
    assert "box         textarea#box  (alternative 1)" in looked.stdout
    assert "answer      not to be seen now, before a prompt" in looked.stdout
    found = {marker["key"]: marker for marker in json.loads(asked.stdout)["markers"]}
    assert (found["send"]["selector"], found["send"]["place"]) == ("#send", 2)
    assert (found["answer"]["selector"], found["copy"]["selector"]) == (".assistant", ".copy")
    assert len(site.prompts) == 1
    assert "found as its profile says" in dreamscape_here("doctor").stdout
    assert "its profile, version 3, is not yet" in looked.stdout
    again = dreamscape_here("session", "check", "--site", "own").stdout
    assert "found as its profile says" in again
    assert "not yet" not in again


def test_a_page_that_changed_is_told_with_a_picture_for_the_user_alone(
    dreamscape_here: Dreamscape, site: ChatSite, config: Path, home: Path
) -> None:
    (config / "sites" / "own.toml").write_text(site.profile.replace("#send", "#sent"))

    checked = dreamscape_here("session", "check", "--site", "own", "--ask", "--json")

    assert checked.returncode == 1, checked.stderr
    told = json.loads(checked.stdout)
    assert "send button" in told["trouble"]
    (picture,) = (home / ".local/share/dreamscape/sessions/pictures").iterdir()
    assert str(picture) in told["advice"]
    assert stat.S_IMODE(picture.stat().st_mode) == 0o600
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert site.prompts == []


def test_sessions_are_listed_and_closed(dreamscape_here: Dreamscape, site: ChatSite, home: Path) -> None:
    assert "no session" in dreamscape_here("session", "list").stdout
    dreamscape_here("ask", "hello", "--site", "own")

    listed = json.loads(dreamscape_here("session", "list", "--json").stdout)["sessions"]
    closed = dreamscape_here("session", "close", "own")

    assert [(one["session"], one["prompts"]) for one in listed] == [("own", 1)]
    assert closed.returncode == 0, closed.stderr
    assert not (home / ".local/share/dreamscape/sessions/own").exists()
    assert dreamscape_here("session", "close", "own").returncode == 2


def test_a_login_needs_a_display(dreamscape_here: Dreamscape, site: ChatSite) -> None:
    ended = dreamscape_here("session", "login", "--site", "own")

    assert ended.returncode == 3
    assert "no display" in ended.stderr


def test_an_account_is_no_path(dreamscape_here: Dreamscape, config: Path) -> None:
    ended = dreamscape_here("session", "check", "--site", "chatgpt", "--account", "../x")

    assert ended.returncode == 2
    assert "'../x'" in ended.stderr


def test_a_login_can_be_brought_in_as_cookies(dreamscape_here: Dreamscape, site: ChatSite, project: Path) -> None:
    site.wants_login = True
    site.sessions.add("1")
    assert dreamscape_here("session", "check", "--site", "own").returncode == 1
    cookies = [{"name": "session", "value": "1", "domain": "127.0.0.1", "path": "/", "expirationDate": 1900000000}]
    (project / "cookies.json").write_text(json.dumps(cookies))

    logged_in = dreamscape_here("session", "login", "--site", "own", "--cookies", "cookies.json")

    assert logged_in.returncode == 0, logged_in.stderr
    assert dreamscape_here("ask", "hello", "--site", "own").stdout == "plain: hello"


@pytest.mark.parametrize("words", [("ask", "hello"), ("session", "check")])
def test_the_advice_to_log_in_names_the_account(
    dreamscape_here: Dreamscape, site: ChatSite, words: tuple[str, ...]
) -> None:
    site.wants_login = True

    ended = dreamscape_here(*words, "--site", "own", "--account", "work")

    assert "dreamscape session login --site own --account work" in ended.stderr + ended.stdout


def test_a_challenge_stops_a_session_until_a_person_has_looked_after_it(
    dreamscape_here: Dreamscape, site: ChatSite
) -> None:
    site.fault = "challenge"
    assert "wants to see that a person is there" in dreamscape_here("ask", "hello", "--site", "own").stderr
    site.fault = ""
    opened = site.opened

    later = dreamscape_here("ask", "hello", "--site", "own")

    assert later.returncode == 3
    assert "session login --site own" in later.stderr
    assert (site.opened, site.prompts) == (opened, [])
    looked = dreamscape_here("session", "check", "--site", "own")
    assert looked.returncode == 0, looked.stderr
    assert dreamscape_here("ask", "hello", "--site", "own").stdout == "plain: hello"


def test_a_list_of_sessions_fits_a_terminal(dreamscape_here: Dreamscape, config: Path, home: Path) -> None:
    sessions = home / ".local/share/dreamscape/sessions"
    sessions.mkdir(parents=True)
    trouble = "no send button is to be seen on the page, which may have changed | session check --site chatgpt " * 3
    for name, said in (("chatgpt@someone-with-a-long-name", trouble), ("claude", "")):
        kept = {"cool_until": 1.8e9, "asked": 1.79e9, "prompts": 12345, "trouble": said, "checked": 0}
        (sessions / f"{name}.account.json").write_text(json.dumps(kept))

    listed = dreamscape_here("session", "list").stdout

    lines = listed.splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[1].split()[:3] == ["chatgpt@someone-with-a-long-name", "12345", "2026-09-21"]
    assert "".join(listed.split()).count("".join(trouble.split())) == 1
    assert [line for line in lines if not line.startswith(" ")][2:] == [lines[-1]]


def test_a_second_run_on_a_session_is_told_what_to_do(dreamscape_here: Dreamscape, site: ChatSite, home: Path) -> None:
    sessions = home / ".local/share/dreamscape/sessions"
    sessions.mkdir(parents=True)
    with held(sessions / "own"):
        ended = dreamscape_here("ask", "hello", "--site", "own")

    assert ended.returncode == 5
    assert "another run uses the session 'own'" in ended.stderr
    assert "wait until it ends" in ended.stderr
    assert "--account" in ended.stderr


@pytest.mark.parametrize("words", [("session", "list"), ("session", "check", "--site", "chatgpt")])
def test_without_a_home_there_is_no_place_for_sessions(
    dreamscape_here: Dreamscape, config: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    def nobody(number: int) -> NoReturn:
        raise KeyError(f"getpwuid(): uid not found: {number}")

    monkeypatch.setattr("pwd.getpwuid", nobody)  # as in a container whose user was never made

    ended = dreamscape_here(*words, env={"HOME": "rel"})

    assert ended.returncode == 3
    assert ended.stderr.startswith("dreamscape: there is no home folder to keep the session of a chat site in\n")


@pytest.mark.parametrize("words", [("session", "list"), ("session", "close", "own")])
def test_a_folder_of_sessions_that_cannot_be_read_is_no_empty_one(
    dreamscape_here: Dreamscape, config: Path, home: Path, words: tuple[str, ...]
) -> None:
    (home / ".local" / "share" / "dreamscape").mkdir(parents=True)
    sessions = home / ".local/share/dreamscape/sessions"
    sessions.write_text("a file")  # a folder without rights would keep nobody out who runs this as root

    ended = dreamscape_here(*words)

    assert ended.returncode == 3
    assert f"{sessions} cannot be read" in ended.stderr
