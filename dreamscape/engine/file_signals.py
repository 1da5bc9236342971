"""Events go in; what runs found out about each file comes out, for the scanner to weigh and to tell."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

from dreamscape.domain.events import Event, EventKind
from dreamscape.domain.runs import TestRun

_TAKEN_BACK = (EventKind.LANDING_UNDONE, EventKind.ITEM_ROLLED_BACK)

Tests = tuple[str, ...]


def file_signals(events: Iterable[Event]) -> dict[str, dict[str, float]]:
    """By signal, then by path, events coming in their order:

    - ``failures``: different sets of failing tests whose fault was found, or else suspected, in the file; the same
      tests failing night after night count once;
    - ``repairs``: landed changes of the file that were not taken back;
    - ``test_seconds``: how long the file's tests took in the last run of the whole suite.
    """
    suspected: dict[Tests, Tests] = {}
    blamed: dict[Tests, Tests] = {}
    repairs: dict[tuple[object, ...], Tests] = {}
    healed = defaultdict[tuple[object, ...], list[Tests]](list)
    seconds: dict[str, float] = {}
    for event in events:
        tests, files = _texts(event.data.get("tests")), _texts(event.data.get("files"))
        landing = (event.run, event.data.get("commit") or event.item)
        if event.kind is EventKind.ITEM_FOUND and tests:
            suspected[tests] = blamed.setdefault(tests, files)
        elif event.kind is EventKind.ITEM_LANDED and tests and files:
            blamed[tests] = repairs[landing] = files
            healed[landing].append(tests)
        elif event.kind is EventKind.ITEM_FOR_REVIEW and tests and files:
            blamed[tests] = files
        elif event.kind in _TAKEN_BACK and landing in repairs:
            del repairs[landing]
            blamed |= {each: suspected.get(each, ()) for each in healed.pop(landing)}
        elif event.kind is EventKind.BASELINE_TESTED:
            seconds = _seconds(event.data.get("test_seconds")) or seconds
    return {"failures": _count(blamed.values()), "repairs": _count(repairs.values()), "test_seconds": seconds}


def seconds_by_file(run: TestRun) -> dict[str, float]:
    """How long the tests of each file took together."""
    found = defaultdict[str, float](float)
    for result in run.results:
        found[result.path] += result.duration_s
    return {path: round(seconds, 3) for path, seconds in sorted(found.items())}


def _count(files: Iterable[Tests]) -> dict[str, float]:
    return dict(Counter(path for each in files for path in each))


def _texts(value: object) -> Tests:
    return tuple(map(str, value)) if isinstance(value, list | tuple) else ()


def _seconds(value: object) -> dict[str, float]:
    return {str(path): float(each) for path, each in value.items()} if isinstance(value, Mapping) else {}
