"""Joins the stations that draw a ranking: the scanner, the memory of earlier rankings, the page."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import TYPE_CHECKING

from dreamscape.bootstrap import Project, build_scanner, clock, history_if_any, opened_history
from dreamscape.domain.events import Event, EventKind

if TYPE_CHECKING:
    from dreamscape.domain.ports import History
    from dreamscape.domain.scan import Order, ScanResult

REMEMBERED_FILES = 200
REMEMBERED_SCANS = 30
"""So many of a scan's first files, and so many scans, make up the trends (chosen: a month of nights)."""


def report(project: Project) -> str:
    """A fresh ranking as a page; it is remembered for the trends of later ones."""
    scan, imports = build_scanner(project).scan_with_imports()
    with opened_history(project) as history:
        remember_scan(history, scan)
        trends = _trends(history)
    return _drawn(scan, imports, trends)


def page(project: Project, order: Order) -> tuple[str, ScanResult]:
    """A fresh ranking, drawn with the trends that are remembered, if any; and the ranking itself."""
    scan, imports = build_scanner(project).scan_with_imports(order)
    with history_if_any(project) as history:
        trends = _trends(history) if history else {}
    return _drawn(scan, imports, trends), scan


def _drawn(scan: ScanResult, imports: tuple[tuple[str, str], ...], trends: Mapping[str, tuple[float, ...]]) -> str:
    from dreamscape.domain.report import ReportSource
    from dreamscape.publishing.report import report_page
    from dreamscape.settings import shipped_file

    template = shipped_file("report/report.html.j2").read_text("utf-8")
    return report_page(ReportSource(scan, clock(), imports, trends), template)


def remember_scan(history: History, scan: ScanResult) -> None:
    """Keeps how dangerous the first files are now."""
    impact = {row.path: round(row.impact, 3) for row in scan.files[:REMEMBERED_FILES]}
    history.add_event(Event(EventKind.SCANNED, clock(), data={"files": len(scan.files), "impact": impact}))


def _trends(history: History) -> dict[str, tuple[float, ...]]:
    trends = defaultdict[str, list[float]](list)
    scans = [event.data.get("impact") for event in history.events() if event.kind is EventKind.SCANNED]
    for impact in scans[-REMEMBERED_SCANS:]:
        for path, value in impact.items() if isinstance(impact, dict) else ():
            trends[path].append(value)
    return {path: tuple(values) for path, values in trends.items()}
