"""Puts one candidate to the tests in this process; in: a job; out: its verdict as JSON values."""

from __future__ import annotations

import os
import time
from typing import Any, Dict, List, Mapping, Optional, Sequence

import pytest

from .limits import CpuAlarm, Overtime
from .pool import Watch
from .rerun import PASSED, Forked, Rerun

_GRACE_S = 2.0
"""How long after its wall time a test that does not come back is killed (chosen)."""

Answer = Dict[str, Any]


class Trial:
    """Runs lists of tests under limits until one does not pass."""

    def __init__(self, rerun: Rerun, watch: Watch) -> None:
        self.rerun = rerun
        self.watch = watch
        self.alarm = CpuAlarm()

    def verdict(self, job: Mapping[str, Any]) -> Answer:
        """The failing tests first, then the others; ``retire`` is set where the process must not be used again."""
        failing, others = self._spread(job["failing"]), self._spread(job["others"])
        tests = [*failing, *others]
        before = time.process_time()
        answer: Answer = {"state": "plausible", "why": "", "failure": None, "tests_run": 0}
        for at, key in enumerate(tests):
            if key not in self.rerun.items:
                answer.update(self._missing(key, at < len(failing)))
                break
            end = self.run_limited(key, tests[at + 1] if at + 1 < len(tests) else None, job["limits"])
            answer["tests_run"] += 1
            if end["status"] != PASSED:
                answer.update(_not_passed(key, end, at < len(failing)))
                break
        answer["cpu_s"] = time.process_time() - before
        return answer

    def _spread(self, keys: Sequence[str]) -> List[str]:
        """A file's key, which it bears where it cannot be collected, stands for all tests in it."""
        spread: List[str] = []
        for key in keys:
            inside = [] if "::" in key else [each for each in self.rerun.items if each.startswith(key + "::")]
            spread.extend(inside or [key])
        return spread

    def run_limited(self, key: str, next_key: Optional[str], limits: Mapping[str, Any]) -> Answer:
        """Runs one test under its limits; a test that did not pass leaves no fixture behind."""
        if next_key not in self.rerun.items:
            next_key = None
        cpu_s = limits["cpu"].get(key, limits["cpu_s"])
        self.watch.allow(limits["wall"].get(key, min(limits["wall_s"], 2.0 + 10.0 * cpu_s)) + _GRACE_S)
        began = time.perf_counter()
        answer: Answer = {"status": "error", "failure": None}
        try:
            self.alarm.start(cpu_s)
            try:
                answer["status"], answer["failure"] = self.rerun.run(key, next_key)
            finally:
                self.alarm.stop()
        except Forked:
            os._exit(0)
        except Overtime:
            pass
        except (KeyboardInterrupt, SystemExit, pytest.exit.Exception) as error:
            answer.update(status="stopped", why="%s was raised" % type(error).__name__)
        except BaseException as error:
            answer.update(status="error", why="pytest failed: %r" % (error,), retire=True)
        if self.alarm.has_rung or not self.alarm.is_ours():
            answer.update(status="timeout", retire=True, why="over %.3g s of CPU time" % cpu_s)
        answer["wall_s"] = time.perf_counter() - began
        if answer["status"] != PASSED:
            self._clean(answer)
        return answer

    def _clean(self, answer: Answer) -> None:
        self.watch.allow(_GRACE_S)
        try:
            self.rerun.tear_down()
        except BaseException as error:
            answer.update(retire=True, retired="its fixtures could not be torn down: %r" % (error,))

    def _missing(self, key: str, is_failing: bool) -> Answer:
        uncollected = self.rerun.uncollected
        failure = next((uncollected[node] for node in uncollected if key.startswith(node)), None)
        failure = failure or next(iter(uncollected.values()), None)
        state = "still_fails" if is_failing else "breaks_others"
        return {"state": state, "why": "%s was not collected" % key, "failure": failure and dict(failure, test=key)}


def _not_passed(key: str, end: Mapping[str, Any], is_failing: bool) -> Answer:
    status = end["status"]
    state = "timeout" if status == "timeout" else "still_fails" if is_failing else "breaks_others"
    why = "%s %s" % (key, status) + (": %s" % end["why"] if end.get("why") else "")
    kept = {name: end[name] for name in ("failure", "retire", "retired") if name in end}
    return dict(kept, state=state, why=why)


def told(job: Mapping[str, Any], end: str) -> Answer:
    """The answer in the name of a process that was lost: ``end`` is what `pool.Pool.run` says of it."""
    whys = {"timeout": "the test did not come back in time", "crash": "the process ended in the middle of a test"}
    return {"n": job["n"], "state": end, "why": whys.get(end, "")}


def missing(keys: Sequence[str], rerun: Rerun) -> List[str]:
    """The tests that this process has not collected."""
    return [key for key in keys if key not in rerun.items]
