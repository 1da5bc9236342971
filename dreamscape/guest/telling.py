"""Keeps what runs only to tell of a failure, ``__repr__`` above all, out of what a test is seen to run.

A failing comparison makes pytest and unittest write both values down, in the middle of the test; the lines of the
project that do so run in failing tests alone, and would look guiltier than the fault itself.
"""

from __future__ import annotations

import functools
import unittest.case
from typing import Any, Callable

import _pytest.assertion.rewrite

from .tracer import Tracer

_TELLERS = (
    (_pytest.assertion.rewrite, "_saferepr"),
    (_pytest.assertion.rewrite, "_call_reprcompare"),
    (unittest.case, "safe_repr"),
    (unittest.case, "_common_shorten_repr"),
)


def keep_out(tracer: Tracer) -> None:
    """From now on ``tracer`` does not look while a value is written down for a failure."""
    for module, name in _TELLERS:
        teller = getattr(module, name, None)
        if teller is not None:
            setattr(module, name, _unseen(teller, tracer))


def _unseen(teller: Callable[..., Any], tracer: Tracer) -> Callable[..., Any]:
    @functools.wraps(teller)
    def tell(*arguments: Any, **named: Any) -> Any:
        with tracer.paused():
            return teller(*arguments, **named)

    return tell
