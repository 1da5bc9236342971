"""Reads one source file and measures it; whatever is wrong with it becomes a reason, never an exception."""

from __future__ import annotations

import ast
import os
import stat
import warnings
from pathlib import Path

from dreamscape.scanner.facts import FileFacts, Reading, Unreadable
from dreamscape.scanner.lines import count_lines
from dreamscape.scanner.syntax import read_syntax
from dreamscape.scanner.walk import reason_of

LARGEST_SOURCE = 4 * 1024 * 1024
"""Bytes (chosen): the largest hand-written modules stay below a tenth; one parse takes hundreds of times its size."""
_OPEN_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)


def read_source(file: Path) -> bytes | Unreadable:
    """The file's bytes. It is opened without waiting, so that what became a pipe meanwhile does not hang the scan."""
    try:
        descriptor = os.open(file, _OPEN_FLAGS)
        with open(descriptor, "rb") as stream:  # noqa: PTH123 - takes over the descriptor
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                return Unreadable("not a regular file")
            source = stream.read(LARGEST_SOURCE + 1)
    except OSError as error:
        return Unreadable(reason_of(error))
    if len(source) > LARGEST_SOURCE:
        return Unreadable(f"larger than {LARGEST_SOURCE // 1024 // 1024} MiB")
    return source


def measure(source: bytes) -> Reading:
    """A source's facts. Bytes go to the parser as they are, so that it decodes BOM and coding cookie itself."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about other people's code, or an error where warnings are errors
            tree = ast.parse(source)
    except SyntaxError as error:
        return Unreadable(_reason_of_syntax(error))
    except (RecursionError, MemoryError):
        return Unreadable("nested too deeply for this Python to parse")
    except (ValueError, LookupError) as error:
        return Unreadable(f"cannot be decoded: {error}")
    syntax = read_syntax(tree)
    sloc, comments = count_lines(source, syntax.texts, syntax.literals)
    return FileFacts(
        functions=tuple(syntax.functions),
        imports=tuple(syntax.imports),
        sloc=sloc,
        maintainability=maintainability(syntax.volume, syntax.total, syntax.statements, sloc, comments),
    )


def maintainability(volume: float, complexity: int, statements: int, sloc: int, comments: int) -> float:
    """radon's maintainability index, 0 to 100, two decimals, without its second tokenizing of every line.

    Volume and complexity are radon's to the last digit. Logical lines are counted from the tree, and comment lines
    by line, so that the same source gives the same number on every Python (radon's own count of logical lines
    changed with 3.12) and the whole stays within a point or two of ``radon mi``.
    """
    from radon.metrics import mi_compute

    index: float = mi_compute(volume, complexity, statements, 100 * comments / sloc if sloc else 0)
    return round(index, 2)


def _reason_of_syntax(error: SyntaxError) -> str:
    where = f" in line {error.lineno}" if error.lineno else ""
    return f"syntax error{where}: {error.msg}"
