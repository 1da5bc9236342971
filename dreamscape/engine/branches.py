"""What became of earlier landings: which still wait for a merge, which were merged, which were thrown away."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from dreamscape.domain.errors import CannotGoOn
from dreamscape.domain.records import LandingRecord
from dreamscape.engine.landing import EMAIL
from dreamscape.tools.git import Git
from dreamscape.tools.git_process import run_git

HEAL_BRANCHES = "dreamscape/heal-*"


class Conflict(CannotGoOn):
    """Later edits of the same lines are in the way."""


@dataclass(frozen=True, slots=True)
class HealBranch:
    """A branch of ours that is not merged into HEAD.

    ``changes`` is what merging it would bring: HEAD's files with the branch's edits in, path -> bytes (None: deleted);
    empty where HEAD has them all. ``conflicts`` says why it cannot be told, else ``""``.
    """

    name: str
    tip: str
    base: str
    changes: Mapping[str, bytes | None]
    conflicts: str = ""


class LandingFate(Enum):
    """Where a landing ended up."""

    AWAITING = "awaiting"
    """On its branch (or in its patch file), not merged."""
    MERGED = "merged"
    """In HEAD, by merge, rebase, squash or cherry-pick."""
    REJECTED = "rejected"
    """Its branch or patch file is gone, and HEAD does not have it."""
    UNDONE = "undone"


def heal_branches(git: Git) -> tuple[HealBranch, ...]:
    """The unmerged `dreamscape/heal-*` branches, by name."""
    head = git.head()
    if head is None:
        return ()
    return tuple(_seen_from(git, head, name, tip) for name, tip in sorted(git.unmerged_branches(HEAL_BRANCHES).items()))


def fate(git: Git | None, project: Path, landing: LandingRecord) -> LandingFate:
    """What became of one landing."""
    if landing.undone:
        return LandingFate.UNDONE
    if landing.mode == "patch" or git is None:
        return LandingFate.AWAITING if (project / landing.ref).is_file() else LandingFate.REJECTED
    if is_in_head(git, landing):
        return LandingFate.MERGED
    tip = git.commit_of(f"refs/heads/{landing.ref}")
    still_there = tip is not None and landing.commit is not None and git.is_ancestor(landing.commit, tip)
    return LandingFate.AWAITING if still_there else LandingFate.REJECTED


def is_in_head(git: Git, landing: LandingRecord) -> bool:
    """Whether HEAD has a landing's change: its commit, or all its edits by another road (squash, rebase, by hand)."""
    if landing.commit is None or git.commit_of(landing.commit) is None:
        return False
    if git.is_ancestor(landing.commit, "HEAD"):
        return True
    before, after, there = (
        git.blobs(commit, landing.files) for commit in (f"{landing.commit}^", landing.commit, "HEAD")
    )
    if there in (before, after):
        return there == after
    try:
        return not replayed(git, f"{landing.commit}^", landing.commit, "HEAD", landing.files)
    except Conflict:
        return False


def replayed(git: Git, old: str, new: str, onto: str, paths: Collection[str]) -> dict[str, bytes | None]:
    """What the step from ``old`` to ``new`` changes on top of ``onto``: path -> bytes, None where it deletes.

    Empty where ``onto`` has it already. Raises Conflict, naming the files, where other edits are in the way.
    """
    before, after, there = (git.files_at(commit, paths) for commit in (old, new, onto))
    changes: dict[str, bytes | None] = {}
    stuck: list[str] = []
    for path in sorted(paths):
        base, theirs, ours = before.get(path), after.get(path), there.get(path)
        if ours == theirs or base == theirs:
            continue
        if ours == base:
            changes[path] = theirs
        elif base is None or theirs is None or ours is None or (merged := _merged(ours, base, theirs)) is None:
            stuck.append(path)
        elif merged != ours:
            changes[path] = merged
    if stuck:
        raise Conflict(f"other edits are in the way in {', '.join(stuck)}", "settle it by hand")
    return changes


def is_ours(git: Git, commit: str) -> bool:
    """Whether Dreamscape made this commit."""
    return git.say("show", "--no-patch", "--format=%ce", commit) == EMAIL


def _seen_from(git: Git, head: str, name: str, tip: str) -> HealBranch:
    base = git.merge_base(head, tip)
    if base is None:
        return HealBranch(name, tip, "", {}, "it shares no history with HEAD")
    try:
        return HealBranch(name, tip, base, replayed(git, base, tip, head, tuple(git.changes_between(base, tip))))
    except Conflict as conflict:
        return HealBranch(name, tip, base, {}, conflict.message)


def _merged(ours: bytes, base: bytes, theirs: bytes) -> bytes | None:
    """Three versions of a file made one by git's own merge; None where they conflict or hold binary content."""
    with tempfile.TemporaryDirectory(prefix="dreamscape-merge-") as name:
        files = [Path(name, side) for side in ("ours", "base", "theirs")]
        for file, content in zip(files, (ours, base, theirs), strict=True):
            file.write_bytes(content)
        ran = run_git(["merge-file", "-p", *map(str, files)], Path(name))
    return ran.stdout if ran.returncode == 0 else None
