"""Lines written by the guest go in, what they say of a run comes out; whoever writes there may be hostile.

A line that is not one of the guest's messages, signed with the secret that the guest alone was told, is dropped, but
for the stacks `faulthandler` writes when a process dies.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from dreamscape.domain.failures import Comparison, Failure, Frame
from dreamscape.domain.runs import Outcome, TestResult

Message = Mapping[str, object]

_PHASES = ("collect", "setup", "call", "teardown")
_GRAVEST = (Outcome.SKIPPED, Outcome.PASSED, Outcome.XFAILED, Outcome.XPASSED, Outcome.ERROR, Outcome.FAILED)
_STACK_LINE = re.compile(r'^  File "(.*)", line (\d+) in (.*)$')
_THREAD_LINE = re.compile(r"^(Current thread|Thread) .*most recent call first")
_MACHINERY = re.compile(r"[/\\](_pytest|pluggy|dreamscape_guest)[/\\]")
_FATAL_LINE = re.compile(r"^(Fatal Python error: .*|Timeout \(.*\)!)$")


@dataclass(slots=True)
class Record:
    """What one process of the guest has said so far; the one value here that grows, line by line."""

    secret: bytes = b""
    """Signs each line; ``b""`` where none was handed over."""
    root: str = ""
    collected: tuple[str, ...] = ()
    deselected: int = 0
    running: str | None = None
    """The test, or the file being collected, that was begun and has not ended."""
    is_collecting: bool = False
    results: dict[str, TestResult] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)
    coverage: dict[str, dict[str, set[int]]] = field(default_factory=dict)
    overridden: list[str] = field(default_factory=list)
    strangers: tuple[str, ...] = ()
    exit_code: int | None = None
    """As the guest itself saw it; None where it did not come to its end."""
    fatal: str = ""
    """What `faulthandler` called it."""
    stack: list[Frame] = field(default_factory=list)
    """Of the thread that died, outermost first."""
    _reads_stack: bool = False
    _died: str = ""
    _number: int = 0

    def read(self, line: bytes) -> str | None:
        """Takes one line in; returns the kind of message it was, None for anything else."""
        signed, brace, said = line.rstrip(b"\n").partition(b"{")
        said = brace + said
        if not hmac.compare_digest(signed, _signature(said, self.secret)):
            self._read_stack(line)
            return None
        try:
            message = json.loads(said)
            kind = message["type"]
            if self.secret and not self._number < _whole(message["number"]):
                return None  # the guest's own words, repeated by somebody else
            self._number = message["number"] if self.secret else 0
            _READERS[kind](self, message)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return None
        return str(kind)

    def _read_stack(self, line: bytes) -> None:
        text = line.decode("utf-8", "replace").rstrip("\n")
        if fatal := _FATAL_LINE.match(text):
            self.fatal = self.fatal or fatal[1]
        elif thread := _THREAD_LINE.match(text):
            # The thread that died is "current"; where none is, the last one written is the main thread.
            self._reads_stack = thread[1] == "Current thread" or self._died != "Current thread"
            if self._reads_stack:
                self._died = thread[1]
                self.stack.clear()
        elif (place := _STACK_LINE.match(text)) and self._reads_stack:
            frame = self._frame_of(place[1], int(place[2]), place[3])
            # What lies further out than the test is pytest and the guest.
            self._reads_stack = frame.in_project or not _MACHINERY.search(frame.path)
            if self._reads_stack:
                self.stack.insert(0, frame)

    def _frame_of(self, path: str, line: int, function: str) -> Frame:
        inside = bool(self.root) and path.startswith(self.root + "/")
        return Frame(path[len(self.root) + 1 :] if inside else path, line, function, inside)

    def _hello(self, message: Message) -> None:
        self.root = _text(message["root"])

    def _overridden(self, message: Message) -> None:
        self.overridden.append(_text(message["words"]))

    def _collecting(self, message: Message) -> None:
        self.running, self.is_collecting = _text(message["key"]), True

    def _collected(self, message: Message) -> None:
        self.running, self.is_collecting = None, False
        self.collected = _texts(message["keys"])
        self.deselected = _whole(message["deselected"])

    def _start(self, message: Message) -> None:
        self.running, self.is_collecting = _text(message["key"]), False

    def _result(self, message: Message) -> None:
        key = _text(message["key"])
        result = TestResult(key, Outcome(message["outcome"]), _number(message["duration_s"]))
        known = self.results.get(key)
        # A test that is told twice has failed if it failed once.
        if known is None or _GRAVEST.index(result.outcome) > _GRAVEST.index(known.outcome):
            self.results[key] = result
        if self.running == key:
            self.running = None

    def _failure(self, message: Message) -> None:
        self.failures.append(failure_of(message))

    def _coverage(self, message: Message) -> None:
        files = message["files"]
        assert isinstance(files, dict)
        ran = self.coverage.setdefault(_text(message["key"]), {})
        for path, runs in files.items():
            ran.setdefault(_text(path), set()).update(_lines(runs))

    def _strangers(self, message: Message) -> None:
        self.strangers = _texts(message["modules"])

    def _finish(self, message: Message) -> None:
        self.exit_code = _whole(message["exit_code"])


_READERS: Mapping[str, Callable[[Record, Message], None]] = {
    "hello": Record._hello,
    "overridden": Record._overridden,
    "collecting": Record._collecting,
    "collected": Record._collected,
    "start": Record._start,
    "result": Record._result,
    "failure": Record._failure,
    "coverage": Record._coverage,
    "strangers": Record._strangers,
    "finish": Record._finish,
}


def _signature(line: bytes, secret: bytes) -> bytes:
    """What `dreamscape.guest.report` puts before its messages."""
    return hashlib.blake2b(line, digest_size=16, key=secret).hexdigest().encode() if secret else b""


def failure_of(message: Message) -> Failure:
    """A failure as the guest describes it. Raises ValueError, KeyError or TypeError where it is none."""
    phase = _text(message["phase"])
    if phase not in _PHASES:
        raise ValueError(f"no such phase: {phase}")
    frames, compared = message["frames"], message["comparison"]
    return Failure(
        test=_text(message["test"]),
        phase=phase,
        exception=_text(message["exception"]),
        message=_text(message["message"])[:4000],
        frames=tuple(_frame(frame) for frame in _list(frames)),
        comparison=None if compared is None else Comparison(*(text[:2000] for text in _texts(compared))),
        duration_s=_number(message["duration_s"]),
    )


def _frame(value: object) -> Frame:
    path, line, function, in_project = _list(value)
    return Frame(_text(path), _whole(line), _text(function), in_project is True)


def _lines(runs: object) -> set[int]:
    numbers = [_whole(number) for number in _list(runs)]
    lines: set[int] = set()
    for first, last in zip(numbers[::2], numbers[1::2], strict=True):
        if not 0 <= first <= last <= first + 1_000_000:
            raise ValueError(f"no lines: {first} to {last}")
        lines.update(range(first, last + 1))
    return lines


def _list(value: object) -> Sequence[object]:
    if not isinstance(value, list):
        raise TypeError("not a list")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value


def _texts(value: object) -> tuple[str, ...]:
    return tuple(_text(entry) for entry in _list(value))


def _whole(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError("not a whole number")
    return value


def _number(value: object) -> float:
    if not isinstance(value, int | float):
        raise TypeError("not a number")
    return float(value)
