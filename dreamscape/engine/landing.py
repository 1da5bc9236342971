"""Landing: the only hand that writes to the user's repository. A proven change goes in, a `Landing` comes out.

Three ways: a commit on a branch of ours (the user's tree, index and stash are never touched), a commit on the current
branch if its tree is clean, or a patch file. Every commit is made by plumbing with Dreamscape's own identity, without
hooks or signing, and a branch moves only if it still is where the change was proven.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from dreamscape.domain.errors import CannotGoOn
from dreamscape.domain.repair import Landing
from dreamscape.engine.patches import patch_of
from dreamscape.tools.files import atomic_write, explained, private_folder, state_folder
from dreamscape.tools.git import Git, Scratch
from dreamscape.tools.git_process import GitFailed

PATCHES = "patches"
"""The folder of patch files in a project's state folder."""

NAME, EMAIL = "Dreamscape", "dreamscape@localhost"
_IDENTITY = {
    "GIT_AUTHOR_NAME": NAME,
    "GIT_AUTHOR_EMAIL": EMAIL,
    "GIT_COMMITTER_NAME": NAME,
    "GIT_COMMITTER_EMAIL": EMAIL,
}
_FILE_MODES = (None, "100644", "100755")


class HeadMoved(CannotGoOn):
    """The branch is no longer where the change was proven; prove it again on top of the new head."""


@dataclass(frozen=True, slots=True)
class Change:
    """What one landing puts into the repository.

    ``files`` maps paths (relative to the project) to their new bytes as they stand in a working tree, None deletes.
    ``trailers`` end the commit message as ``Key: value`` lines.
    """

    run: str
    files: Mapping[str, bytes | None]
    subject: str
    body: str = ""
    trailers: tuple[tuple[str, str], ...] = ()

    @property
    def paths(self) -> tuple[str, ...]:
        """The changed files, sorted."""
        return tuple(sorted(self.files))

    @property
    def message(self) -> bytes:
        """The commit message; nothing in a test's name can break out of its line."""
        lines = [f"{key}: {' '.join(value.split())}" for key, value in self.trailers]
        parts = [" ".join(self.subject.split()), self.body.strip(), "\n".join(lines)]
        text = "\n\n".join(part for part in parts if part).replace("\0", "\\0")
        return text.encode("utf-8", "backslashreplace") + b"\n"


def branch_of(run: str) -> str:
    """The short name of the branch a run lands on."""
    return f"dreamscape/heal-{run}"


def land_on_branch(git: Git, change: Change, expected: str) -> Landing:
    """One commit on the run's own branch, which begins at ``expected`` or must stand there.

    Raises HeadMoved where the branch stands elsewhere; CannotGoOn where it is checked out, a path is not safe or
    nothing changes.
    """
    name = branch_of(change.run)
    ref = f"refs/heads/{name}"
    tip = git.commit_of(ref)
    if tip not in (None, expected):
        raise HeadMoved(f"{name} stands at {str(tip)[:10]}, not at {expected[:10]} where this was proven")
    if git.commit_of("refs/heads/dreamscape"):
        raise CannotGoOn("a branch called dreamscape leaves no room for dreamscape/...", "rename that branch")
    if folder := git.checked_out().get(name):
        raise CannotGoOn(f"{name} is checked out in {folder}", "switch that folder to another branch")
    commit = commit_on(git, change, expected)
    move_ref(git, ref, commit, tip, f"dreamscape: {change.subject}")
    return _landing(git, change, commit, name, expected)


def land_on_head(git: Git, change: Change, expected: str) -> Landing:
    """One commit on the current branch; the changed files and the index follow, so that the tree is clean again.

    Raises HeadMoved where HEAD is no longer ``expected``; CannotGoOn where HEAD is no branch, the tree is not clean,
    a path is not safe, an untracked file is in the way or nothing changes. Then nothing has changed.
    """
    branch = git.branch()
    if branch is None:
        raise CannotGoOn("HEAD is detached, so there is no branch to commit to", "check out a branch, or land on one")
    if git.head() != expected:
        raise HeadMoved(f"{branch} stands at {str(git.head())[:10]}, not at {expected[:10]} where this was proven")
    _refuse_unclean(git, change)
    commit = commit_on(git, change, expected)
    before = {path: _read(git.folder / path) for path in change.paths}
    try:
        _write_tree(git, change.files)
        move_ref(git, f"refs/heads/{branch}", commit, expected, f"dreamscape: {change.subject}")
    except BaseException:
        # An interruption may come just after the branch has moved: then the files belong to it.
        if git.head() != commit:
            _write_tree(git, before)
        raise
    return _landing(git, change, commit, branch, expected)


def land_as_patch(project: Path, git: Git | None, change: Change, before: Mapping[str, bytes]) -> Landing:
    """A patch file under `.dreamscape/patches/`, from the bytes ``before`` to the change; nothing else is written.

    A run's second patch builds on its first, and so on. Names in it count from the repository's root, or from the
    project where there is no repository. Raises CannotGoOn, DiskFull.
    """
    for path in change.paths:
        _refuse_unsafe_name(path)
        _refuse_links(project, path)
    prefix = git.prefix if git else ""
    pieces = [
        patch_of(prefix + path, before.get(path), change.files[path], _disk_mode(project / path))
        for path in change.paths
    ]
    diff = b"".join(pieces)
    if not diff:
        raise CannotGoOn("the change is already there: nothing to land")
    file = _next_patch(private_folder(state_folder(project), PATCHES), change.run)
    preamble = b"".join(b"# " + line + b"\n" for line in change.message.rstrip(b"\n").split(b"\n"))
    atomic_write(file, preamble + b"\n" + diff)
    return Landing(None, file.relative_to(project).as_posix(), change.paths, diff.decode("utf-8", "replace"))


