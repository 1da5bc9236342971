"""A test run goes in that names files as it met them; it comes out naming them as git does, without symbolic links."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

from dreamscape.domain.failures import Failure
from dreamscape.domain.runs import Coverage, TestRun


def without_links(run: TestRun, project: Path) -> TestRun:
    """The same run; a file reached through a link inside the project bears the name of what the link leads to."""
    real = cache(lambda path: _real(project, path))
    failures = tuple(_renamed(failure, real) for failure in run.failures)
    return replace(run, failures=failures, coverage=_merged(run.coverage, real))


def _real(project: Path, path: str) -> str:
    """Unchanged where it leads out of the project or nowhere."""
    try:
        return (project / path).resolve(strict=True).relative_to(project.resolve()).as_posix()
    except (OSError, ValueError, RuntimeError):
        return path


def _renamed(failure: Failure, real: Callable[[str], str]) -> Failure:
    frames = (replace(frame, path=real(frame.path)) if frame.in_project else frame for frame in failure.frames)
    return replace(failure, frames=tuple(frames))


def _merged(coverage: Coverage, real: Callable[[str], str]) -> Coverage:
    merged: dict[str, Mapping[str, frozenset[int]]] = {}
    for test, files in coverage.items():
        lines: dict[str, frozenset[int]] = {}
        for path, ran in files.items():
            lines[real(path)] = lines.get(real(path), frozenset()) | ran
        merged[test] = lines
    return merged
