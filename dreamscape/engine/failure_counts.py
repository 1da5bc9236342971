"""Events go in; how often each file was what failing tests pointed at comes out, for the scanner to weigh."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from dreamscape.domain.events import Event, EventKind

_SETTLED = (EventKind.ITEM_LANDED, EventKind.ITEM_FOR_REVIEW)


def failure_counts(events: Iterable[Event]) -> dict[str, int]:
    """Path -> number of different sets of failing tests whose fault was found, or else suspected, in that file.

    The same tests failing night after night count once.
    """
    blamed: dict[tuple[str, ...], tuple[str, ...]] = {}
    for event in events:
        tests, files = _texts(event.data.get("tests")), _texts(event.data.get("files"))
        if event.kind is EventKind.ITEM_FOUND and tests:
            blamed.setdefault(tests, files)
        elif event.kind in _SETTLED and tests and files:
            blamed[tests] = files
    return dict(Counter(path for files in blamed.values() for path in files))


def _texts(value: object) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, list | tuple) else ()
