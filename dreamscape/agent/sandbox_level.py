"""How strong a sandbox is."""

from __future__ import annotations

from enum import Enum


class SandboxLevel(Enum):
    """The ways to confine a command, the strongest first."""

    NAMESPACES = "namespaces"
    """Namespaces of our own making; an overlay over the project."""
    BUBBLEWRAP = "bubblewrap"
    """The same walls built by bubblewrap; a copy of the project in memory over its own path."""
    NONE = "none"
    """No walls: a copy in a temporary folder, limits, and the whole tree killed at the end."""

    @property
    def words(self) -> str:
        """What it keeps project code from, for people."""
        return _WORDS[self]


_WORDS = {
    SandboxLevel.NAMESPACES: "no network, no home, writes go to a layer that is thrown away",
    SandboxLevel.BUBBLEWRAP: "no network, no home, writes go to a copy that is thrown away",
    SandboxLevel.NONE: "no walls, only limits: project code can do what you can",
}
