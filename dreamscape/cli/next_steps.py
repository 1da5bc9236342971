"""What a person can do with what landed, in the words of the way it landed."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dreamscape.domain.records import HealReport


def next_steps(report: HealReport) -> Iterator[str]:
    """How to look at what a run landed, how to take it, how to drop it; nothing where nothing landed."""
    undo = f"drop: dreamscape undo {report.run}"
    if report.patches:
        files = shlex.join(report.patches)
        yield f"patches        {files}"
        yield f"               look: git apply --stat {files}; take: git apply {files}; {undo}"
    elif report.branch and report.mode == "commit":
        commits = dict.fromkeys(item.commit[:10] for item in report.items if item.commit)
        yield f"branch         {report.branch}; look: git show {' '.join(commits)}; {undo}"
    elif report.branch:
        yield f"branch         {report.branch}; look: git diff HEAD...{report.branch}"
        yield f"               take: git merge {report.branch}; {undo}"
