"""Repairs of the same failure that were proven before, as proposals: they cost nothing, and are judged like any."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence

from dreamscape.agent.answers import proposals
from dreamscape.agent.patches import PatchRefused, candidate_of
from dreamscape.domain.repair import Candidate, Judge, RepairCase, Reply, Step


class Remembered:
    """Keeps `domain.ports.Proposer`; ``known`` gives the diffs that repaired a failure of this fingerprint."""

    def __init__(self, known: Callable[[str], Sequence[str]]) -> None:
        self._known = known

    def steps(self, case: RepairCase) -> Generator[Step, Reply, None]:
        """Has all that still fit judged at once."""
        fitting = {candidate.id: candidate for candidate in self._fitting(case)}
        if fitting:
            yield Judge(tuple(fitting.values()))

    def _fitting(self, case: RepairCase) -> Generator[Candidate, None, None]:
        for diff in self._known(case.fingerprint):
            try:
                yield candidate_of(proposals(diff), case.sources, "remembered")
            except PatchRefused:
                continue
