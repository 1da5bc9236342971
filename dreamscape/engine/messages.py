"""A repair in words: the subject and the trailers of the commit, or patch file, that brings it."""

from __future__ import annotations

from dreamscape.domain.records import ItemReport
from dreamscape.domain.repair import Candidate, RepairCase

Trailers = list[tuple[str, str]]


def summary_of(case: RepairCase, candidate: Candidate) -> str:
    """Where and what a candidate changes."""
    return f"{case.suspects[0].function or candidate.paths[0]}: {candidate.summary}"


def message_of(run: str, item: ItemReport) -> tuple[str, Trailers]:
    """Subject, and trailers that name the run, the item, the model and each test that passes now."""
    trailers = [("Dreamscape-Run", run), ("Dreamscape-Item", item.id), ("Dreamscape-Model", item.model or "unknown")]
    trailers += [("Dreamscape-Test", test) for test in item.tests]
    return f"Repair {item.summary or ', '.join(item.files)}", trailers
