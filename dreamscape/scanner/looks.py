"""Files or sources go in; what each of them says comes out, by this process alone or by several."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from dreamscape.scanner.bounded import LARGE, measure_bounded
from dreamscape.scanner.cache import digest_of
from dreamscape.scanner.facts import LARGEST_SOURCE, Reading, Unreadable
from dreamscape.scanner.forms import reading_in, text_of
from dreamscape.scanner.measure import NO_SYNTAX, measure
from dreamscape.scanner.source import read_source
from dreamscape.scanner.walk import Found

K = TypeVar("K")
T = TypeVar("T")


class Look(NamedTuple):
    """What a file holds: the digest of its content; what it says, None where that is known; the same as text where
    another process wrote it; and the source where this Python cannot parse it."""

    digest: bytes
    reading: Reading | None
    text: str = ""
    source: bytes = b""


def looks(
    project: Path, files: Sequence[Found], is_known: Callable[[bytes], bool], processes: int
) -> Generator[tuple[Found, Look | Unreadable]]:
    """Reads each file once, in any order, and measures what ``is_known`` does not know by its digest."""
    if processes == 1:
        # Large ones first: they get a process of their own, and a fork costs the less the less we hold.
        for file in sorted(files, key=lambda file: file.size <= LARGE):
            yield file, _look(project, file, is_known, measure_bounded)
        return

    met: set[bytes] = set()  # each process's own

    def work(file: Found) -> tuple[bytes, str, bytes]:
        look = _look(project, file, lambda digest: digest in met or is_known(digest), measure)
        if isinstance(look, Unreadable):
            return b"", look.reason, b""
        met.add(look.digest)
        return look.digest, text_of(look.reading) if look.reading else "", look.source

    for file, said, why in _spread(work, files, lambda file: min(file.size, LARGEST_SOURCE), processes):
        if why:
            yield file, _look(project, file, is_known, lambda _, why=why: Unreadable(why))  # type: ignore[misc]
        else:
            digest, text, source = said
            reading = reading_in(text) if digest and text else None
            yield file, Look(digest, reading, text, source) if digest else Unreadable(text)


def readings(sources: Mapping[K, bytes], processes: int) -> Iterator[tuple[K, Reading]]:
    """What each source says, in any order."""
    if processes == 1:
        yield from ((name, measure_bounded(source)) for name, source in sources.items())
        return
    for name, text, why in _spread(
        lambda name: text_of(measure(sources[name])), list(sources), lambda name: len(sources[name]), processes
    ):
        yield name, Unreadable(why) if why else reading_in(text)


def _look(
    project: Path, file: Found, is_known: Callable[[bytes], bool], measured: Callable[[bytes], Reading]
) -> Look | Unreadable:
    source = read_source(f"{project}/{file.path}")
    if isinstance(source, Unreadable):
        return source
    digest = digest_of(source)
    if is_known(digest):
        return Look(digest, None)
    reading = measured(source)
    return Look(digest, reading, source=source if is_too_new(reading) else b"")


def is_too_new(reading: Reading) -> bool:
    """Whether a newer Python may say more of a source."""
    return isinstance(reading, Unreadable) and reading.reason.startswith(NO_SYNTAX)


def _spread(
    work: Callable[[T], object], items: Sequence[T], size: Callable[[T], int], processes: int
) -> Iterator[tuple[T, Any, str]]:
    from dreamscape.scanner.spread import spread

    measure(b"")  # what it imports is imported here and once, not in each process
    return spread(work, items, size, processes)
