"""A file of cookies as browsers' extensions and curl write it goes in, a login comes out."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from http.cookiejar import LoadError, MozillaCookieJar
from pathlib import Path
from typing import Any

from dreamscape.client.login_state import LoginState
from dreamscape.domain.errors import UsageError

_SAME_SITE = {"no_restriction": "none", "none": "none", "lax": "lax", "strict": "strict"}


def read_cookies(path: Path, host: str, origin: str) -> LoginState:
    """The cookies for ``host`` and the domains above it; others stay where they are.

    Takes Netscape's ``cookies.txt`` and a JSON list of objects with name, value, domain, path, secure, httpOnly,
    sameSite and expirationDate. Raises UsageError for what is neither, and where none is for that host.
    """
    if not path.is_file():
        raise UsageError(f"there is no file {path} of cookies")
    try:
        text = path.read_text("utf-8")
        found = list(_of_json(json.loads(text)) if text.lstrip().startswith("[") else _of_netscape(path))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, LoadError) as error:
        raise UsageError(f"{path} holds no cookies that can be read", "it takes cookies.txt or a JSON list") from error
    ours = [cookie for cookie in found if _is_for(str(cookie["domain"]), host)]
    if not ours:
        raise UsageError(f"{path} holds no cookie for {host}", "export them while its page is open")
    return LoginState(origin, tuple(ours), {})


def _of_netscape(path: Path) -> Iterable[Mapping[str, Any]]:
    jar = MozillaCookieJar()
    jar.load(str(path), ignore_discard=True, ignore_expires=True)
    for cookie in jar:
        rest = {"secure": cookie.secure, "httpOnly": cookie.has_nonstandard_attr("HTTPOnly")}
        yield _cookie(cookie.name, cookie.value or "", cookie.domain, cookie.path, cookie.expires, rest)


def _of_json(cookies: Iterable[Mapping[str, Any]]) -> Iterable[Mapping[str, Any]]:
    for cookie in cookies:
        rest = {"secure": bool(cookie.get("secure")), "httpOnly": bool(cookie.get("httpOnly"))}
        if same := _SAME_SITE.get(str(cookie.get("sameSite", "")).lower()):
            rest["sameSite"] = same  # type: ignore[assignment]  # a text among truths
        expires = cookie.get("expirationDate", cookie.get("expires"))
        yield _cookie(cookie["name"], cookie["value"], cookie["domain"], cookie.get("path", "/"), expires, rest)


def _cookie(
    name: str, value: str, domain: str, path: str, expires: float | None, rest: Mapping[str, Any]
) -> dict[str, Any]:
    """As WebDriver BiDi's ``storage.setCookie`` takes it; a session's cookie has no expiry."""
    expiry = {"expiry": int(expires)} if expires and expires > 0 else {}
    return {"name": name, "value": {"type": "string", "value": value}, "domain": domain, "path": path, **rest, **expiry}


def _is_for(domain: str, host: str) -> bool:
    return host == domain.lstrip(".") or host.endswith(f".{domain.lstrip('.')}")
