"""Git by subprocess: what a project's repository holds, asked so that neither its settings nor ours can interfere.

Paths go in and come out relative to the project's folder (posix, undecodable bytes as surrogates), also where that
folder lies below the repository's root. Nothing here writes to the working tree, the index or a branch.
"""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

from dreamscape.tools.git_log import LOG_FORMAT, Commit, FileChange, parse_log
from dreamscape.tools.git_process import GitFailed, is_installed, refusal, run_git

__all__ = ["BaseState", "Commit", "FileChange", "Git", "Scratch"]

_LINK, _SUBMODULE = "120000", "160000"


@dataclass(frozen=True, slots=True)
class BaseState:
    """What must be laid over the working tree to see HEAD's version of the tracked files.

    ``overrides`` maps paths to HEAD's content as a checkout would write it; those of ``executable`` bear the exec bit.
    ``notes`` are sentences about what is not seen (links and submodules that differ).
    """

    overrides: Mapping[str, bytes | None]
    executable: frozenset[str]
    notes: tuple[str, ...]


class Git:
    """The repository around one project folder. Every method raises GitFailed where git refuses."""

    def __init__(self, folder: Path, root: Path, git_dir: Path, *, is_bare: bool = False) -> None:
        self.folder = folder
        self.root = root
        self.git_dir = git_dir
        self.is_bare = is_bare
        self.prefix = "" if is_bare or folder == root else folder.relative_to(root).as_posix() + "/"

    @classmethod
    def find(cls, folder: Path) -> Git | None:
        """The repository ``folder`` lies in (itself or above); None if there is none, or no git on this machine.

        Raises GitFailed where git finds one but refuses it (another user's, a broken one).
        """
        folder = folder.resolve()
        if not is_installed() or not folder.is_dir():
            return None
        asked = run_git(["rev-parse", "--is-bare-repository", "--is-inside-git-dir", "--absolute-git-dir"], folder)
        if asked.returncode:
            if b"not a git repository" in asked.stderr:
                _refuse_unreadable(folder)
                return None
            raise refusal("rev-parse", asked.stderr)
        bare, inside, git_dir = os.fsdecode(asked.stdout).rstrip("\n").split("\n", 2)
        if bare == "true":
            return cls(folder, folder, Path(git_dir), is_bare=True)
        if inside == "true":
            return None
        root = Path(os.fsdecode(run_git(["rev-parse", "--show-toplevel"], folder).stdout).rstrip("\n")).resolve()
        # A repository's own core.worktree may point anywhere; then this folder is not its.
        return cls(folder, root, Path(git_dir)) if folder.is_relative_to(root) else None

    def ask(
        self,
        *words: str,
        stdin: bytes = b"",
        env: Mapping[str, str] | None = None,
        fine: Collection[int] = (0,),
        settings: Sequence[str] = (),
    ) -> bytes:
        """What `git WORDS` prints. ``fine`` lists the exit codes that are no refusal; other than 0 gives ``b""``."""
        ran = run_git([*self._without_local_filters, *settings, *words], self.folder, stdin, env)
        if ran.returncode not in fine:
            raise refusal(words[2] if words[0] == "-C" else words[0], ran.stderr)
        return ran.stdout if ran.returncode == 0 else b""

    def say(self, *words: str, fine: Collection[int] = (0,)) -> str:
        """Like `ask`, for one line of text; ``""`` where there is none."""
        return os.fsdecode(self.ask(*words, fine=fine)).rstrip("\n")

    # Where HEAD stands

    def head(self) -> str | None:
        """HEAD's commit; None in a repository without one."""
        return self.commit_of("HEAD")

    def commit_of(self, name: str) -> str | None:
        """The commit a branch, tag or revision names; None if there is none."""
        return (
            self.say("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}", fine=(0, 1, 128))
            or None
        )

    def branch(self) -> str | None:
        """The current branch's short name; None if HEAD is detached."""
        full = self.say("symbolic-ref", "--quiet", "HEAD", fine=(0, 1))
        return full.removeprefix("refs/heads/") or None

    def tags_at(self, name: str = "HEAD") -> tuple[str, ...]:
        """Tags on a commit, sorted by name."""
        return tuple(sorted(self.say("tag", "--points-at", name).split()))

    def previous_tag(self, name: str = "HEAD") -> str | None:
        """The nearest tag before a commit, its own not counted; None if there is none."""
        if self.commit_of(f"{name}^") is None:
            return None
        return self.say("describe", "--tags", "--abbrev=0", f"{name}^", fine=(0, 128)) or None

    def latest_tag(self, name: str = "HEAD") -> str | None:
        """The nearest tag at or before a commit; None if there is none."""
        return self.say("describe", "--tags", "--abbrev=0", name, fine=(0, 128)) or None

    def is_ancestor(self, earlier: str, later: str) -> bool:
        """Whether ``later`` contains ``earlier`` (False also where one of them is not there)."""
        ran = run_git(["merge-base", "--is-ancestor", earlier, later], self.folder)
        return ran.returncode == 0

    def merge_base(self, one: str, other: str) -> str | None:
        """The best common ancestor; None for histories that never met."""
        return self.say("merge-base", one, other, fine=(0, 1)) or None

    def unmerged_branches(self, pattern: str = "dreamscape/heal-*") -> dict[str, str]:
        """Branches that match and are not contained in HEAD: short name -> tip; those of remotes, which a clone in CI
        has alone, as ``origin/NAME`` where there is no local one of that name."""
        places = (f"refs/heads/{pattern}", f"refs/remotes/*/{pattern}")
        words = ["for-each-ref", "--format=%(refname)%00%(objectname)", *places]
        if self.head() is not None:
            words.insert(1, "--no-merged=HEAD")
        tips = dict(line.split("\0") for line in self.say(*words).splitlines())
        local = {name.removeprefix("refs/heads/"): tip for name, tip in tips.items() if name.startswith("refs/heads/")}
        remote = {name.removeprefix("refs/remotes/"): tip for name, tip in tips.items() if name.startswith("refs/r")}
        return local | {name: tip for name, tip in remote.items() if name.partition("/")[2] not in local}

    def checked_out(self) -> dict[str, Path]:
        """Branches that some working tree is on: short name -> its folder."""
        found: dict[str, Path] = {}
        folder = self.root
        for line in self.say("worktree", "list", "--porcelain").splitlines():
            if line.startswith("worktree "):
                folder = Path(line.removeprefix("worktree "))
            elif line.startswith("branch refs/heads/"):
                found[line.removeprefix("branch refs/heads/")] = folder
        return found

    def unfinished(self) -> str | None:
        """The merge, rebase or the like that is under way, in a word; None if there is none."""
        marks = {
            "MERGE_HEAD": "merge", "CHERRY_PICK_HEAD": "cherry-pick", "REVERT_HEAD": "revert",
            "rebase-merge": "rebase", "rebase-apply": "rebase", "BISECT_LOG": "bisect",
        }  # fmt: skip
        return next((word for mark, word in marks.items() if (self.git_dir / mark).exists()), None)

    # What a commit holds

    def tracked(self, commit: str = "HEAD") -> frozenset[str]:
        """Paths of the files in a commit (below the project's folder)."""
        return frozenset(_texts(self.ask("ls-tree", "-r", "-z", "--name-only", commit)))

    def is_tracked(self, path: str) -> bool:
        """Whether the index knows this file."""
        return bool(self.ask("ls-files", "-z", "--error-unmatch", "--", path, fine=(0, 1)))

    def mode(self, commit: str, path: str) -> str | None:
        """A path's mode in a commit (100644, 100755, 120000 link, 160000 submodule, 040000 folder); None if absent."""
        return self.say("ls-tree", "--full-tree", "-z", commit, "--", self.prefix + path)[:6] or None

    def blobs(self, commit: str, paths: Collection[str]) -> dict[str, str]:
        """Path -> name of the content it has in a commit (equal names, equal bytes); absent ones left out."""
        places = [self.prefix + path for path in paths]
        listing = self.ask("ls-tree", "--full-tree", "-z", commit, "--", *places) if places else b""
        entries = (entry.split("\t", 1) for entry in _texts(listing))
        return {self._below(path): words.split(" ")[2] for words, path in entries}

    def read(self, commit: str, path: str) -> bytes | None:
        """A file's bytes as stored in a commit (no conversion); None if it is not there."""
        if self.mode(commit, path) in (None, "040000", _SUBMODULE):
            return None
        return self.ask("cat-file", "blob", f"{commit}:{self.prefix}{path}")

    def files_at(self, commit: str, paths: Collection[str]) -> dict[str, bytes]:
        """The files as a checkout of ``commit`` would write them (line endings, filters); no links, no absent ones."""
        return {path: content for path, (content, _) in self._checkout(commit, paths).items()}

    def changes_between(self, old: str, new: str) -> dict[str, bytes | None]:
        """What turns a checkout of ``old`` into one of ``new``: path -> bytes, None where deleted; links left out."""
        words = _texts(self.ask("diff-tree", "-r", "-z", "--no-renames", "--relative", "--name-status", old, new))
        statuses = dict(zip(words[1::2], words[::2], strict=True))
        written = self.files_at(new, [path for path, status in statuses.items() if status != "D"])
        return {path: written.get(path) for path, status in statuses.items() if status == "D" or path in written}

    def diff(self, old: str, new: str) -> bytes:
        """The patch from one commit or tree to another, as `git apply` takes it."""
        return self.ask(
            "diff-tree", "-p", "-r", "--binary", "--full-index", "--no-renames", "--no-ext-diff", "--no-textconv",
            "--relative", old, new,
        )  # fmt: skip

    def log(self, *revisions: str, since: datetime | None = None) -> tuple[Commit, ...]:
        """Commits, newest first, with the files they changed; ``revisions`` such as ``v1..HEAD`` (default HEAD)."""
        if not revisions and self.head() is None:
            return ()
        limits = [f"--since={since.astimezone(UTC).isoformat()}"] if since else []
        return parse_log(
            self.ask(
                "log", "-z", "--encoding=UTF-8", "--no-show-signature", "--no-ext-diff", "--name-status", "-M",
                "--relative", f"--format={LOG_FORMAT}", *limits,
                "--end-of-options", *(revisions or ("HEAD",)), "--", *([self.prefix and "."] if self.prefix else []),
            )
        )  # fmt: skip

    # How the working tree differs

    def dirty(self) -> tuple[str, ...]:
        """Tracked files with staged or unstaged edits, of the whole repository, relative to its root."""
        return tuple(path for path, *_ in self._status(":/"))

    def base_overrides(self) -> Mapping[str, bytes | None]:
        """`base_state` without its notes: what must be laid over the working tree to see HEAD's version."""
        return self.base_state().overrides

    def base_against(self, commit: str) -> Mapping[str, bytes | None]:
        """What must be laid over the working tree to see the tracked files of another commit."""
        head = self.head()
        moved = self.changes_between(head, commit) if head is not None and head != commit else {}
        return {**self.base_overrides(), **moved}

    def base_state(self) -> BaseState:
        """What must change in the working tree to see HEAD's version of the tracked files; nothing is changed.

        A deleted file is restored, an edit (staged or not, hidden by assume-unchanged or skip-worktree or not) taken
        back; a file that is only staged counts as untracked and is left as it stands.
        """
        if self.head() is None:
            return BaseState({}, frozenset(), ())
        modes = {self._below(path): mode for path, mode in self._status(".")}
        modes |= {path: self.mode("HEAD", path) or "000000" for path in self._hidden_edits() if path not in modes}
        odd = sorted(path for path, mode in modes.items() if mode in (_LINK, _SUBMODULE))
        files = self._checkout("HEAD", [path for path, mode in modes.items() if mode.startswith("100")])
        return BaseState(
            overrides={path: content for path, (content, _) in sorted(files.items())},
            executable=frozenset(path for path, (_, is_executable) in files.items() if is_executable),
            notes=tuple(f"{path} is a link or a submodule that differs from HEAD: used as it stands" for path in odd),
        )

    def _status(self, where: str) -> list[tuple[str, str]]:
        """(path from the root, mode in HEAD or 000000) of every tracked file that differs from HEAD."""
        listing = self.ask(
            "status", "--porcelain=v2", "-z", "--untracked-files=no", "--ignore-submodules=all", "--no-renames",
            "--", str(self.root) if where == ":/" else ".",
        )  # fmt: skip
        found = []
        for entry in _texts(listing):
            if entry.startswith("1 "):
                fields = entry.split(" ", 8)
                found.append((fields[8], fields[3]))
            elif entry.startswith("u "):
                path = entry.split(" ", 10)[10]
                mode = self.say("ls-tree", "--full-tree", "-z", "HEAD", "--", path)[:6]
                found.append((path, mode or "000000"))
        return found

    def _hidden_edits(self) -> list[str]:
        """Files whose edits `git status` was told not to see; a sparse checkout's missing ones stay missing."""
        flagged = (entry for entry in _texts(self.ask("ls-files", "-v", "-z")) if entry[0].islower() or entry[0] == "S")
        return [entry[2:] for entry in flagged if (self.folder / entry[2:]).is_file()]

    def _below(self, path: str) -> str:
        return path.removeprefix(self.prefix)

    # A commit laid out somewhere else

    @contextlib.contextmanager
    def scratch(self, commit: str) -> Iterator[Scratch]:
        """An empty working folder and an index of its own that holds ``commit``; gone after the block."""
        with tempfile.TemporaryDirectory(prefix="dreamscape-git-") as name:
            scratch = Scratch(self, Path(name, "tree"), Path(name, "index"))
            scratch.folder.mkdir()
            scratch.ask("read-tree", commit)
            yield scratch

    def _checkout(self, commit: str, paths: Collection[str]) -> dict[str, tuple[bytes, bool]]:
        """Path -> bytes and whether it is executable, as git itself would write them."""
        if not paths:
            return {}
        known = self.tracked(commit)
        wanted = [path for path in paths if path in known]
        found: dict[str, tuple[bytes, bool]] = {}
        with self.scratch(commit) as scratch:
            scratch.ask("checkout-index", "-z", "--stdin", "--quiet", stdin=self.listing(wanted))
            for path in wanted:
                file = scratch.folder / (self.prefix + path)
                if not file.is_symlink() and file.is_file():
                    found[path] = (file.read_bytes(), bool(file.stat().st_mode & stat.S_IXUSR))
        return found

    def listing(self, paths: Iterable[str]) -> bytes:
        """Paths as git reads them from standard input with ``-z``, counted from the repository's root."""
        return b"".join(os.fsencode(self.prefix + path) + b"\0" for path in paths)

    @cached_property
    def local_filters(self) -> frozenset[str]:
        """Filter drivers the repository's own configuration defines: programs, so they are never run."""
        listing = run_git(
            ["config", "--show-scope", "--name-only", "-z", "--get-regexp", r"^filter\..*\.(clean|smudge|process)$"],
            self.folder,
        )
        words = _texts(listing.stdout)
        keys = (key for scope, key in zip(words[::2], words[1::2], strict=True) if scope in ("local", "worktree"))
        return frozenset(key.removeprefix("filter.").rpartition(".")[0] for key in keys)

    @cached_property
    def _without_local_filters(self) -> tuple[str, ...]:
        if any("=" in name for name in self.local_filters):
            raise GitFailed("this repository's configuration names a filter with '=' in it", "rename that filter")
        ends = ("clean=", "smudge=", "process=", "required=false")
        return tuple(
            word for name in sorted(self.local_filters) for end in ends for word in ("-c", f"filter.{name}.{end}")
        )


