"""What a devlog says: sections of lines, each with the events and commits it rests on."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Line:
    """One sentence in Markdown; ``events`` are ids in the store, ``commits`` full hashes; one of them is not empty."""

    text: str
    events: tuple[int, ...] = ()
    commits: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """Lines that belong together."""

    title: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Story:
    """A stretch of a project's life; ``since`` and ``until`` are names or short hashes, None at the ends of time."""

    project: str
    since: str | None
    until: str | None
    sections: tuple[Section, ...]

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to tell."""
        return not self.sections
