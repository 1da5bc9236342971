"""What happened and must outlive the run; the devlog tells from these."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum


class EventKind(Enum):
    """The closed list of what is worth remembering."""

    RUN_STARTED = "run_started"
    RUN_ENDED = "run_ended"
    BASELINE_TESTED = "baseline_tested"
    ITEM_FOUND = "item_found"
    ITEM_DECIDED = "item_decided"
    ITEM_LANDED = "item_landed"
    ITEM_FOR_REVIEW = "item_for_review"
    ITEM_UNSOLVED = "item_unsolved"
    ITEM_SET_ASIDE = "item_set_aside"
    ITEM_ROLLED_BACK = "item_rolled_back"
    REVIEW_ACCEPTED = "review_accepted"
    REVIEW_REJECTED = "review_rejected"
    LANDING_UNDONE = "landing_undone"
    SCANNED = "scanned"
    DEVLOG_WRITTEN = "devlog_written"


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened; ``data`` holds JSON values only, ``at`` is UTC, ``id`` is 0 before it is stored."""

    kind: EventKind
    at: datetime
    run: str | None = None
    item: str | None = None
    data: Mapping[str, object] = field(default_factory=dict)
    id: int = 0
