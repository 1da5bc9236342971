"""Parts of the machine that a test may lack: skipped here, a failure where DREAMSCAPE_REQUIRE names them."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest


def missing(part: str, reason: str) -> NoReturn:
    """Ends a test for want of a part: sandbox, bubblewrap, packages (what pip fetches), interpreters
    (one newer than ours), model (a real one, which may be fetched), display (one for windows), and others as they
    arrive."""
    if is_required(part):
        pytest.fail(f"{part} is required here: {reason}")
    pytest.skip(reason)


def is_required(part: str) -> bool:
    """Whether the machine promised to have a part."""
    return part in map(str.strip, os.environ.get("DREAMSCAPE_REQUIRE", "").split(","))
