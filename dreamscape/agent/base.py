"""The base: what the project's files hold at HEAD, plus what landed since; paths go in, bytes come out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

Changes = Mapping[str, bytes | None]

LARGEST_SOURCE = 2_000_000
"""A source of more bytes is generated, and no repair would be read in it (chosen)."""

MANIFESTS = (
    "pyproject.toml",
    "setup.cfg",
    "setup.py",
    "Pipfile",
    "environment*.y*ml",
    "*requirements*",
    "requirements/*",
)
"""Where projects say what they depend on."""


class Base:
    """The tree every test run sees; grows with each landing and shrinks when one is taken back. Threads may share it,
    while one alone has it grow and shrink."""

    def __init__(self, project: Path, restored: Callable[[], Changes], editable: Iterable[str]) -> None:
        """``restored`` tells what brings edited files back to the base commit's version, asked anew each time since
        people go on working; ``editable`` are the paths a repair may change."""
        self._project = project
        self._restored = restored
        self._landed: tuple[Mapping[str, bytes], ...] = ()
        self.editable = frozenset(editable)

    def changes(self) -> dict[str, bytes | None]:
        """How the base differs from the files as they lie on disk."""
        merged: dict[str, bytes | None] = dict(self._restored())
        for landed in self._landed:
            merged.update(landed)
        return merged

    def changes_as_in(self, sources: Mapping[str, bytes]) -> dict[str, bytes | None]:
        """The same, as if nothing had landed since the files held ``sources``: for who began on an older base."""
        landed = {path for changes in self._landed for path in changes}
        return {**self.changes(), **{path: sources[path] for path in landed if path in sources}}

    def advance(self, changes: Mapping[str, bytes]) -> None:
        """From now on these changes are part of the base."""
        self._landed = (*self._landed, dict(changes))

    def retreat(self, changes: Mapping[str, bytes]) -> None:
        """Takes the last such advance back."""
        for index in range(len(self._landed) - 1, -1, -1):
            if self._landed[index] == changes:
                self._landed = self._landed[:index] + self._landed[index + 1 :]
                return

    def read(self, path: str) -> bytes | None:
        """A file of the base; None where there is none or it cannot be read."""
        return self._read(path, self.changes())

    def sources(self) -> dict[str, bytes]:
        """All files a repair may change."""
        changes = self.changes()
        return {path: data for path in sorted(self.editable) if (data := self._read(path, changes)) is not None}

    def manifests(self) -> str:
        """What the files that declare dependencies say, as one text."""
        found = {file for pattern in MANIFESTS for file in self._project.glob(pattern)}
        read = (self.read(file.relative_to(self._project).as_posix()) for file in sorted(found))
        return "\n".join(data.decode("utf-8", "replace") for data in read if data)

    def _read(self, path: str, changes: Changes) -> bytes | None:
        if path in changes:
            return changes[path]
        try:
            file = self._project / path
            return file.read_bytes() if file.stat().st_size <= LARGEST_SOURCE else None
        except OSError:
            return None
