"""Where a branch began, and how the files of its base differ from today's; read from git's store alone."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from dreamscape.domain.errors import CannotGoOn, NotARepository, UsageError
from dreamscape.scanner.cache import Cache, digest_of
from dreamscape.scanner.churn import names_a_commit
from dreamscape.scanner.contents import Contents
from dreamscape.scanner.facts import LARGEST_SOURCE, FileFacts, Reading
from dreamscape.scanner.ranking import Signals
from dreamscape.scanner.source import read_source
from dreamscape.tools.git import Git
from dreamscape.tools.git_blobs import is_blob, read_blobs
from dreamscape.tools.git_process import GitFailed

_SOURCES = ("*.py", "*.pyw")
T = TypeVar("T")
_GLOBS = {"GIT_LITERAL_PATHSPECS": "0"}


@dataclass(frozen=True, slots=True)
class Change:
    """A Python file that differs: its path now (None: deleted), before (None: it was not there) and what it held."""

    path: str | None
    path_before: str | None
    blob: str | None


@dataclass(frozen=True)
class Base:
    """The commit a branch began at, and what differs from it in the working tree, files git does not track yet too."""

    git: Git
    commit: str
    changes: tuple[Change, ...]

    def signals(self, now: Signals) -> Signals:
        """Today's signals under the names files had then: history counts alike on both sides, so that a rise is the
        code's doing and not that of the commits that made it."""
        return replace(
            now,
            past=self._renamed(now.past),
            failures=self._renamed(now.failures),
            runtime=self._renamed(now.runtime),
        )

    def _renamed(self, by_path: Mapping[str, T] | None) -> Mapping[str, T] | None:
        if by_path is None:
            return None
        renamed = {old: by_path[path] for path, old in self.moved.items() if old is not None and path in by_path}
        return {**by_path, **renamed}

    @cached_property
    def moved(self) -> dict[str, str | None]:
        """Path now -> path before, of every file that differs and is there."""
        return {change.path: change.path_before for change in self.changes if change.path is not None}

    def facts(
        self, now: Mapping[str, FileFacts], contents: Contents, cache: Cache, is_scanned: Callable[[str], bool]
    ) -> dict[str, FileFacts]:
        """What the base's files said of themselves, by their path then; today's rules (``is_scanned``) decide which
        count. Only what no scan has met before is parsed."""
        changed = self.moved.keys()
        before = {path: facts for path, facts in now.items() if path not in changed}
        old = {
            change.path_before: change.blob
            for change in self.changes
            if change.path_before is not None and change.blob is not None and is_scanned(change.path_before)
        }
        readings = self._readings(sorted(set(old.values())), contents, cache)
        found = {path: readings.get(blob) for path, blob in old.items()}
        return before | {path: reading for path, reading in found.items() if isinstance(reading, FileFacts)}

    def _readings(self, blobs: list[str], contents: Contents, cache: Cache) -> dict[str, Reading]:
        """What each blob says of itself; those that are too large say nothing."""
        with _told_if_partial(self.git, self.commit):
            sources = {
                blob: source
                for blob, source in read_blobs(self.git, blobs)
                if source is not None and len(source) <= LARGEST_SOURCE
            }
        digests = {blob: digest_of(source) for blob, source in sources.items()}
        readings = contents.readings_of({digests[blob]: source for blob, source in sources.items()}, cache)
        return {blob: readings[digest] for blob, digest in digests.items()}


def base_of(project: Path, revision: str) -> Base:
    """What a branch began at: the merge base of a revision and HEAD.

    Raises UsageError for what names no commit or shares no history with HEAD, NotARepository, CannotGoOn.
    """
    git = Git.find(project)
    if git is None or git.is_bare:
        raise NotARepository(f"{project} is in no git working tree", "--diff compares with a commit")
    is_shallow = git.say("rev-parse", "--is-shallow-repository") == "true"
    commit, head = git.commit_of(revision), git.head()
    if head is None and names_a_commit(git):
        raise CannotGoOn("HEAD's commit cannot be read", "git fsck tells what is damaged")
    if commit is None or head is None:
        hint = "fetch it first: this is a shallow clone" if is_shallow else "--diff takes a branch, a tag or a commit"
        raise UsageError(f"{revision!r} names no commit here", hint)
    base = git.merge_base(commit, head)
    if base is None and is_shallow:
        raise CannotGoOn(
            f"where {revision} and HEAD parted is not in this shallow clone",
            "run git fetch --unshallow (in CI: check out with the whole history)",
        )
    if base is None:
        raise UsageError(f"{revision} and HEAD have no commit in common", "--diff compares with where a branch began")
    with _told_if_partial(git, base):
        return Base(git, base, (*_tracked_changes(git, base), *_untracked(git)))


@contextmanager
def _told_if_partial(git: Git, base: str) -> Iterator[None]:
    """Says what is missing where git refuses because it may not fetch. Raises CannotGoOn."""
    try:
        yield
    except GitFailed as refusal:
        if not git.ask("config", "--get-regexp", r"^remote\..*\.promisor$", fine=(0, 1)):
            raise
        raise CannotGoOn(
            f"this partial clone does not hold all files as they were at {base[:10]}",
            f"run git diff {base[:10]} once, which fetches them",
        ) from refusal


def _tracked_changes(git: Git, base: str) -> Iterator[Change]:
    listing = git.ask(
        "diff", "--raw", "-z", "-M", "--no-abbrev", "--relative", "--no-ext-diff", "--no-textconv",
        "--ignore-submodules=all", base, "--", *_SOURCES, env=_GLOBS,
    )  # fmt: skip
    words = iter(listing.split(b"\0")[:-1])
    for about in words:
        mode, mode_now, blob, _, status = about.removeprefix(b":").decode("ascii").split(" ")
        path = os.fsdecode(next(words))
        path_now = os.fsdecode(next(words)) if status[0] in "RC" else path
        if status[0] == "U":  # its own line tells what the working tree holds
            continue
        was_file, is_file = mode.startswith("100"), mode_now.startswith("100")
        if was_file and is_file and status == "M" and _still_holds(git.folder / path, blob):
            continue
        if was_file or is_file:
            yield Change(path_now if is_file else None, path if was_file else None, blob if was_file else None)


def _still_holds(file: Path, blob: str) -> bool:
    """Whether a file that git calls modified was only saved, copied or checked out anew: git would have to write its
    index to know better. Line ends may have been translated."""
    source = read_source(file)
    return isinstance(source, bytes) and any(is_blob(one, blob) for one in (source, source.replace(b"\r\n", b"\n")))


def _untracked(git: Git) -> Iterator[Change]:
    """Files git would take in at the next add; what it ignores is no part of a branch."""
    listing = git.ask("ls-files", "--others", "--exclude-standard", "-z", "--", *_SOURCES, env=_GLOBS)
    return (Change(os.fsdecode(name), None, None) for name in listing.split(b"\0")[:-1])