def commit_on(git: Git, change: Change, parent: str) -> str:
    """Makes the commit ``parent`` + change; no branch moves.

    Raises CannotGoOn where a path is not safe or nothing changes.
    """
    for path in change.paths:
        _refuse_unsafe_name(path)
        _refuse_what_is_no_file(git, parent, path)
    _refuse_local_filters(git, change.paths, parent)
    with git.scratch(parent) as scratch:
        for path, content in change.files.items():
            if content is not None:
                _lay_out(scratch, git, parent, path, content)
        scratch.ask("update-index", "-z", "--add", "--remove", "--stdin", stdin=git.listing(change.paths))
        tree = scratch.ask("write-tree").decode().strip()
        if tree == git.say("rev-parse", f"{parent}^{{tree}}"):
            raise CannotGoOn(f"the change is already in {parent[:10]}: nothing to land")
        made = scratch.ask("commit-tree", tree, "-p", parent, "-F", "-", stdin=change.message, env=_IDENTITY)
    return made.decode().strip()


def move_ref(git: Git, ref: str, new: str | None, old: str | None, why: str) -> None:
    """Compare-and-swap: ``old`` None creates, ``new`` None deletes. Raises HeadMoved where the ref is not ``old``."""
    nothing = "0" * len(new or old or "")
    words = ["update-ref", "-m", " ".join(why.split())]
    words += ["-d", ref, old or nothing] if new is None else [ref, new, old or nothing]
    try:
        git.ask(*words, env=_IDENTITY)
    except GitFailed as error:
        if git.commit_of(ref) != old:
            raise HeadMoved(f"{ref} has moved while this was landing") from error
        raise


def _landing(git: Git, change: Change, commit: str, ref: str, parent: str) -> Landing:
    return Landing(commit, ref, change.paths, git.diff(parent, commit).decode("utf-8", "replace"))


def _lay_out(scratch: Scratch, git: Git, parent: str, path: str, content: bytes) -> None:
    file = scratch.folder / (git.prefix + path)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    file.chmod(0o755 if git.mode(parent, path) == "100755" else 0o644)


def _write_tree(git: Git, files: Mapping[str, bytes | None]) -> None:
    """Makes working files and index hold these contents (None: gone)."""
    for path, content in files.items():
        file = git.folder / path
        with explained(file):
            if content is None:
                file.unlink(missing_ok=True)
            else:
                file.parent.mkdir(parents=True, exist_ok=True)
                atomic_write(file, content)
    git.ask("-C", str(git.root), "update-index", "-z", "--add", "--remove", "--stdin", stdin=git.listing(files))


def _refuse_unclean(git: Git, change: Change) -> None:
    if word := git.unfinished():
        raise CannotGoOn(f"a {word} is under way in this repository", "finish or abort it first")
    if dirty := git.dirty():
        named = ", ".join(dirty[:5]) + (" ..." if len(dirty) > 5 else "")
        raise CannotGoOn(f"uncommitted edits are in the way: {named}", "commit or stash them, or use --land branch")
    for path in change.paths:
        _refuse_links(git.folder, path)
        if os.path.lexists(git.folder / path) and not git.is_tracked(path):
            raise CannotGoOn(f"an untracked file is in the way: {path}", "move it away, or use --land branch")


def _refuse_unsafe_name(path: str) -> None:
    parts = path.split("/")
    if any(part in ("", ".", "..") or part.lower().rstrip(". ") == ".git" for part in parts) or "\0" in path:
        raise CannotGoOn(f"{path!r} lies outside the project or inside .git: not written")


def _refuse_links(project: Path, path: str) -> None:
    parents = [project / part for part in PurePosixPath(path).parents if part != PurePosixPath(".")]
    if any(place.is_symlink() for place in (project / path, *parents)):
        raise CannotGoOn(f"{path} is, or lies behind, a symbolic link: not written")


def _refuse_what_is_no_file(git: Git, commit: str, path: str) -> None:
    if git.mode(commit, path) not in _FILE_MODES:
        raise CannotGoOn(f"{path} is a link, a folder or a submodule: not written")
    for part in PurePosixPath(path).parents:
        if part != PurePosixPath(".") and git.mode(commit, str(part)) not in (None, "040000"):
            raise CannotGoOn(f"{path} lies behind a link or a submodule: not written")


def _refuse_local_filters(git: Git, paths: tuple[str, ...], commit: str) -> None:
    """Storing such a file takes a program the repository's own configuration names, and that is not run."""
    if not git.local_filters:
        return
    with git.scratch(commit) as scratch:
        words = scratch.ask("check-attr", "-z", "--stdin", "filter", stdin=git.listing(paths)).decode().split("\0")
    if filtered := sorted(set(words[2::3]) & git.local_filters):
        raise CannotGoOn(
            f"files of this change pass through the filter {filtered[0]!r}, set by the repository itself",
            "define the filter in your own git configuration (git config --global), or use --land patch",
        )


def _next_patch(folder: Path, run: str) -> Path:
    name, number = f"{run}.patch", 1
    while (folder / name).exists():
        number += 1
        name = f"{run}-{number}.patch"
    return folder / name


def _disk_mode(file: Path) -> str:
    return "100755" if file.is_file() and file.stat().st_mode & 0o100 else "100644"


def _read(file: Path) -> bytes | None:
    return file.read_bytes() if file.is_file() else None
