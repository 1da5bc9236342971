"""The reports of one test's phases go in, its one outcome and its one failure come out."""

from __future__ import annotations

from typing import Any, Dict, List, Optional

_GRAVEST = ("skipped", "passed", "xfailed", "xpassed", "error", "failed")


class Progress:
    """One test while it runs."""

    def __init__(self, key: str) -> None:
        self.key = key
        self._failures: List[Dict[str, Any]] = []
        self._outcome = ""
        self._phase = "call"
        self._duration_s = 0.0

    def add(self, report: Any) -> None:
        """A phase is over; subtests report several times for one phase, plugins report reruns we do not count."""
        self._duration_s += getattr(report, "duration", 0.0)
        outcome = _outcome(report)
        if not outcome:
            return
        if outcome in ("failed", "error"):
            self._failures.append(getattr(report, "dreamscape", None) or _text_only(self.key, report))
        if not self._outcome or _GRAVEST.index(outcome) > _GRAVEST.index(self._outcome):
            self._outcome, self._phase = outcome, report.when

    def broke_off(self, described: Dict[str, Any]) -> None:
        """The test ended the whole run."""
        self._failures.append(described)
        self._outcome, self._phase = "failed", "call"

    def failure(self) -> Optional[Dict[str, Any]]:
        """Why it did not pass: the first failure of the test itself, else of its set-up, else of its tear-down."""
        of_call = [described for described in self._failures if described["phase"] == "call"]
        return next(iter(of_call or self._failures), None)

    def result(self) -> Dict[str, Any]:
        """The test's end as fields of a message; a test that reported nothing was skipped."""
        return {
            "key": self.key,
            "outcome": self._outcome or "skipped",
            "duration_s": round(self._duration_s, 6),
            "phase": self._phase,
        }


def without_exception(item: Any, report: Any, key: str) -> Dict[str, Any]:
    """A failure that raised nothing: a test that passed although it was strictly expected to fail."""
    path, line, name = item.location
    described = _text_only(key, report)
    described["frames"] = [[path.replace("\\", "/"), (line or 0) + 1, name.split("[", 1)[0] or name, True]]
    return described


def _outcome(report: Any) -> str:
    if report.outcome == "failed":
        return "failed" if report.when == "call" else "error"
    if report.outcome == "skipped":
        return "xfailed" if hasattr(report, "wasxfail") else "skipped"
    if report.outcome == "passed" and report.when == "call":
        return "xpassed" if hasattr(report, "wasxfail") else "passed"
    return ""


def _text_only(key: str, report: Any) -> Dict[str, Any]:
    return {
        "test": key,
        "phase": report.when,
        "exception": "Failed",
        "message": str(report.longrepr or "")[:4000],
        "frames": [],
        "comparison": None,
        "duration_s": getattr(report, "duration", 0.0),
    }
