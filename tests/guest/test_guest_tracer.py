"""Lines told for each test are those a plain trace function sees."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from guest_suites import environment, interpreters, lay, run

pytestmark = pytest.mark.sandbox

SUITE = {
    "shop/__init__.py": "",
    "shop/prices.py": """
        import threading
        from dataclasses import dataclass

        RATES = [rate / 10
                 for rate in range(3)]


        @dataclass
        class Price:
            cents: int

            @property
            def half(self):
                return self.cents // 2

            def doubled(self):
                return Price(
                    self.cents * 2
                )


        def total(prices):
            result = 0
            for price in prices:
                if price < 0:
                    continue
                result += price
            else:
                result += 0
            return result


        def safe(text):
            try:
                return int(text)
            except ValueError:
                return None
            finally:
                text = ""


        def numbers(n):
            for i in range(n):
                got = yield i
                if got:
                    return


        def factorial(n):
            if n < 2:
                return 1
            return n * factorial(n - 1)


        def in_thread(work):
            thread = threading.Thread(target=lambda: work(
                [1]))
            thread.start()
            thread.join()


        def unpacked(pairs):
            return {a: b for a, b in pairs if (
                a
                and b)}


        async def later(n):
            return n + 1


        def lazily():
            from shop import late
            return late.VALUE
        """,
    "shop/late.py": "VALUE = 1\n\n\ndef unused():\n    return 2\n",
    "tests/helper.py": "def help_out():\n    return 1\n",
    "tests/test_lines.py": """
        import asyncio
        import pytest
        from shop import prices
        import helper

        @pytest.fixture(scope="module")
        def running():
            found = prices.numbers(5)
            next(found)
            return found

        def test_first(running):
            assert prices.total([1, -1]) == 1
            assert helper.help_out()
        def test_again(): assert prices.total([]) == 0
        def test_same(): assert prices.total([1, -1]) == 1
        def test_generator(running): assert next(running) == 1
        def test_generator_again(running): assert next(running) == 2
        def test_caught(): assert prices.safe("x") is None
        def test_uncaught(): assert prices.safe("3") == 3
        def test_raises(): assert prices.safe([]) is None
        def test_recursion(): assert prices.factorial(5) == 120
        def test_thread(): prices.in_thread(prices.total)
        def test_thread_again(): prices.in_thread(prices.total)
        def test_methods(): assert prices.Price(4).doubled().half == 4
        def test_unpacked(): assert prices.unpacked([(1, 2), (0, 1)]) == {1: 2}
        def test_later(): assert asyncio.run(prices.later(1)) == 2
        def test_lazily(): assert prices.lazily() == 1
        def test_lazily_again(): assert prices.lazily() == 1
        def test_many():
            for n in range(3000): prices.factorial(n % 5)
        """,
}

REFERENCE = """
import json, os, sys, threading
import pytest

root = os.path.join(os.getcwd(), "shop", "")
ran = {}

class Reference:
    key = ""
    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item):
        self.key = item.nodeid
        yield
        self.key = ""

reference = Reference()

def local(frame, event, argument):
    if event == "line":
        path = os.path.relpath(frame.f_code.co_filename).replace(os.sep, "/")
        ran.setdefault(reference.key, {}).setdefault(path, set()).add(frame.f_lineno)
    return local

def trace(frame, event, argument):
    return local if frame.f_code.co_filename.startswith(root) else None

threading.settrace(trace)
sys.settrace(trace)
pytest.main(["-q", "-p", "no:cacheprovider"], plugins=[reference])
sys.settrace(None)
with open(sys.argv[1], "w") as file:
    json.dump({key: {path: sorted(lines) for path, lines in files.items()} for key, files in ran.items()}, file)
"""


def reference(project: Path, python: Path) -> dict[str, dict[str, list[int]]]:
    """Test -> path -> lines, as a trace function without any of our shortcuts sees them."""
    told = project / "reference.json"
    subprocess.run([python, "-c", REFERENCE, told], cwd=project, check=True, capture_output=True)
    found: dict[str, dict[str, list[int]]] = json.loads(told.read_text())
    return found


def assert_lines_are_told(project: Path, python: Path) -> None:
    lay(project, SUITE)

    told = run(project, python, coverage="lines").coverage

    plain = {key: {path: sorted(lines) for path, lines in files.items()} for key, files in told.items()}
    assert plain == reference(project, python)


def test_each_test_has_the_lines_it_ran(tmp_path: Path) -> None:
    assert_lines_are_told(tmp_path, Path(sys.executable))


@pytest.mark.slow
@pytest.mark.parametrize("python", interpreters(), ids=lambda path: path.parent.parent.name)
def test_each_test_has_the_lines_it_ran_on_every_interpreter(tmp_path: Path, python: Path) -> None:
    assert_lines_are_told(tmp_path, environment(python, "pytest"))


def test_files_are_told_without_lines_for_less(tmp_path: Path) -> None:
    told = run(lay(tmp_path, SUITE), coverage="files").coverage

    assert set(told["tests/test_lines.py::test_again"]) == {"shop/prices.py"}
    assert set(told["tests/test_lines.py::test_lazily"]) == {"shop/prices.py", "shop/late.py"}
    assert "tests/test_lines.py::test_generator_again" in told
    assert set(told[""]) >= {"shop/prices.py"}


def test_a_tracer_of_the_suites_own_is_left_alone(tmp_path: Path) -> None:
    project = lay(
        tmp_path,
        {
            "shop.py": "def one():\n    return 1\n",
            "test_a.py": """
                import sys
                from shop import one
                def test_own_tracer():
                    seen = []
                    before = sys.gettrace()
                    sys.settrace(lambda frame, event, argument: seen.append(frame.f_code.co_name))
                    one()
                    sys.settrace(before)
                    assert "one" in seen
                def test_forgets_to_restore():
                    sys.settrace(None)
                def test_is_seen_again():
                    one()
                """,
        },
    )

    result = run(project, coverage="lines")

    assert result.exit_code == 0
    assert result.coverage["test_a.py::test_is_seen_again"] == {"shop.py": frozenset({2})}


def assert_what_only_tells_is_not_seen(project: Path, python: Path) -> None:
    files = {
        "coin.py": """\
            class Coin:
                def __init__(self, value):
                    self.value = value

                def __repr__(self):
                    return self.words()

                def words(self):
                    return f"<{self.value}>"
            """,
        "test_coin.py": """
            import unittest
            from coin import Coin

            def test_compared(): assert Coin(1) == Coin(2)
            def test_called(): assert not Coin(1)
            def test_raises(): raise ValueError(Coin(1).value)
            def test_asked(): assert repr(Coin(1)) == "<2>"

            class CoinTest(unittest.TestCase):
                def test_equal(self): self.assertEqual(Coin(1), Coin(2))
            """,
    }
    told = run(lay(project, files), python, coverage="lines").coverage

    assert {test.rpartition("::")[2]: max(told[test]["coin.py"]) for test in told if test} == {
        "test_compared": 3, "test_called": 3, "test_raises": 3, "test_equal": 3, "test_asked": 9,
    }  # fmt: skip


def test_what_runs_only_to_tell_of_a_failure_is_not_seen(tmp_path: Path) -> None:
    assert_what_only_tells_is_not_seen(tmp_path, Path(sys.executable))


@pytest.mark.slow
@pytest.mark.parametrize("python", interpreters(), ids=lambda path: path.parent.parent.name)
def test_what_runs_only_to_tell_of_a_failure_is_not_seen_by_any_interpreter(tmp_path: Path, python: Path) -> None:
    assert_what_only_tells_is_not_seen(tmp_path, environment(python, "pytest"))
