"""What a report of a scan is drawn from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from dreamscape.domain.scan import ScanResult


@dataclass(frozen=True, slots=True)
class ReportSource:
    """A ranking with what surrounds it: ``imports`` are pairs of paths, importer first; ``trends`` the impact of files
    in earlier scans, the oldest first, by path."""

    scan: ScanResult
    at: datetime
    imports: tuple[tuple[str, str], ...] = ()
    trends: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