@dataclass(frozen=True, slots=True)
class Scratch:
    """A commit's index with an empty working folder; git there knows the commit's attributes, not the user's tree."""

    git: Git
    folder: Path
    index: Path

    def ask(self, *words: str, stdin: bytes = b"", env: Mapping[str, str] | None = None) -> bytes:
        """Like `Git.ask`, inside the scratch folder."""
        places = {
            "GIT_DIR": str(self.git.git_dir),
            "GIT_WORK_TREE": str(self.folder),
            "GIT_INDEX_FILE": str(self.index),
        }
        exact = ("-c", "core.fileMode=true", "-c", "core.symlinks=true", "-C", str(self.folder))
        return self.git.ask(*words, stdin=stdin, env={**places, **(env or {})}, settings=exact)


def _refuse_unreadable(folder: Path) -> None:
    """Git takes a repository it may not read for none at all. Raises GitFailed."""
    for place in (each / ".git" for each in (folder, *folder.parents)):
        if os.path.lexists(place) and not os.access(place, os.R_OK | os.X_OK if place.is_dir() else os.R_OK):
            raise GitFailed(f"{place}: permission denied", "make it readable for the user who runs this")


def _texts(listing: bytes) -> list[str]:
    """The entries of a NUL-ended listing."""
    return [os.fsdecode(entry) for entry in listing.split(b"\0")[:-1]]
