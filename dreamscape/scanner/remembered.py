"""A whole ranking as bytes, so that a scan of an unchanged tree compares nothing with nothing again."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from dreamscape.domain.errors import DreamscapeError
from dreamscape.domain.rows import Rows, fields
from dreamscape.domain.scan import GraphSize, SkippedFile


@dataclass(frozen=True, slots=True)
class Ranked:
    """What comes of comparing all files; ``note`` says what signal is missing and why."""

    files: Rows
    graph: GraphSize
    skipped: tuple[SkippedFile, ...]
    note: str = ""

    def packed(self) -> bytes:
        """All of it, the small parts in a line before the files."""
        head = {"graph": fields(self.graph), "skipped": list(map(fields, self.skipped)), "note": self.note}
        return json.dumps(head).encode() + b"\n" + self.files.json


def remembered(packed: bytes | None) -> Ranked | None:
    """The ranking that was packed; None where there is none that we understand."""
    if packed is None:
        return None
    first, _, rows = packed.partition(b"\n")
    try:
        head = json.loads(first)
        skipped = tuple(SkippedFile(**row) for row in head["skipped"])
        return Ranked(Rows(rows), _graph(**head["graph"]), skipped, str(head["note"]))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


def _graph(modules: int, edges: int, circles: list[list[str]], layers: int, calls: dict[str, int]) -> GraphSize:
    counts = {str(name): int(count) for name, count in calls.items()}
    return GraphSize(int(modules), int(edges), tuple(tuple(map(str, each)) for each in circles), int(layers), counts)


def history_state(project: Path) -> str:
    """Names all that git can tell of a project until the next commit, checkout or fetch, in one call of git."""
    if not any((folder / ".git").exists() for folder in (project, *project.parents)):
        return ""
    from dreamscape.tools.git_process import run_git

    words = ["rev-parse", "--is-shallow-repository", "--is-bare-repository", "--show-prefix", "--git-dir", "HEAD"]
    try:
        asked = run_git(words, project)
    except DreamscapeError as error:
        return f"{error}"
    return f"{asked.returncode} {asked.stdout!r} {asked.stderr!r}"
