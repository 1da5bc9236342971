"""What a person can do with what landed, in the words of the way it landed."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dreamscape.domain.records import HealReport


def next_steps(report: HealReport, root: Path) -> Iterator[str]:
    """How to look at what a run landed, how to take it, how to drop it, typed in the project's folder ``root``.

    Nothing where nothing landed.
    """
    has_landed = bool(report.patches or report.branch)
    if has_landed and root != Path.cwd():
        yield from _lines("first", [f"cd {shlex.quote(str(root))}"])
    if report.patches:
        files = [shlex.quote(patch) for patch in report.patches]
        yield from _lines("patch", files)
        yield from _lines("look", [f"git apply --stat {file}" for file in files])
        yield from _lines("take", [f"git apply {file}" for file in files])
    elif report.branch:
        yield from _lines("branch", [report.branch])
        if report.mode == "commit":
            commits = dict.fromkeys(item.commit[:10] for item in report.items if item.commit)
            yield from _lines("look", [f"git show {commit}" for commit in commits])
        else:
            yield from _lines("look", [f"git diff HEAD...{report.branch}"])
            yield from _lines("take", [f"git merge {report.branch}"])
    if has_landed:
        yield from _lines("drop", [f"dreamscape undo {report.run}"])


def _lines(head: str, values: Iterable[str]) -> Iterator[str]:
    yield from (f"{'' if at else head:<14} {value}" for at, value in enumerate(values))
