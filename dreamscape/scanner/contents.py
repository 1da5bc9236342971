"""Found files go in; what each of them holds comes out: remembered by its time stamps, else by its content, else
measured now."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from dreamscape.domain.errors import DreamscapeError
from dreamscape.domain.scan import SkippedFile
from dreamscape.scanner.cache import Cache, digest_of
from dreamscape.scanner.walk import Found

if TYPE_CHECKING:
    from dreamscape.domain.ports import NewerParser
    from dreamscape.scanner.facts import Reading

logger = logging.getLogger(__name__)

PROGRESS_S = 3.0
"""How long a scan works before it says how far it is, and again (chosen)."""


@dataclass(slots=True)
class Contents:
    """The digest of every file that could be read, by path; ``new`` holds what was measured by this scan."""

    project: Path
    seen: dict[Found, bytes] = field(default_factory=dict)
    new: dict[bytes, Reading] = field(default_factory=dict)
    skipped: list[SkippedFile] = field(default_factory=list)
    newer: NewerParser | None = None

    def look_at(self, files: Sequence[Found], cache: Cache) -> None:
        """Reads these files, and measures those whose content no scan has met before.

        Large ones come first: they get a process of their own, and a fork costs the less the less we hold.
        """
        from dreamscape.scanner.bounded import LARGE
        from dreamscape.scanner.measure import quietly

        too_new: dict[bytes, bytes] = {}
        told = time.monotonic()
        with quietly():
            for at, file in enumerate(sorted(files, key=lambda file: file.size <= LARGE)):
                self._look_at(file, cache, too_new)
                if not at % 100 and time.monotonic() - told > PROGRESS_S:
                    told = time.monotonic()
                    logger.info("%d of %d files read", at, len(files))
        if too_new and self.newer is not None:
            self._ask(self.newer, too_new)

    def _ask(self, newer: NewerParser, sources: Mapping[bytes, bytes]) -> None:
        """Measures by a newer Python's trees what ours could not parse."""
        from dreamscape.scanner.measure import facts_of
        from dreamscape.scanner.newer import tree_of

        told: Mapping[str, object] = {}
        with contextlib.suppress(DreamscapeError):  # without a sandbox the rows stay as they are
            told = newer.trees({digest.hex(): source for digest, source in sources.items()})
        for name, tree in told.items():
            if (module := tree_of(tree)) is not None:
                digest = bytes.fromhex(name)
                self.new[digest] = facts_of(module, sources[digest])

    def _look_at(self, file: Found, cache: Cache, too_new: dict[bytes, bytes]) -> None:
        from dreamscape.scanner.facts import Unreadable
        from dreamscape.scanner.source import read_source

        source = read_source(f"{self.project}/{file.path}")
        if isinstance(source, Unreadable):
            self.seen.pop(file, None)
            self.skipped.append(SkippedFile(file.path, source.reason))
            return
        digest = self.seen[file] = digest_of(source)
        if digest not in self.new and not cache.knows(digest):
            self._measure(digest, source, too_new)

    def _measure(self, digest: bytes, source: bytes, too_new: dict[bytes, bytes]) -> None:
        from dreamscape.scanner.bounded import measure_bounded
        from dreamscape.scanner.facts import Unreadable
        from dreamscape.scanner.measure import NO_SYNTAX

        reading = self.new[digest] = measure_bounded(source)
        if isinstance(reading, Unreadable) and reading.reason.startswith(NO_SYNTAX):
            too_new[digest] = source

    def readings_of(self, sources: Mapping[bytes, bytes], cache: Cache) -> dict[bytes, Reading]:
        """What contents say that are no files of the tree, by their digests; they are remembered as well."""
        from dreamscape.scanner.measure import quietly

        known = cache.readings(sources.keys() - self.new.keys())
        unknown = sources.keys() - known.keys() - self.new.keys()
        too_new: dict[bytes, bytes] = {}
        with quietly():
            for digest in sorted(unknown):
                self._measure(digest, sources[digest], too_new)
        if too_new and self.newer is not None:
            self._ask(self.newer, too_new)
        if unknown:
            cache.remember(self.seen, self.new, time.time_ns())
        return known | {digest: self.new[digest] for digest in sources.keys() & self.new.keys()}

    def readings(self, cache: Cache) -> list[tuple[Found, Reading]]:
        """What each file says about itself, by path; what the memory has lost meanwhile is measured again."""
        known = cache.readings(set(self.seen.values()) - set(self.new))
        lost = [file for file, digest in self.seen.items() if digest not in known and digest not in self.new]
        if lost:
            cache.forget({self.seen[file] for file in lost})
            self.look_at(lost, cache)
            cache.remember(self.seen, self.new, time.time_ns())
        known |= self.new
        return sorted(((file, known[digest]) for file, digest in self.seen.items()), key=lambda row: row[0].path)


def read_contents(project: Path, found: Sequence[Found], cache: Cache, newer: NewerParser | None = None) -> Contents:
    """What every file holds; nothing is opened that looks as it did at the last scan."""
    now_ns = time.time_ns()
    contents = Contents(project, newer=newer)
    for file in found:
        digest = cache.known_digest(file)
        if digest is not None:
            contents.seen[file] = digest
    unknown = [file for file in found if file not in contents.seen]
    if unknown:
        contents.look_at(unknown, cache)
    cache.remember(contents.seen, contents.new, now_ns)
    return contents
