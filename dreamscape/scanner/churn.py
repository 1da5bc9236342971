"""Reads a project's history from git, in one call, and remembers what it said as long as HEAD stays where it is."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping
from dataclasses import astuple, dataclass
from pathlib import Path

from dreamscape.domain.errors import DreamscapeError
from dreamscape.scanner.history import MONTH_S, YEARS, FilePast, file_pasts, past
from dreamscape.scanner.memory import make_place
from dreamscape.tools.files import atomic_write
from dreamscape.tools.git import Commit, Git
from dreamscape.tools.git_log import LOG_FORMAT, parse_log
from dreamscape.tools.git_process import GitFailed

FORMAT = "1"
HISTORY_FILE = "scan-history.json"
IGNORED = ".git-blame-ignore-revs"
"""Where a project names its bulk reformatting commits, for `git blame` and for us."""
PARTIAL = "a partial clone: renames are followed only where the content stayed the same"


@dataclass(frozen=True, slots=True)
class History:
    """Path -> what the file lived through; None where history says nothing. ``note`` says why, or what is missing."""

    files: Mapping[str, FilePast] | None
    note: str = ""


def read_history(project: Path, months: int, memory: Path | None = None) -> History:
    """What each file lived through in the five years before HEAD's own date; ``months`` is the plain count's window.

    Counting commits ranks files as well as counting lines does (Bell, Ostrand, Weyuker 2011), at a fortieth of the
    cost: git need not compare contents, only names. ``memory`` is a file of ours that spares asking twice.
    """
    try:
        git = Git.find(project)
        if git is None or git.is_bare:
            return History(None, "no git working tree here: churn is unknown")
        told = git.say("log", "-1", "--no-show-signature", "--format=%H %ct", "HEAD", fine=(0, 128))
        if not told:
            reason = "HEAD's commit cannot be read" if names_a_commit(git) else "no commit yet"
            return History(None, f"{reason}: churn is unknown")
        head, seconds = told.split()
        key = f"{FORMAT}:{head}:{git.prefix}:{months}"
        known = _remembered(memory, key)
        if known is not None:
            return known
        if git.say("rev-parse", "--is-shallow-repository") == "true":
            return History(None, "a shallow clone has no history to count: churn is unknown")
        found = _counted(git, int(seconds), months)
        if not found.files and not git.ask("ls-files", "-z", "--", "."):
            return History(None, "git does not track this folder: churn is unknown")
    except DreamscapeError as error:
        return History(None, f"churn is unknown: {error}")
    _remember(memory, key, found)
    return found


def names_a_commit(git: Git) -> bool:
    """Whether HEAD names a commit, which may be damaged or missing."""
    return bool(git.say("rev-parse", "--verify", "--quiet", "HEAD", fine=(0, 1, 128)))


def _counted(git: Git, now: int, months: int) -> History:
    span = max(YEARS * 12, months) * MONTH_S
    commits, note = commits_behind(git, "HEAD", "--no-merges", f"--since=@{now - round(span)}")
    ignored = ignored_commits(git, "HEAD")
    pasts = [past(commit) for commit in commits if commit.id not in ignored]
    return History(file_pasts(pasts, now, months), note)


def commits_behind(git: Git, head: str, *limits: str) -> tuple[tuple[Commit, ...], str]:
    """Commits of a head, newest first, with the Python files they touched, and what could not be told.

    Rename detection reads contents, which a partial clone may lack; then only exact renames are followed.
    Raises GitFailed.
    """
    words = (
        "log", "-z", "--encoding=UTF-8", "--name-status", "--root", "--relative", "--no-ext-diff",
        "--no-show-signature", f"--format={LOG_FORMAT}", "--full-history", "--sparse",
        *limits, head, "--", "*.py", "*.pyw",
    )  # fmt: skip
    globs = {"GIT_LITERAL_PATHSPECS": "0"}
    try:
        return parse_log(git.ask(*words[:1], "-M", *words[1:], env=globs)), ""
    except GitFailed as refusal:
        with contextlib.suppress(GitFailed):
            return parse_log(git.ask(*words[:1], "-M100%", *words[1:], env=globs)), PARTIAL
        raise refusal


def ignored_commits(git: Git, commit: str) -> frozenset[str]:
    """The commits that a project says are no changes (`git blame --ignore-revs-file`), as of a commit."""
    name = f"{commit}:{'' if git.is_bare else './'}{IGNORED}"
    text = os.fsdecode(git.ask("cat-file", "blob", name, fine=(0, 128)))
    return frozenset(line.split("#")[0].strip() for line in text.splitlines())


def _remembered(memory: Path | None, key: str) -> History | None:
    """What was found at the same commit; None for what is not there or not ours."""
    if memory is None or not memory.is_file():
        return None
    with contextlib.suppress(OSError, ValueError, TypeError, LookupError, AttributeError, RecursionError):
        data = json.loads(memory.read_bytes())
        if data["key"] == key:
            return History({path: _file_past(row) for path, row in data["files"].items()}, str(data["note"]))
    return None


def _file_past(row: list[float]) -> FilePast:
    commits, fixed, lately, churn, fixes, authors, age, neighbours = (value if 0 <= value < 1e9 else 0 for value in row)
    return FilePast(int(commits), int(fixed), lately, churn, fixes, int(authors), age, neighbours)


def _remember(memory: Path | None, key: str, history: History) -> None:
    if memory is None or history.files is None:
        return
    rows = {path: astuple(one) for path, one in history.files.items()}
    text = json.dumps({"key": key, "note": history.note, "files": rows}, separators=(",", ":"))
    with contextlib.suppress(DreamscapeError, OSError):  # the scan's own memory says what is in the way
        make_place(memory)
        atomic_write(memory, text.encode("ascii"))
