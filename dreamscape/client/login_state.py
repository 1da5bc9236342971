"""What makes a browser logged in, cookies and a site's local storage, comes out of one and goes into another.

A browser of a Grid has no profile folder of ours, and two browsers cannot share one. What a site keeps elsewhere
(IndexedDB, session storage) is not carried over.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from dreamscape.domain.errors import PageHung, UsageError
from dreamscape.tools.files import atomic_write

logger = logging.getLogger(__name__)

Command = Callable[[str, Mapping[str, object]], Mapping[str, Any]]
"""Performs a command of WebDriver BiDi, its name and parameters, and gives its result."""

_QUIET_PAGE = "robots.txt"
"""A page of the site's own origin that runs no scripts, be it there or not."""

_COOKIE = ("name", "value", "domain", "path", "httpOnly", "secure", "sameSite", "expiry")
"""What the standard's `storage.setCookie` takes of what `storage.getCookies` gives."""

_READ = "() => location.origin + '\\n' + JSON.stringify(Object.fromEntries(Object.entries(localStorage)))"
_WRITE = """(origin, kept) => {
  if (location.origin !== origin) return;
  for (const [key, value] of Object.entries(JSON.parse(kept))) localStorage.setItem(key, value);
}"""


@dataclass(frozen=True, slots=True)
class LoginState:
    """``origin`` is the site's, such as https://chat.example; ``storage`` its local storage; ``cookies`` are those of
    all sites, each as `storage.setCookie` takes it."""

    origin: str
    cookies: tuple[Mapping[str, Any], ...]
    storage: Mapping[str, str]


def export_state(command: Command, url: str) -> LoginState:
    """The login that a browser holds for the site at an address."""
    cookies = command("storage.getCookies", {})["cookies"]
    origin = _origin(url)
    with _quiet_tab(command, origin) as tab:
        there, _, storage = str(_called(command, tab, _READ)["value"]).partition("\n")
    if there != origin:
        logger.info("%s leads to %s: its local storage is not carried over", origin, there)
    return LoginState(
        origin,
        tuple(map(_as_set, cookies)),
        json.loads(storage) if there == origin else {},
    )


def _as_set(cookie: Mapping[str, Any]) -> Mapping[str, Any]:
    kept = {key: cookie[key] for key in _COOKIE if key in cookie}
    # So a browser tells of a cookie that says nothing of other sites, but sends none that says so and is not secure.
    if kept.get("sameSite") == "none" and not kept.get("secure"):
        del kept["sameSite"]
    return kept


def import_state(command: Command, state: LoginState) -> None:
    """Makes a browser as logged in as the one the state is of; what the browser holds otherwise stays."""
    now = time.time()
    for cookie in state.cookies:
        if cookie.get("expiry", now) < now:
            continue
        try:
            command("storage.setCookie", {"cookie": cookie})
        except PageHung as error:  # one of many, of whatever site: the others may be enough
            logger.info("the cookie %s of %s is left out: %s", cookie["name"], cookie["domain"], error)
    if state.storage:
        with _quiet_tab(command, state.origin) as tab:
            _called(command, tab, _WRITE, state.origin, json.dumps(state.storage))


def write_login(path: Path, state: LoginState) -> None:
    """Keeps a login in a file (0600), whole or not at all."""
    atomic_write(path, json.dumps(asdict(state)).encode(), private=True)


def read_login(path: Path) -> LoginState | None:
    """The login kept in a file; None where there is no file. Raises UsageError for what is no login."""
    try:
        kept = json.loads(path.read_bytes())
        return LoginState(str(kept["origin"]), tuple(kept["cookies"]), dict(kept["storage"]))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{path} holds no login", "remove it, and log in again") from error


@contextmanager
def _quiet_tab(command: Command, origin: str) -> Iterator[str]:
    tab = command("browsingContext.create", {"type": "tab", "background": True})["context"]
    try:
        command("browsingContext.navigate", {"context": tab, "url": f"{origin}/{_QUIET_PAGE}", "wait": "interactive"})
        yield tab
    finally:
        command("browsingContext.close", {"context": tab})


def _called(command: Command, tab: str, function: str, *texts: str) -> Mapping[str, Any]:
    said = command(
        "script.callFunction",
        {
            "functionDeclaration": function,
            "arguments": [{"type": "string", "value": text} for text in texts],
            "target": {"context": tab},
            "awaitPromise": False,
        },
    )
    result: Mapping[str, Any] = said["result"]
    return result


def _origin(url: str) -> str:
    return "://".join(urlsplit(url)[:2])
