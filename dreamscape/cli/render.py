"""Results on stdout: text or JSON, made of the same value."""

from __future__ import annotations

import dataclasses
import errno
import json
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from enum import Enum
from pathlib import Path

from dreamscape.cli.context import Options
from dreamscape.domain.errors import DiskFull
from dreamscape.tools.files import atomic_write, explained
from dreamscape.tools.text import is_surely_plain

_CONTROLS = {code: f"\\x{code:02x}" for code in [*range(32), *range(127, 160)] if chr(code) not in "\n\t"}
_BREAKS = {code: f"\\x{code:02x}" for code in map(ord, "\n\t")}


def show(options: Options, name: str, value: object, text: Callable[[], str]) -> None:
    """Writes a command's result in the format asked for.

    ``value`` (a dataclass or mapping) becomes ``{"schema": "dreamscape.NAME/1", ...}``; ``text`` is called for text.
    A command with more formats than these two makes its own words and calls `write`.
    """
    write(options, json_text(name, value) if options.format == "json" else text())


def json_text(name: str, value: object) -> str:
    """One JSON object with its schema first. Raises TypeError where the value holds what JSON cannot."""
    return json.dumps({"schema": f"dreamscape.{name}/1", **fields(value)}, indent=2, ensure_ascii=False)


def fields(value: object) -> dict[str, object]:
    """A result's keys and plain values. Raises TypeError for what is no object."""
    keyed = plain(value)
    if not isinstance(keyed, dict):
        raise TypeError(f"a result is an object, not {type(value).__name__}")
    return keyed


def plain(value: object) -> object:
    """Frozen values as JSON knows them: fields by name, enums by value, times in ISO 8601, sets sorted."""
    match value:
        case Enum():
            return plain(value.value)
        case None | bool() | int() | float() | str():
            return value
        case datetime():
            return value.isoformat()
        case Path():
            return str(value)
        case Mapping():
            return {str(key): plain(inner) for key, inner in value.items()}
        case set() | frozenset():
            return sorted(map(str, value))
        case Iterable() if not isinstance(value, bytes):
            return [plain(inner) for inner in value]
    if dataclasses.is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    raise TypeError(f"no JSON for {type(value).__name__}")


def write(options: Options, text: str | bytes) -> None:
    """Writes text (or its UTF-8) to stdout or, whole or not at all, to ``--output``; control characters come out
    harmless."""
    data = text.encode("utf-8", "backslashreplace") if isinstance(text, str) else text
    if not is_surely_plain(data):
        data = data.decode().translate(_CONTROLS).encode()
    _put(options, data.rstrip(b"\n") + b"\n")


def one_line(text: str) -> str:
    """A name from outside as it may stand within a line of text, which it could else end, or forge another."""
    return text.translate(_CONTROLS | _BREAKS)


def write_exactly(options: Options, text: str) -> None:
    """Writes the UTF-8 of a text as it is, nothing added and nothing made harmless: for whoever wants every byte."""
    _put(options, text.encode("utf-8", "surrogatepass"))


def _put(options: Options, data: bytes) -> None:
    if options.output is None:
        _to_stdout(data)
        return
    target = options.output.resolve()
    with explained(target):
        if target.exists() and not target.is_file():
            target.write_bytes(data)  # a pipe or a device cannot be replaced
            return
    atomic_write(target, data)


def _to_stdout(data: bytes) -> None:
    """Past the text layer, which would decode and encode megabytes once more. Raises DiskFull."""
    stream = getattr(sys.stdout, "buffer", None)
    if stream is None:
        sys.stdout.write(data.decode())
        return
    sys.stdout.flush()
    try:
        stream.write(data)
        stream.flush()
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is left in the buffer must go somewhere
        raise DiskFull(f"the result could not be written: {error.strerror}") from error


def table(heads: Sequence[str], rows: Iterable[Sequence[object]], *, right: Iterable[int] = ()) -> str:
    """Columns under their heads, two blanks apart; the columns in ``right`` (0 first) are set to the right."""
    cells = [list(heads), *([_cell(cell) for cell in row] for row in rows)]
    widths = [max(len(line[at]) for line in cells) for at in range(len(heads))]
    to_right = set(right)
    lines = (
        "  ".join(
            cell.rjust(width) if at in to_right else cell.ljust(width)
            for at, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in cells
    )
    return "\n".join(lines)


def _cell(value: object) -> str:
    match value:
        case None:
            return "-"
        case float():
            return f"{value:.2f}"
        case datetime():
            return f"{value:%Y-%m-%d %H:%M}"
        case Enum():
            return str(value.value)
        case _:
            return str(value)


def can_ask(options: Options) -> bool:
    """Whether a person is there to answer."""
    return not options.no_input and not os.environ.get("CI") and sys.stdin.isatty() and sys.stderr.isatty()


def ask(question: str) -> bool:
    """Asks on stderr; anything but a yes is a no."""
    sys.stderr.write(f"{question} [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")
