"""The candidate server gives each candidate the verdict that a pytest of its own would, whatever the candidate does."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from guest_suites import environment, interpreters_and_pytests
from trial_projects import FAILING, FILE, OTHERS, calc, change, server

from dreamscape.domain.repair import VerdictState
from dreamscape.domain.runs import Outcome

pytestmark = pytest.mark.sandbox

VERDICTS = [
    ("value < best", "value > best", VerdictState.PLAUSIBLE),
    ("value < best", "value <= best", VerdictState.STILL_FAILS),
    ("best = 0", "return 5", VerdictState.BREAKS_OTHERS),
    ("value < best", "value <", VerdictState.INVALID),
    ("best = 0", "while True: pass", VerdictState.TIMEOUT),
    ("best = 0", "import time\n    time.sleep(1000)", VerdictState.TIMEOUT),
    ("best = 0", "import os\n    os._exit(0)", VerdictState.CRASH),
    ("best = 0", "import os\n    os.kill(os.getpid(), 9)", VerdictState.CRASH),
    ("best = 0", "raise SystemExit(0)", VerdictState.STILL_FAILS),
    ("best = 0", "raise KeyboardInterrupt", VerdictState.STILL_FAILS),
    ("best = 0", "best = bytearray(10 ** 12)", VerdictState.STILL_FAILS),
    ("best = 0", "best = biggest(values)", VerdictState.STILL_FAILS),
    ("best = 0", "import os\n    best = os.fork()", VerdictState.STILL_FAILS),
    ("best = 0", "import pytest\n    pytest.skip('no')", VerdictState.STILL_FAILS),
    ("best = 0", "import pytest\n    pytest.xfail('no')", VerdictState.STILL_FAILS),
    ("best = 0", "import pytest\n    pytest.exit('no', 0)", VerdictState.STILL_FAILS),
    ("best = 0", "import os\n    os.chdir('/'); os.environ.clear(); best = 1", VerdictState.STILL_FAILS),
    ("best = 0", "import signal\n    signal.signal(signal.SIGPROF, signal.SIG_IGN)", VerdictState.TIMEOUT),
    ("return 3", "return 4", VerdictState.STILL_FAILS),
    ("return function(*args)", "return None", VerdictState.STILL_FAILS),
    ("def biggest(values):", "def biggest(values, *more):", VerdictState.STILL_FAILS),
    ("import functools", "import functools, no_such_module", VerdictState.STILL_FAILS),
]


def test_each_candidate_gets_its_verdict_in_order(tmp_path: Path) -> None:
    project = calc(tmp_path)
    candidates = [change(project, old, new) for old, new, _ in VERDICTS]

    with server(project) as trials:
        verdicts = trials.judge(candidates, [FAILING], OTHERS, cpu_s_per_test=0.3)

    assert [(v.candidate.summary, v.state) for v in verdicts] == [
        (candidate.summary, state) for candidate, (_, _, state) in zip(candidates, VERDICTS, strict=True)
    ]


FORGED = '{"n": 0, "state": "still_fails", "why": "", "failure": null}'


@pytest.mark.parametrize(
    "words", ["nonsense", "[1]", '{"state": "still_fails"}', '{"n": 1, "state": {}, "why": 1}', "1\\n2", FORGED]
)
def test_a_candidate_that_answers_in_the_servers_place_harms_itself_alone(tmp_path: Path, words: str) -> None:
    project = calc(tmp_path)
    writes = f"""import os
    for number in range(3, 100):
        try:
            if os.readlink("/proc/self/fd/%d" % number).startswith("socket"):
                os.write(number, {words!r}.encode() + b"\\n")
        except OSError:
            pass
    best = 0"""
    hostile, right = change(project, "best = 0", writes), change(project, "value < best", "value > best")

    with server(project) as trials:
        verdicts = trials.judge([hostile, *[right] * 40], [FAILING], OTHERS, cpu_s_per_test=1.0)

    assert verdicts[0].state is not VerdictState.PLAUSIBLE
    assert {verdict.state for verdict in verdicts[1:]} == {VerdictState.PLAUSIBLE}


def test_a_verdict_tells_the_failure_and_the_effort(tmp_path: Path) -> None:
    project = calc(tmp_path)
    wrong, right = change(project, "best = 0", "best = values[0]"), change(project, "value < best", "value > best")

    with server(project) as trials:
        failed, passed = trials.judge([wrong, right], [FAILING], OTHERS, cpu_s_per_test=1.0)

    assert failed.failure is not None
    assert (failed.failure.test, failed.failure.phase, failed.failure.exception) == (FAILING, "call", "AssertionError")
    assert failed.failure.comparison is not None
    assert (failed.failure.comparison.left, failed.failure.comparison.right) == ("1", "5")
    assert failed.failure.frames[-1].path == FILE
    assert passed.failure is None
    assert passed.tests_run == 1 + len(OTHERS)
    assert passed.cpu_s > 0


def test_code_that_runs_at_import_is_imported_afresh(tmp_path: Path) -> None:
    project = calc(tmp_path)
    limit = [f"{FILE}::test_limit"]

    with server(project) as trials:
        verdicts = trials.judge(
            [
                change(project, "return 3", "return 4"),
                change(project, "LIMIT = start()", "LIMIT = 5"),
                change(project, "import functools", "import functools\nimport nothing"),
                change(project, "return 3", "x = 3\n    return x"),
            ],
            limit,
            cpu_s_per_test=1.0,
        )

    assert [v.state for v in verdicts] == [*[VerdictState.STILL_FAILS] * 3, VerdictState.PLAUSIBLE]
    assert verdicts[2].failure is not None
    assert (verdicts[2].failure.phase, verdicts[2].failure.exception) == ("collect", "ModuleNotFoundError")


def test_a_file_that_does_not_load_is_repaired_by_what_makes_it_load(tmp_path: Path) -> None:
    files = {
        "calc.py": "import maths\n\ndef half(n):\n    return n // 2\n",
        FILE: "import calc\ndef test(): calc.half(4)",
    }
    project = calc(tmp_path, files)

    with server(project) as trials:
        wrong, right = trials.judge(
            [change(project, "maths", "mathz"), change(project, "maths", "math")], [FILE], cpu_s_per_test=1.0
        )

    assert (wrong.state, right.state) == (VerdictState.STILL_FAILS, VerdictState.PLAUSIBLE)


def test_what_a_candidate_leaves_behind_does_not_reach_the_next(tmp_path: Path) -> None:
    files = {
        "calc.py": """
            import functools
            SEEN = {}
            TOTAL = 0

            class Shop:
                stock = []

            @functools.lru_cache(maxsize=None)
            def cached(n):
                return answer(n)

            def answer(n):
                return 0

            def leave():
                pass
            """,
        FILE: """
            import os, threading, calc

            def test_clean():
                assert (calc.SEEN, calc.TOTAL, calc.Shop.stock) == ({}, 0, [])
                assert threading.active_count() == 1 and "LEFT" not in os.environ
                calc.leave()
                assert calc.cached(1) == 1
            """,
    }
    project = calc(tmp_path, files)
    leftovers = [
        "SEEN[1] = 1",
        "global TOTAL; TOTAL += 1",
        "Shop.stock.append(1); Shop.more = 2",
        "import os; os.environ['LEFT'] = '1'",
        "import threading, time; threading.Thread(target=time.sleep, args=(60,), daemon=True).start()",
        "import random; random.seed(1)",
    ]
    candidates = [change(project, "pass", text) for text in leftovers for _ in range(4)]

    with server(project) as trials:
        right = change(project, "return 0", "return n")
        verdicts = trials.judge([*candidates, right], [f"{FILE}::test_clean"], cpu_s_per_test=1.0)

    assert {(v.failure.message.split("\n")[0]) for v in verdicts[:-1] if v.failure} == {"assert 0 == 1"}
    assert verdicts[-1].state is VerdictState.PLAUSIBLE


def test_fixtures_classes_and_unittest_run_anew_for_each_candidate(tmp_path: Path) -> None:
    files = {
        "calc.py": "def one():\n    return 2\n",
        FILE: """
            import unittest
            import pytest
            import calc

            @pytest.fixture(scope="session")
            def session_one():
                return calc.one()

            @pytest.fixture(scope="module", params=[1, 2])
            def module_one(request, session_one):
                yield session_one * request.param

            def test_fixtures(module_one):
                assert module_one in (1, 2)

            class TestCase(unittest.TestCase):
                @classmethod
                def setUpClass(cls):
                    cls.one = calc.one()

                def test_one(self):
                    for n in range(2):
                        with self.subTest(n=n):
                            self.assertEqual(self.one, 1)
            """,
    }
    project = calc(tmp_path, files)
    tests = [f"{FILE}::test_fixtures[1]", f"{FILE}::test_fixtures[2]", f"{FILE}::TestCase::test_one"]

    with server(project) as trials:
        verdicts = trials.judge(
            [change(project, "return 2", f"return {value}") for value in (3, 1, 5, 1)], tests, cpu_s_per_test=1.0
        )

    failing, plausible = VerdictState.STILL_FAILS, VerdictState.PLAUSIBLE
    assert [v.state for v in verdicts] == [failing, plausible, failing, plausible]


def test_the_baseline_tells_how_tests_end_in_the_server(tmp_path: Path) -> None:
    project = calc(tmp_path)

    with server(project, pytest_args=("-x", "--maxfail=1")) as trials:
        ends = trials.baseline([FAILING, *OTHERS, f"{FILE}::test_unknown"])

    assert [test for test in (FAILING, *OTHERS) if ends[test] is Outcome.PASSED] == list(OTHERS)


def test_a_server_that_dies_is_started_again(tmp_path: Path) -> None:
    project = calc(tmp_path)
    killer = change(project, "best = 0", "import os\n    os.kill(os.getppid(), 9); os.kill(os.getppid(), 9)")
    right = change(project, "value < best", "value > best")

    with server(project) as trials:
        first = trials.judge([killer, right], [FAILING], cpu_s_per_test=1.0)
        second = trials.judge([right], [FAILING], OTHERS, cpu_s_per_test=1.0)

    assert first[0].state is not VerdictState.PLAUSIBLE
    assert [first[1].state, second[0].state] == [VerdictState.PLAUSIBLE] * 2


def test_what_is_not_judged_by_the_deadline_says_so(tmp_path: Path) -> None:
    project = calc(tmp_path)
    slow = change(project, "best = 0", "import time\n    time.sleep(4)")

    with server(project) as trials:
        trials.judge([slow], [f"{FILE}::test_limit"], cpu_s_per_test=1.0)
        began = time.monotonic()
        verdicts = trials.judge([slow] * 20, [FAILING], cpu_s_per_test=1.0, deadline=began + 1.0)

    assert time.monotonic() - began < 10
    assert {(v.state, v.why) for v in verdicts} == {(VerdictState.TIMEOUT, "not judged: the time was over")}


def test_a_project_that_pytest_itself_loads_is_judged_too(tmp_path: Path) -> None:
    files = {
        "calc.py": "ONE = 2\ndef pytest_report_header():\n    return str(ONE)\n",
        FILE: "import calc\ndef test_one(): assert calc.ONE == 1\n",
    }
    project = calc(tmp_path, files)

    with server(project, pytest_args=("-p", "calc")) as trials:
        verdicts = trials.judge(
            [change(project, "ONE = 2", f"ONE = {n}") for n in (1, 3)], [f"{FILE}::test_one"], cpu_s_per_test=1.0
        )

    assert [v.state for v in verdicts] == [VerdictState.PLAUSIBLE, VerdictState.STILL_FAILS]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("python", "version"), interpreters_and_pytests(), ids=lambda it: it if isinstance(it, str) else it.parts[-3]
)
def test_every_interpreter_and_pytest_judges_alike(tmp_path: Path, python: Path, version: str) -> None:
    environment_python = environment(python, version)
    project = calc(tmp_path)
    candidates = [change(project, old, new) for old, new, _ in VERDICTS]

    with server(project, environment_python) as trials:
        ends = trials.baseline([FAILING, *OTHERS])
        verdicts = trials.judge(candidates, [FAILING], OTHERS, cpu_s_per_test=0.3)
        same = [change(project, "value < best", new) for new in ("value > best", "best < value", "value >= best + 2")]
        behaviour = trials.behaviours(same, [FAILING, *OTHERS], seconds=10.0)

    assert [test for test in (FAILING, *OTHERS) if ends[test] is Outcome.PASSED] == list(OTHERS)
    assert [(v.candidate.summary, v.state) for v in verdicts] == [
        (candidate.summary, state) for candidate, (_, _, state) in zip(candidates, VERDICTS, strict=True)
    ]
    assert behaviour.groups == ((same[0], same[1]), (same[2],))
    assert behaviour.inputs >= 200
