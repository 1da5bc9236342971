"""Found files go in; what each of them holds comes out: remembered by its time stamps, else by its content, else
measured now."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from dreamscape.domain.errors import DreamscapeError
from dreamscape.domain.scan import SkippedFile
from dreamscape.scanner.cache import Cache
from dreamscape.scanner.walk import Found

if TYPE_CHECKING:
    from dreamscape.domain.ports import NewerParser
    from dreamscape.scanner.facts import Reading, Unreadable
    from dreamscape.scanner.looks import Look

logger = logging.getLogger(__name__)

PROGRESS_S = 3.0
"""How long a scan works before it says how far it is, and again (chosen)."""


@dataclass(slots=True)
class Contents:
    """The digest of every file that could be read, by path; ``new`` holds what was measured by this scan, ``texts`` the
    same as the memory keeps it where another process wrote it."""

    project: Path
    seen: dict[Found, bytes] = field(default_factory=dict)
    new: dict[bytes, Reading] = field(default_factory=dict)
    texts: dict[bytes, str] = field(default_factory=dict)
    skipped: list[SkippedFile] = field(default_factory=list)
    newer: NewerParser | None = None

    def look_at(self, files: Sequence[Found], cache: Cache) -> None:
        """Reads these files, and measures those whose content no scan has met before."""
        from dreamscape.scanner.looks import looks
        from dreamscape.scanner.measure import quietly
        from dreamscape.scanner.processors import processes_for

        def is_known(digest: bytes) -> bool:
            return digest in self.new or cache.knows(digest)

        is_known(b"")  # asks the memory here, whose file no other process may touch
        too_new: dict[bytes, bytes] = {}
        told = time.monotonic()
        processes = processes_for(file.size for file in files)
        with quietly(), closing(looks(self.project, files, is_known, processes)) as found:
            for at, (file, look) in enumerate(found):
                self._take(file, look, too_new)
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
                self.texts.pop(digest, None)

    def _take(self, file: Found, look: Look | Unreadable, too_new: dict[bytes, bytes]) -> None:
        """Notes what one file holds; ``too_new`` takes its source where a newer Python is to be asked."""
        if not isinstance(look, tuple):
            self.seen.pop(file, None)
            self.skipped.append(SkippedFile(file.path, look.reason))
            return
        self.seen[file] = look.digest
        if look.reading is not None:
            self.new[look.digest] = look.reading
        if look.text:
            self.texts[look.digest] = look.text
        if look.source:
            too_new[look.digest] = look.source

    def readings_of(self, sources: Mapping[bytes, bytes], cache: Cache) -> dict[bytes, Reading]:
        """What contents say that are no files of the tree, by their digests; they are remembered as well."""
        from dreamscape.scanner.looks import is_too_new, readings
        from dreamscape.scanner.measure import quietly
        from dreamscape.scanner.processors import processes_for

        known = cache.readings(sources.keys() - self.new.keys())
        unknown = {digest: sources[digest] for digest in sorted(sources.keys() - known.keys() - self.new.keys())}
        with quietly():
            self.new.update(readings(unknown, processes_for(map(len, unknown.values()))))
        too_new = {digest: source for digest, source in unknown.items() if is_too_new(self.new[digest])}
        if too_new and self.newer is not None:
            self._ask(self.newer, too_new)
        if unknown:
            self.remember(cache, time.time_ns())
        return known | {digest: self.new[digest] for digest in sources.keys() & self.new.keys()}

    def remember(self, cache: Cache, now_ns: int) -> None:
        """Leaves all of it to the next scan."""
        cache.remember(self.seen, self.new, now_ns, self.texts)
        self.texts.clear()

    def readings(self, cache: Cache) -> list[tuple[Found, Reading]]:
        """What each file says about itself, by path; what the memory has lost meanwhile is measured again."""
        known = cache.readings(set(self.seen.values()) - set(self.new))
        lost = [file for file, digest in self.seen.items() if digest not in known and digest not in self.new]
        if lost:
            cache.forget({self.seen[file] for file in lost})
            self.look_at(lost, cache)
            self.remember(cache, time.time_ns())
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
    contents.remember(cache, now_ns)
    return contents
