"""Runs collected pytest items as often as wanted in one process, each from set-up to tear-down, and tells how they end.

Only what was set up, called and torn down without a failure, skip or expected failure has passed.
"""

from __future__ import annotations

import os
from typing import Any, Dict, List, Optional, Tuple

import pytest

from .failure import Compared, Project, describe
from .keys import keys_of
from .outcomes import Progress, without_exception

PASSED = "passed"
TestEnd = Tuple[str, Optional[Dict[str, Any]]]
"""passed, failed, error, skipped, xfailed or xpassed; and the failure as `failure.describe` gives it, or None."""


class Forked(BaseException):
    """A process that the test forked has come back out of the test; it must go no further."""


class Rerun:
    """A pytest plugin that keeps the collected items by key and sees what their reports leave out."""

    def __init__(self, root: str) -> None:
        self.project = Project(root)
        self.items: Dict[str, Any] = {}
        self.uncollected: Dict[str, Dict[str, Any]] = {}
        self.session: Any = None
        self._keys: Dict[int, str] = {}
        self._fixtures: List[Any] = []
        self._compared: Optional[Compared] = None
        self._progress: Optional[Progress] = None

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: List[Any]) -> None:
        for item, key in zip(items, keys_of(item.nodeid for item in items)):  # noqa: B905
            self._keys[id(item)] = key

    @pytest.hookimpl(tryfirst=True)
    def pytest_exception_interact(self, node: Any, call: Any, report: Any) -> None:
        if getattr(report, "when", "") == "collect":
            self.note_uncollected(node.nodeid, call.excinfo.value)

    @pytest.hookimpl(tryfirst=True)
    def pytest_assertrepr_compare(self, op: str, left: Any, right: Any) -> None:
        self._compared = (op, left, right)

    def pytest_runtest_makereport(self, item: Any, call: Any) -> Optional[pytest.TestReport]:
        """pytest's own report of a failure draws the source lines, which takes longer than most tests."""
        if call.excinfo is None or call.excinfo.errisinstance(pytest.skip.Exception):
            return None
        error, key = call.excinfo.value, self._keys.get(id(item), item.nodeid)
        compared = self._compared if isinstance(error, AssertionError) else None
        report = pytest.TestReport(
            nodeid=item.nodeid,
            location=item.location,
            keywords=dict.fromkeys(item.keywords, 1),
            outcome="failed",
            longrepr=type(error).__name__,
            when=call.when,
            duration=call.duration,
        )
        described = describe(self.project, key, call.when, error, call.excinfo.tb, compared, call.duration)
        report.__dict__["dreamscape"] = described
        return report

    def pytest_runtest_logreport(self, report: Any) -> None:
        if self._progress is not None:
            if report.failed and not hasattr(report, "dreamscape"):
                item = self.items[self._progress.key]
                report.dreamscape = without_exception(item, report, self._progress.key)
            self._progress.add(report)

    def note_uncollected(self, nodeid: str, error: BaseException) -> None:
        """This file or class cannot be collected, and why."""
        self.uncollected[nodeid] = describe(self.project, nodeid, "collect", error)

    def finish_collection(self, session: Any) -> None:
        """Call it when all is collected: takes the items that are left to run."""
        self.session = session
        infos = (getattr(item, "_fixtureinfo", None) for item in session.items)
        found = (each for info in infos if info for each in info.name2fixturedefs.values())
        self._fixtures = list({id(one): one for definitions in found for one in definitions}.values())
        for item in session.items:
            key = self._keys.get(id(item), item.nodeid)
            self.items[key] = item
            item.location  # noqa: B018 - it is worked out once, here instead of in each fork
        terminal = session.config.pluginmanager.getplugin("terminalreporter")
        if terminal is not None:
            session.config.pluginmanager.unregister(terminal)

    def run(self, key: str, next_key: Optional[str]) -> TestEnd:
        """Runs one test; fixtures it shares with the next stay. Raises `Forked`, and what stops a whole pytest."""
        pid = os.getpid()
        item = self.items[key]
        self._compared = None
        self._progress = progress = Progress(key)
        try:
            item.ihook.pytest_runtest_protocol(item=item, nextitem=self.items[next_key] if next_key else None)
        finally:
            self._progress = None
            if os.getpid() != pid:
                raise Forked()
        return str(progress.result()["outcome"]), progress.failure()

    def tear_down(self) -> None:
        """Ends all fixtures that are still set up. Raises whatever they raise."""
        state = self.session._setupstate
        try:
            state.teardown_exact(None)
        except TypeError:
            state.teardown_all()
        finally:
            self.session.shouldstop = self.session.shouldfail = False
        for definition in self._fixtures:
            definition.cached_result = None
