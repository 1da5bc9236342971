"""A pytest plugin for the projects' interpreters: writes each test's outcome as a line of JSON to $BENCH_OUTCOMES."""

import json
import os
import resource
from pathlib import Path

_rank = {"failed": 3, "error": 2, "skipped": 1, "passed": 0}
_seen = {}


def pytest_collectreport(report):
    if report.failed:
        _seen[report.nodeid] = "collection"


def pytest_runtest_logreport(report):
    outcome = report.outcome
    if outcome == "failed" and report.when != "call":
        outcome = "error"
    if hasattr(report, "wasxfail"):
        outcome = "skipped"
    known = _seen.get(report.nodeid)
    if known is None or _rank[outcome] > _rank[known]:
        _seen[report.nodeid] = outcome


def pytest_sessionfinish(session, exitstatus):
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    cpu_s = sum(part.ru_utime + part.ru_stime for part in used)
    said = json.dumps({"exit": int(exitstatus), "tests": _seen, "cpu_s": cpu_s})
    Path(os.environ["BENCH_OUTCOMES"]).write_text(said, encoding="utf-8")
