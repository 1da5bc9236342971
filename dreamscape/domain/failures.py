"""What a failing test is: its failure as structured data, its class, and its fingerprint."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

FINGERPRINT_VERSION = 1


class FailureClass(Enum):
    """The closed list of what can be wrong with a failing test."""

    COLLECTION = "collection"
    IMPORT = "import"
    MISSING_DEPENDENCY = "missing_dependency"
    FIXTURE = "fixture"
    WRONG_VALUE = "wrong_value"
    DID_NOT_RAISE = "did_not_raise"
    WRONG_EXCEPTION = "wrong_exception"
    NONE_OR_TYPE = "none_or_type"
    INDEX_OR_KEY = "index_or_key"
    RECURSION = "recursion"
    TIMEOUT = "timeout"
    RESOURCE = "resource"
    ORDER_DEPENDENT = "order_dependent"
    RANDOM = "random"
    TIME_OR_ZONE = "time_or_zone"
    NETWORK = "network"
    ENVIRONMENT = "environment"
    GOLDEN_FILE = "golden_file"
    STALE_TEST = "stale_test"
    FLAKY = "flaky"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Frame:
    """One line of a traceback; ``path`` is relative to the project (posix) where ``in_project``."""

    path: str
    line: int
    function: str
    in_project: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    """The two values a failing assertion compared, as ``repr`` (cut to 2,000 characters each)."""

    operator: str
    left: str
    right: str


@dataclass(frozen=True, slots=True)
class Failure:
    """Why one test did not pass.

    ``test`` is the test's key (see `domain.runs.TestResult`); ``phase`` one of collect, setup, call, teardown;
    ``exception`` the type's qualified name without ``builtins.``; ``frames`` outermost first.
    """

    test: str
    phase: str
    exception: str
    message: str
    frames: tuple[Frame, ...] = ()
    comparison: Comparison | None = None
    duration_s: float = 0.0

    @property
    def headline(self) -> str:
        """Exception and message in one line of at most 200 characters, for people."""
        said = " ".join(self.message.strip().split("\n", 1)[0].split())
        return f"{self.exception}: {said}"[:200] if said else self.exception

    @property
    def deepest_project_frame(self) -> Frame | None:
        """The last frame inside the project, the nearest thing to where it happened."""
        return next((frame for frame in reversed(self.frames) if frame.in_project), None)


_VARIABLE_PARTS = (
    (re.compile(r"0x[0-9a-fA-F]+"), "0x"),
    (re.compile(r"\d+(\.\d+)?"), "N"),
    (re.compile(r"(['\"]).*?\1"), "S"),
    (re.compile(r"(/[\w.\-]+)+"), "/P"),
    (re.compile(r"\s+"), " "),
)


def normalized_message(message: str) -> str:
    """The message's first line without what changes from run to run: addresses, numbers, texts, paths."""
    line = message.strip().split("\n", 1)[0][:300]
    for pattern, stands_for in _VARIABLE_PARTS:
        line = pattern.sub(stands_for, line)
    return line


def fingerprint(failure: Failure) -> str:
    """Names a cause across runs and versions: 16 hex digits over exception, message and project frames.

    Frames count by path and function, never by line, so that moving code does not make an old failure new.
    """
    frames = (f"{frame.path}:{frame.function}" for frame in failure.frames if frame.in_project)
    return digest([f"v{FINGERPRINT_VERSION}", failure.exception, normalized_message(failure.message), *frames])


def digest(parts: Iterable[str]) -> str:
    """16 hex digits that stand for these texts in this order."""
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogateescape")).hexdigest()[:16]
