"""Items and failing tests that nobody worked on go in, what is told of them comes out."""

from __future__ import annotations

from dreamscape.domain.failures import Failure, FailureClass, digest, fingerprint
from dreamscape.domain.records import ItemReport
from dreamscape.domain.repair import ItemState, WorkItem


def item_report(item: WorkItem, state: ItemState, why: str) -> ItemReport:
    """An item that was not worked on, or not yet."""
    return ItemReport(
        id=item.id,
        kind="test",
        tests=item.case.tests,
        failure_class=item.case.failure_class,
        impact=item.impact,
        state=state,
        model=None,
        attempts=0,
        files=(),
        commit=None,
        cost_usd=0.0,
        seconds=0.0,
        why=why,
        fingerprint=item.case.fingerprint,
    )


def set_aside_report(failure: Failure, state: ItemState, failure_class: FailureClass, why: str) -> ItemReport:
    """A failing test that never became an item."""
    return ItemReport(
        id=digest([failure.test])[:8],
        kind="test",
        tests=(failure.test,),
        failure_class=failure_class,
        impact=0.0,
        state=state,
        model=None,
        attempts=0,
        files=(),
        commit=None,
        cost_usd=0.0,
        seconds=0.0,
        why=why,
        fingerprint=fingerprint(failure),
    )
