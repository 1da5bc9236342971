"""The search: sites and templates in the order of their promise, judged in batches until enough is known."""

from __future__ import annotations

import ast
import heapq
import re
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count, islice, takewhile

from dreamscape.domain.failures import Failure, fingerprint
from dreamscape.domain.repair import Candidate, Judge, RepairCase, Reply, Step, Verdict, VerdictState
from dreamscape.repairer.clues import Clues, clues_of
from dreamscape.repairer.fresh import Fresh
from dreamscape.repairer.pairs import pairs
from dreamscape.repairer.priors import prior
from dreamscape.repairer.project import Project
from dreamscape.repairer.site import Change, Site
from dreamscape.repairer.sites import Suspected, suspected_sites
from dreamscape.repairer.templates import TEMPLATES
from dreamscape.repairer.tokens import token_candidates

ORIGIN = "repairer:"
"""What the origin of each of our candidates begins with; the template's name follows."""
_FIRST_BATCH = 64
_RIVALS_SHARE = 0.45
_RIVALS_SHARE_WHERE_MORE_FAILS = 0.2
"""After a plausible candidate, all others down to this share of its weight are still tried; more where other tests fail
near the same code, since those tell which of several repairs is the wider one (chosen).

What is held to be far less likely is no rival: on the programs for tuning, right repairs had wrong ones at 0.10 to 0.27
of their weight beside them, and none was itself below half the weight of a wrong one."""


@dataclass(eq=False)
class _Progress:
    """What the verdicts have shown so far."""

    rivals_share: float
    plausible: list[Candidate] = field(default_factory=list)
    moved: list[Candidate] = field(default_factory=list)
    """Candidates under which the test failed otherwise than before: halves of a pair, perhaps."""
    tried: list[Candidate] = field(default_factory=list)
    judged: int = 0
    tried_since: int = 0

    def could_rival(self, candidate: Candidate) -> bool:
        """Whether it is likely enough beside what was found; everything is while nothing was."""
        best = max((each.weight for each in self.plausible), default=0.0)
        return candidate.weight >= self.rivals_share * best


class Repairer:
    """The embedded model: keeps `domain.ports.Proposer`; pure, so whoever drives it judges and watches the clock."""

    def __init__(
        self,
        priors: Mapping[str, float] | None = None,
        *,
        batch: int = 200,
        limit: int = 20_000,
        rivals: int = 600,
    ) -> None:
        """``priors`` multiplies the prior of a template by what outcomes have taught; ``limit`` bounds the
        candidates of one case, ``rivals`` how many are still tried after the first plausible one."""
        self.priors = dict(priors or {})
        self.batch = batch
        self.limit = limit
        self.rivals = rivals

    def steps(self, case: RepairCase) -> Generator[Step, Reply, None]:
        """Yields batches to judge, the most promising first; ends when enough is known or nothing is left."""
        clues = clues_of(case)
        project = Project(case.sources)
        progress = _Progress(_RIVALS_SHARE_WHERE_MORE_FAILS if case.failing_elsewhere else _RIVALS_SHARE)
        known = {_how_it_fails(failure) for failure in case.failures}
        singles = self.candidates(case, project, clues)
        size = _FIRST_BATCH
        while not self._is_enough(progress):
            rivals = takewhile(progress.could_rival, singles)
            batch = tuple(islice(rivals, min(size, self.limit - progress.judged)))
            if not batch:
                break
            _learn(progress, known, (yield Judge(batch)))
            size = min(2 * size, self.batch)
        for batch in pairs(progress.moved, progress.tried, self.batch) if not progress.plausible else ():
            if progress.judged >= self.limit or self._is_enough(progress):
                return
            _learn(progress, known, (yield Judge(batch[: self.limit - progress.judged])))

    def candidates(self, case: RepairCase, project: Project, clues: Clues) -> Iterator[Candidate]:
        """All single changes, the most promising first, each resulting source once."""
        yield from token_candidates(case)
        fresh = Fresh()
        for weight, template, site, change in _in_order(suspected_sites(case, project, clues), self.priors):
            if not fresh.admits(site.module, change.splices):
                continue
            edits = site.module.source.edits(change.splices)
            if edits is not None:
                yield Candidate(
                    edits, ORIGIN + template, weight, f"{site.described(change)} ({site.module.source.path})"
                )

    def _is_enough(self, progress: _Progress) -> bool:
        return progress.judged >= self.limit or bool(progress.plausible and progress.tried_since >= self.rivals)


def _learn(progress: _Progress, known: set[str], reply: Reply) -> None:
    verdicts: tuple[Verdict, ...] = reply if isinstance(reply, tuple) else ()
    if progress.plausible:
        progress.tried_since += len(verdicts)
    progress.judged += len(verdicts)
    progress.tried += [verdict.candidate for verdict in verdicts if verdict.state is VerdictState.STILL_FAILS]
    for verdict in verdicts:
        if verdict.state is VerdictState.PLAUSIBLE:
            progress.plausible.append(verdict.candidate)
        elif verdict.failure is not None and _how_it_fails(verdict.failure) not in known:
            progress.moved.append(verdict.candidate)


def _how_it_fails(failure: Failure) -> str:
    """What is compared to see whether a change has moved a failure: where, and in which very words."""
    return f"{fingerprint(failure)} {_ADDRESS.sub('', failure.headline)}"


_ADDRESS = re.compile(r"0x[0-9a-fA-F]+")

_MOST_CHANGES = 1_500
"""Of one template at one statement; more come only of tables of data, and sorting them would cost seconds (chosen)."""
_SITE_DECAY = 0.004
_TEMPLATE_DECAY = 0.03
"""By how much each further change of one site, and of one template there, counts less, so that none starves others."""


def _in_order(suspected: list[Suspected], learned: Mapping[str, float]) -> Iterator[tuple[float, str, Site, Change]]:
    """Merges all sites and templates by weight; a template looks at a site only when its best could be next."""
    ticket = count()
    heap: list[tuple[float, int, float, str, Suspected, list[Change] | None, int]] = []
    for each in suspected:
        for name in TEMPLATES:
            bound = each.weight * prior(name, each.site.clues.failure_class, learned)
            if bound > 0:
                heapq.heappush(heap, (-bound, next(ticket), bound, name, each, None, 0))
    given: dict[ast.stmt, int] = {}
    while heap:
        negative, _, bound, name, each, changes, at = heapq.heappop(heap)
        if changes is None:
            changes = sorted(islice(TEMPLATES[name](each.site), _MOST_CHANGES), key=lambda change: -change.fit)
        else:
            node = each.site.node
            given[node] = given.get(node, 0) + 1
            yield -negative, name, each.site, changes[at]
            at += 1
        if at < len(changes):
            decay = (1.0 + _TEMPLATE_DECAY * at) * (1.0 + _SITE_DECAY * given.get(each.site.node, 0))
            weight = bound * min(1.0, changes[at].fit) / decay
            heapq.heappush(heap, (-weight, next(ticket), bound, name, each, changes, at))
