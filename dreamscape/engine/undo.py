"""Taking a landing back, as long as nothing of anybody else's stands on it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from dreamscape.domain.errors import CannotGoOn
from dreamscape.domain.records import LandingRecord
from dreamscape.engine.branches import Conflict, is_ours, replayed
from dreamscape.engine.landing import Change, commit_on, land_on_head, move_ref
from dreamscape.tools.git import Git
from dreamscape.tools.git_process import is_installed, run_git

_MODES = ("branch", "commit", "patch")


def undo(
    project: Path, git: Git | None, chosen: Sequence[LandingRecord], kept: Sequence[LandingRecord] = ()
) -> Iterator[tuple[LandingRecord, str]]:
    """Takes ``chosen`` landings back, the newest first; yields each with a sentence as soon as it is undone.

    ``kept`` are landings of the same run that stay: on a branch that holds some, a chosen one is reverted by a commit;
    a branch that holds none is deleted. On the current branch a revert commit is added, a patch is reverse-applied (one
    that was never applied is only removed). Raises CannotGoOn naming what is in the way.
    """
    if git is None and any(landing.mode != "patch" for landing in chosen):
        raise CannotGoOn("there is no git repository here any more", "run this in the project the change landed in")
    newest_first = sorted((landing for landing in chosen if landing.undone is None), key=_age, reverse=True)
    by_mode = {mode: [landing for landing in newest_first if landing.mode == mode] for mode in _MODES}
    if git is not None:
        for ref in dict.fromkeys(landing.ref for landing in by_mode["branch"]):
            stays = any(landing.ref == ref and landing.undone is None for landing in kept)
            yield from _undo_on_branch(git, ref, [one for one in by_mode["branch"] if one.ref == ref], stays)
        for landing in by_mode["commit"]:
            yield landing, _revert_on_head(git, landing)
    for landing in by_mode["patch"]:
        yield landing, _undo_patch(project, git, landing)


def _age(landing: LandingRecord) -> tuple[object, int]:
    return landing.at, landing.id


def _undo_on_branch(
    git: Git, name: str, landings: Sequence[LandingRecord], others_stay: bool
) -> Iterator[tuple[LandingRecord, str]]:
    ref = f"refs/heads/{name}"
    tip = git.commit_of(ref)
    if merged := next((landing for landing in landings if git.is_ancestor(str(landing.commit), "HEAD")), None):
        raise CannotGoOn(f"{name} is merged already", f"take it back with: git revert {str(merged.commit)[:10]}")
    if tip is None:
        raise CannotGoOn(f"the branch {name} is gone: there is nothing to take back")
    if folder := git.checked_out().get(name):
        raise CannotGoOn(f"{name} is checked out in {folder}", "switch that folder to another branch")
    _refuse_foreign(git, name, tip, landings)
    if not others_stay:
        move_ref(git, ref, None, tip, "dreamscape: undo")
        yield from ((landing, f"the branch {name} is deleted") for landing in landings)
        return
    for landing in landings:
        commit = commit_on(git, _reversal(git, landing, tip), tip)
        move_ref(git, ref, commit, tip, "dreamscape: undo")
        tip = commit
        yield landing, f"reverted on {name} by {commit[:10]}"


def _refuse_foreign(git: Git, name: str, tip: str, landings: Sequence[LandingRecord]) -> None:
    """A branch may go only if everything on it since our first landing is ours."""
    first = landings[-1]
    if first.commit is None or first.before is None or not git.is_ancestor(first.commit, tip):
        raise CannotGoOn(f"{name} no longer holds what Dreamscape landed there", "look at it with: git log " + name)
    since = git.say("rev-list", f"{first.before}..{tip}").split()
    if foreign := [commit for commit in since if not is_ours(git, commit)]:
        raise CannotGoOn(f"{name} holds a commit that is not Dreamscape's: {foreign[0][:10]}", "move it away first")


def _revert_on_head(git: Git, landing: LandingRecord) -> str:
    head = git.head()
    if landing.commit is None or head is None or not git.is_ancestor(landing.commit, head):
        raise CannotGoOn(
            f"the current branch does not hold {str(landing.commit)[:10]}", f"check out {landing.ref} first"
        )
    landed = land_on_head(git, _reversal(git, landing, head), head)
    return f"reverted on {landed.ref} by {str(landed.commit)[:10]}"


def _reversal(git: Git, landing: LandingRecord, onto: str) -> Change:
    commit = str(landing.commit)
    try:
        files = replayed(git, commit, f"{commit}^", onto, landing.files)
    except Conflict as conflict:
        raise CannotGoOn(
            f"{commit[:10]} cannot be taken back: {conflict.message}",
            f"settle it by hand with: git revert {commit[:10]}",
        ) from conflict
    if not files:
        raise CannotGoOn(f"{commit[:10]} is taken back already: its change is no longer there")
    subject = git.say("show", "--no-patch", "--format=%s", commit)
    trailers = (("Dreamscape-Run", landing.run), ("Dreamscape-Item", landing.item))
    return Change(landing.run, files, f'Revert "{subject}"', f"This reverts commit {commit}.", trailers)


def _undo_patch(project: Path, git: Git | None, landing: LandingRecord) -> str:
    file = project / landing.ref
    if not file.is_file():
        raise CannotGoOn(f"the patch {landing.ref} is gone", "take the change back by hand")
    if not is_installed():
        raise CannotGoOn("git is not installed, so the patch cannot be reversed", f"try: patch -R -p1 < {landing.ref}")
    where = git.root if git else project
    refusal = _apply(where, file, "--check", "--reverse")
    if refusal is None:
        if refusal := _apply(where, file, "--reverse"):
            raise CannotGoOn(f"{landing.ref} could not be reversed: {refusal}")
        file.unlink()
        return f"{landing.ref} is reversed in the working tree and removed"
    if _apply(where, file, "--check") is None:
        file.unlink()
        return f"{landing.ref} was not applied; it is removed"
    raise CannotGoOn(f"{landing.ref} cannot be reversed: {refusal}", "take the change back by hand")


def _apply(where: Path, patch: Path, *words: str) -> str | None:
    """Git's reason for not applying, None where it did."""
    ceiling = {"GIT_CEILING_DIRECTORIES": str(where.parent)}
    ran = run_git(["apply", "--whitespace=nowarn", *words, str(patch)], where, env=ceiling)
    if ran.returncode == 0:
        return None
    first = ran.stderr.decode("utf-8", "replace").strip().splitlines() or ["no reason given"]
    return first[0].removeprefix("error: ")
