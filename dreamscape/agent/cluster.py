"""Failures with their suspects go in, groups that share a cause come out: one repair for each, not for each test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dreamscape.domain.failures import Failure, digest, fingerprint
from dreamscape.domain.repair import Suspect


def clusters(failures: Sequence[Failure], suspects: Mapping[str, Sequence[Suspect]]) -> list[tuple[Failure, ...]]:
    """Failures grouped by the function each test's own suspects point to first; order of first appearance.

    ``suspects`` maps a test's key to its own suspects, none for a test that ran no line of the project; such a one is
    joined by where it failed. A patch that has to satisfy every failing test of a function is
    much harder to get wrong than one that satisfies a single test, so tests are joined when in doubt; a group
    nobody could repair is taken apart again by `split`.
    """
    groups: dict[tuple[str, str], list[Failure]] = {}
    for failure in failures:
        groups.setdefault(_cause(failure, suspects.get(failure.test, ())), []).append(failure)
    return [tuple(group) for group in groups.values()]


def split(group: Sequence[Failure]) -> list[tuple[Failure, ...]]:
    """The same failures by fingerprint: finer groups for a second try; a single group comes back as it was."""
    finer: dict[str, list[Failure]] = {}
    for failure in group:
        finer.setdefault(fingerprint(failure), []).append(failure)
    return [tuple(failures) for failures in finer.values()]


def group_fingerprint(group: Sequence[Failure]) -> str:
    """Names a group by the causes in it, whatever their order."""
    return digest(sorted({fingerprint(failure) for failure in group}))


def _cause(failure: Failure, suspects: Sequence[Suspect]) -> tuple[str, str]:
    if not suspects:
        frame = failure.deepest_project_frame
        return (frame.path, frame.function) if frame else ("", failure.test)
    return suspects[0].path, suspects[0].function
