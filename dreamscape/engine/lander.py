"""RepositoryLander: keeps `domain.ports.Lander` by the user's choice of branch, commit or patch."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from dreamscape.domain.errors import CannotGoOn
from dreamscape.domain.repair import Landing
from dreamscape.engine.branches import heal_branches
from dreamscape.engine.landing import (
    PATCHES,
    Change,
    branch_of,
    land_as_patch,
    land_on_branch,
    land_on_head,
    move_ref,
)
from dreamscape.engine.waiting import waiting_patches
from dreamscape.tools.files import STATE_FOLDER
from dreamscape.tools.git import Git

Tree = Mapping[str, bytes | None]


class RepositoryLander:
    """Lands one run's changes, each on top of the one before."""

    def __init__(self, project: Path, git: Git | None, mode: str, run: str, base: str | None) -> None:
        """``base`` is the commit tests and repairs rest on; without a repository ``mode`` must be patch."""
        self.mode = mode
        self._project = project
        self._git = git
        self._run = run
        self.base = base
        self._tip = base
        self._has_moved = False

    def land(
        self,
        changes: Mapping[str, bytes],
        before: Mapping[str, bytes],
        subject: str,
        trailers: Sequence[tuple[str, str]],
    ) -> Landing:
        """Puts the change where the user wants it. Raises HeadMoved, CannotGoOn, DiskFull; then nothing has landed."""
        change = Change(self._run, dict(changes), subject, trailers=tuple(trailers))
        if self.mode == "patch" or self._git is None:
            return land_as_patch(self._project, self._git, change, before)
        assert self._tip is not None
        if self._has_moved:
            self._refuse_edited(self._git, self._tip, changes, before)
        landing = (land_on_branch if self.mode == "branch" else land_on_head)(self._git, change, self._tip)
        self._tip = landing.commit
        if self.mode == "commit":
            self.base = self._tip
        return landing

    def catch_up(self) -> None:
        """Takes HEAD as it is now for the place to land on; what was proven before has to be proven again."""
        assert self._git is not None
        self.base = self._tip = self._git.head()
        self._has_moved = True

    def take_back(self, landing: Landing) -> None:
        """Undoes this run's latest landing: the branch goes back by one, a commit is reverted, a patch is removed."""
        if landing.commit is None or self._git is None:
            (self._project / landing.ref).unlink(missing_ok=True)
            return
        parent = self._git.commit_of(f"{landing.commit}~1")
        assert parent is not None
        if self.mode == "branch":
            goes_away = parent == self.base
            ref = f"refs/heads/{branch_of(self._run)}"
            move_ref(self._git, ref, None if goes_away else parent, landing.commit, "dreamscape: take back")
            self._tip = parent
            return
        held = self._git.files_at(parent, landing.files)
        reverted: dict[str, bytes | None] = {path: held.get(path) for path in landing.files}
        change = Change(self._run, reverted, "Take back a repair that broke other tests")
        self.base = self._tip = land_on_head(self._git, change, landing.commit).commit

    @staticmethod
    def _refuse_edited(git: Git, tip: str, changes: Mapping[str, bytes], before: Mapping[str, bytes]) -> None:
        """A change is of whole files: landed over somebody's edits of the same file, it would take them back."""
        there = git.files_at(tip, changes)
        if edited := sorted(path for path in changes if there.get(path) != before.get(path)):
            raise CannotGoOn(f"meanwhile somebody edited {', '.join(edited)}", "heal again")

    def unmerged(self) -> tuple[tuple[str, Tree], ...]:
        """What earlier runs landed and nobody has taken yet, with what taking it brings; conflicts are left out.

        That is each heal branch, and where patches are wished the patch files, all of them as one.
        """
        waiting = heal_branches(self._git) if self._git else ()
        found = [(b.name, b.changes) for b in waiting if b.changes and b.name != branch_of(self._run)]
        if self.mode == "patch":
            folder = self._project / STATE_FOLDER / PATCHES
            if changes := waiting_patches(folder, self._git.prefix if self._git else "", self._files):
                found.append((f"a patch under {folder.relative_to(self._project)}", changes))
        return tuple(found)

    def _files(self, paths: Collection[str]) -> Mapping[str, bytes]:
        """Files of the base."""
        if self._git is not None and self.base is not None:
            return self._git.files_at(self.base, paths)
        return {path: (self._project / path).read_bytes() for path in paths if (self._project / path).is_file()}
