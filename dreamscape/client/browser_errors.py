"""What selenium says of a failure goes in, one of our own errors comes out."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from typing import NoReturn

from dreamscape.domain.errors import BrowserGone, PageHung, SiteUnreachable, TabCrashed


@contextlib.contextmanager
def translated() -> Iterator[None]:
    """Tells what went wrong with a browser in our own errors."""
    from selenium.common.exceptions import WebDriverException
    from urllib3.exceptions import HTTPError, ReadTimeoutError

    try:
        yield
    except ReadTimeoutError as error:
        raise PageHung("the page no longer reacts", "try again; the tab was closed") from error
    except HTTPError as error:
        raise BrowserGone("the browser's driver ended", "try again") from error
    except WebDriverException as error:
        _raise(error)


def _raise(error: Exception) -> NoReturn:
    words = first_line(error)
    if "tab crashed" in words:
        raise TabCrashed("the page's process died", "try again; the machine may be short of memory") from error
    if "net::ERR_" in words:
        raise SiteUnreachable(f"the site cannot be reached: {words}", "is the network there?") from error
    if re.search(_GONE, words):
        raise BrowserGone(f"the browser ended: {words}", "try again") from error
    raise PageHung(f"the browser could not do its work: {words}", "try again") from error


_GONE = (
    r"invalid session|session deleted|no such window|not reachable|disconnected"
    # A Grid whose node died, or that ended the session after its timeout.
    r"|Unable to execute request for an existing session|Cannot find session"
)


def first_line(error: Exception) -> str:
    """The sentence in an error of selenium's, without the stack of addresses that follows it."""
    return str(getattr(error, "msg", None) or error).partition("\n")[0].strip()
