"""Sources that are too new for our own Python go in; what the project's newer one makes of them comes out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dreamscape.agent.guest_zip import ZIP_NAME, launch, packed
from dreamscape.agent.sandbox import Command, Sandbox
from dreamscape.agent.sandbox_prefixes import prefixes_of

PARSE_S = 60.0
"""For all sources together (chosen): they are few, and each takes milliseconds."""


@dataclass(frozen=True, slots=True)
class NewerPython:
    """A project's interpreter, asked inside the sandbox."""

    sandbox: Sandbox
    executable: Path

    def trees(self, sources: Mapping[str, bytes]) -> dict[str, object]:
        """The trees (see `guest.trees`) of those sources that parse, by name. Raises DreamscapeError."""
        names = {str(number): name for number, name in enumerate(sources)}
        files = {ZIP_NAME: packed(), **{number: sources[name] for number, name in names.items()}}
        sandbox = self.sandbox.reading(prefixes_of(self.executable))
        _, reports = sandbox.run(Command(launch(self.executable, "trees", names), PARSE_S, files=files))
        return {names[number]: tree for number, tree in _told(reports) if number in names}


def _told(reports: bytes) -> list[tuple[str, object]]:
    """The lines that came whole; one that breaks off ends the list."""
    told = []
    for line in reports.splitlines():
        try:
            number, tree = json.loads(line)
        except (ValueError, TypeError, RecursionError):
            break
        told.append((str(number), tree))
    return told
