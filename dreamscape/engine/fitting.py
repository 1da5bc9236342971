"""A change found on an older base goes in; the same change of the base as it is now comes out, where it still fits."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from dreamscape.domain.repair import Candidate, Edit, RepairCase, smallest_edit

Files = Mapping[str, bytes]


def on_new_base(case: RepairCase, changes: Files, repaired: Collection[str]) -> RepairCase:
    """The case once these files have changed and these tests pass: those that were its own are to go on passing."""
    return replace(
        case,
        failures=tuple(failure for failure in case.failures if failure.test not in repaired),
        sources={**case.sources, **changes},
        passing=tuple(dict.fromkeys((*case.passing, *repaired))),
        failing_elsewhere=tuple(test for test in case.failing_elsewhere if test not in repaired),
    )


def is_same_search(old: RepairCase, new: RepairCase) -> bool:
    """Whether a search that began on the older base may go on on the newer: it fails at the same lines for the same
    reason, and no file that it may have edited has changed (suspects, and what the failures speak of)."""
    lines = [{(suspect.path, suspect.line) for suspect in case.suspects} for case in (old, new)]
    if (old.tests, old.fingerprint, lines[0]) != (new.tests, new.fingerprint, lines[1]):
        return False
    said = "\n".join(failure.message for failure in old.failures)
    paths = {path for path, _ in lines[0]}.union(frame.path for failure in old.failures for frame in failure.frames)
    changed = (path for path in {**old.sources, **new.sources} if old.sources.get(path) != new.sources.get(path))
    return not any(path in paths or path.rpartition("/")[2] in said for path in changed)


def fitted(candidate: Candidate, old: Files, new: Files) -> Candidate | None:
    """The candidate, an edit of ``old``, as an edit of ``new``; None where the two changed the same place."""
    edits = [_moved(edit, old[edit.path], new[edit.path]) for edit in candidate.edits]
    fitting = tuple(edit for edit in edits if edit is not None)
    return replace(candidate, edits=fitting) if len(fitting) == len(edits) else None


def _moved(edit: Edit, old: bytes, new: bytes) -> Edit | None:
    """All between the first and the last byte that changed counts as one place; what touches it does not fit."""
    if old == new:
        return edit
    edited = old[: edit.start] + edit.replacement + old[edit.end :]
    first, last = _place(old, edited)
    landed_first, landed_last = _place(old, new)
    if landed_first <= last and first <= landed_last:
        return None
    # What an edit only repeats, as one of a whole file does, would take back what landed.
    own = smallest_edit(edit.path, old, edited)
    by = len(new) - len(old) if first > landed_last else 0
    return replace(own, start=own.start + by, end=own.end + by)


def _place(old: bytes, new: bytes) -> tuple[int, int]:
    """Where two texts differ, as offsets into the old one: a letter added to a row of its like may stand anywhere."""
    return len(old) - smallest_edit("", old[::-1], new[::-1]).end, smallest_edit("", old, new).end
