"""A repair in words: the subject and the trailers of the commit, or patch file, that brings it."""

from __future__ import annotations

from dataclasses import replace

from dreamscape.domain.records import ItemReport
from dreamscape.domain.repair import Candidate, RepairCase, sorted_edits
from dreamscape.engine.diffs import diff_of

Trailers = list[tuple[str, str]]


def with_change(report: ItemReport, case: RepairCase, candidate: Candidate) -> ItemReport:
    """The report with a candidate's change in it: its files, its diff, and in words where and what it changes."""
    summary = f"{_place(case, candidate)}: {candidate.summary}"
    return replace(report, files=candidate.paths, diff=diff_of(case, candidate), summary=summary)


def _place(case: RepairCase, candidate: Candidate) -> str:
    """The function whose suspect line is nearest to the first change; the file where there is none."""
    edit = sorted_edits(candidate.edits)[0]
    line = case.sources.get(edit.path, b"").count(b"\n", 0, edit.start) + 1
    near = [suspect for suspect in case.suspects if suspect.path == edit.path]
    nearest = min(near, key=lambda suspect: abs(suspect.line - line), default=None)
    return (nearest.function if nearest else "") or edit.path


def message_of(run: str, item: ItemReport) -> tuple[str, Trailers]:
    """Subject, and trailers that name the run, the item, the model and each test that passes now."""
    trailers = [("Dreamscape-Run", run), ("Dreamscape-Item", item.id), ("Dreamscape-Model", item.model or "unknown")]
    trailers += [("Dreamscape-Test", test) for test in item.tests]
    return f"Repair {item.summary or ', '.join(item.files)}", trailers
