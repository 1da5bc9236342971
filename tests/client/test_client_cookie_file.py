"""A login comes in as other programs export it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dreamscape.client.cookie_file import read_cookies
from dreamscape.domain.errors import UsageError

NETSCAPE = """# Netscape HTTP Cookie File
.chat.example\tTRUE\t/\tTRUE\t1900000000\tsession\tsecret=1
#HttpOnly_www.chat.example\tFALSE\t/x\tFALSE\t0\thidden\ty
.other.example\tTRUE\t/\tFALSE\t1900000000\ttracker\tz
"""
EXPORTED = [
    {"name": "session", "value": "s", "domain": ".chat.example", "secure": True, "expirationDate": 1900000000.5},
    {"name": "lax", "value": "l", "domain": "www.chat.example", "sameSite": "no_restriction", "httpOnly": True},
    {"name": "tracker", "value": "t", "domain": ".example.org"},
]


def found(path: Path) -> dict[str, dict[str, object]]:
    login = read_cookies(path, "www.chat.example", "https://www.chat.example")
    return {cookie["name"]: dict(cookie) for cookie in login.cookies}


def test_a_cookies_txt_gives_the_hosts_cookies_alone(tmp_path: Path) -> None:
    (tmp_path / "cookies.txt").write_text(NETSCAPE)

    cookies = found(tmp_path / "cookies.txt")

    assert set(cookies) == {"session", "hidden"}
    assert cookies["session"]["value"] == {"type": "string", "value": "secret=1"}
    assert (cookies["session"]["expiry"], cookies["session"]["secure"]) == (1900000000, True)
    assert cookies["hidden"]["httpOnly"] is True
    assert "expiry" not in cookies["hidden"]


def test_a_json_list_does_too(tmp_path: Path) -> None:
    (tmp_path / "cookies.json").write_text(json.dumps(EXPORTED))

    cookies = found(tmp_path / "cookies.json")

    assert set(cookies) == {"session", "lax"}
    assert (cookies["session"]["expiry"], cookies["session"]["path"]) == (1900000000, "/")
    assert (cookies["lax"]["sameSite"], cookies["lax"]["httpOnly"]) == ("none", True)


@pytest.mark.parametrize("text", ["", "hello", "[1]", '[{"name": "x"}]', "[]", NETSCAPE.replace("chat", "chit")])
def test_what_holds_no_cookie_for_the_site_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "cookies").write_text(text)

    with pytest.raises(UsageError, match="cookie"):
        found(tmp_path / "cookies")


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nothing"):
        found(tmp_path / "nothing")
