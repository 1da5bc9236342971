"""What `git log` printed, as commits with the files they changed; pure."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime

LOG_FORMAT = "tformat:%x01%H%x00%P%x00%ct%x00%an%x00%s%x00%b"
"""Six fields that end in NUL, as ``-z`` ends everything else; a status never begins with a 1 byte."""


@dataclass(frozen=True, slots=True)
class FileChange:
    """One file a commit changed: ``status`` is A, M, D, T, R or C; ``old_path`` where it was before R or C."""

    status: str
    path: str
    old_path: str | None = None


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit; ``at`` is the committer's time in UTC; ``files`` is empty for a merge."""

    id: str
    parents: tuple[str, ...]
    at: datetime
    author: str
    subject: str
    body: str
    files: tuple[FileChange, ...]


def parse_log(listing: bytes) -> tuple[Commit, ...]:
    """The output of ``git log -z --name-status --format=LOG_FORMAT``."""
    words = os.fsdecode(listing).split("\0")
    commits: list[Commit] = []
    at = 0
    while at < len(words) and words[at].startswith("\x01"):
        commit, parents, seconds, author, subject, body = words[at : at + 6]
        at += 6
        files: list[FileChange] = []
        while at < len(words) and not words[at].startswith("\x01"):
            status = words[at].strip()
            if not status:
                at += 1
            elif status[0] in "RC":
                files.append(FileChange(status[0], words[at + 2], words[at + 1]))
                at += 3
            else:
                files.append(FileChange(status[0], words[at + 1]))
                at += 2
        when = datetime.fromtimestamp(int(seconds), UTC)
        commits.append(
            Commit(commit[1:], tuple(parents.split()), when, author, subject, body.strip("\n"), tuple(files))
        )
    return tuple(commits)
