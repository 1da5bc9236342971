"""What a run tells of each test and of each failure, seen through the real runner, sandbox and pytest."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from guest_suites import failure, lay, outcomes, run

from dreamscape.domain.failures import Comparison, Frame
from dreamscape.domain.runs import RunEnd, TestRun

pytestmark = pytest.mark.sandbox

MIXED = {
    "shop/__init__.py": "",
    "shop/prices.py": """
        class Price:
            def __init__(self, cents):
                self.cents = cents

            def doubled(self):
                def twice(cents):
                    return cents.times(2)
                return twice(self.cents)


        def total(prices):
            '''
            >>> total([1, 2])
            4
            '''
            return sum(prices)
        """,
    "pytest.ini": "[pytest]\naddopts = --doctest-modules --strict-markers\n",
    "tests/test_mixed.py": """
        import contextlib, json, os, subprocess, sys, unittest
        import pytest
        from shop.prices import Price, total

        class Twin:
            def __repr__(self):
                raise RuntimeError("no repr")

        def test_passes(): assert total([1, 2]) == 3
        def test_value(): assert total([1, 2]) == 4, "wrong total"
        def test_plain(): assert total([1, 2]) == 4
        def test_reprless(): assert Twin() == Twin()
        def test_raises_inside(): Price(1).doubled()
        def test_does_not_raise():
            with pytest.raises(ValueError):
                total([])
        def test_old_comparison():
            with contextlib.suppress(AssertionError):
                assert 1 == 2
            raise KeyError("price")
        def test_json(): json.loads("{")
        @pytest.mark.skip(reason="not now")
        def test_skipped(): pass
        @pytest.mark.xfail
        def test_expected(): assert False
        @pytest.mark.xfail
        def test_unexpected(): pass
        @pytest.mark.xfail(strict=True, reason="known")
        def test_strict(): pass
        @pytest.mark.parametrize("value", [object(), object(), 3], ids=repr)
        def test_addressed(value): assert value != 3
        def test_lacks_fixture(nowhere): pass
        @pytest.fixture
        def broken(): raise OSError("no shop")
        def test_broken_fixture(broken): pass
        @pytest.fixture
        def sour():
            yield
            raise OSError("closed badly")
        def test_sour_end(sour): pass
        def test_exits(): sys.exit(3)
        def test_deep():
            def down(n): return down(n + 1)
            down(0)
        def test_children_do_not_hear_us():
            assert not [name for name in os.environ if name.startswith("DREAMSCAPE")]
            script = "import os, sys; os.closerange(3, 256); print(len(os.listdir('/proc/self/fd')), sys.path)"
            out = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, close_fds=False).stdout
            assert out.startswith("4 ") and "dreamscape_guest" not in out + str(sys.path)
            if os.fork() == 0:
                raise SystemExit("a child that goes on as if it were the suite")

        class TestShelf(unittest.TestCase):
            @classmethod
            def setUpClass(cls): cls.shelf = {"a": 1}
            def test_equal(self): self.assertEqual(self.shelf, {"a": 2})
            def test_in(self): self.assertIn("b", self.shelf)
            @unittest.expectedFailure
            def test_surprise(self): pass

        class TestLater(unittest.IsolatedAsyncioTestCase):
            async def test_awaits(self): self.assertTrue(True)
        """,
}


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> TestRun:
    return run(lay(tmp_path_factory.mktemp("mixed"), MIXED))


def test_every_kind_of_test_has_one_key_and_one_outcome(mixed: TestRun) -> None:
    assert mixed.end is RunEnd.EXITED
    assert mixed.exit_code == 1
    assert outcomes(mixed) == {
        "shop.prices.total": "failed",
        "test_passes": "passed",
        "test_value": "failed",
        "test_plain": "failed",
        "test_reprless": "failed",
        "test_raises_inside": "failed",
        "test_does_not_raise": "failed",
        "test_old_comparison": "failed",
        "test_json": "failed",
        "test_skipped": "skipped",
        "test_expected": "xfailed",
        "test_unexpected": "xpassed",
        "test_strict": "failed",
        "test_addressed[<object object at 0x>]": "passed",
        "test_addressed[<object object at 0x>]#2": "passed",
        "test_addressed[3]": "failed",
        "test_lacks_fixture": "error",
        "test_broken_fixture": "error",
        "test_sour_end": "error",
        "test_exits": "failed",
        "test_deep": "failed",
        "test_children_do_not_hear_us": "passed",
        "TestShelf::test_equal": "failed",
        "TestShelf::test_in": "failed",
        "TestShelf::test_surprise": "failed",
        "TestLater::test_awaits": "passed",
    }


def test_each_failing_test_has_one_failure_of_the_right_phase(mixed: TestRun) -> None:
    failed = [key for key, outcome in outcomes(mixed).items() if outcome in ("failed", "error")]
    assert sorted(f.test.partition("::")[2] for f in mixed.failures) == sorted(failed)
    assert failure(mixed, "test_lacks_fixture").phase == "setup"
    assert failure(mixed, "test_sour_end").phase == "teardown"
    assert failure(mixed, "test_value").phase == "call"


def test_a_failing_assertion_tells_both_values(mixed: TestRun) -> None:
    plain = failure(mixed, "test_plain")

    assert plain.exception == "AssertionError"
    assert plain.message.startswith("assert 3 == 4")
    assert plain.comparison == Comparison("==", "3", "4")
    assert failure(mixed, "test_value").message.startswith("wrong total")
    reprless = failure(mixed, "test_reprless").comparison
    assert reprless is not None
    assert reprless.left == "<Twin whose repr raised RuntimeError>"


def test_a_comparison_that_failed_earlier_and_was_caught_is_not_told(mixed: TestRun) -> None:
    assert failure(mixed, "test_old_comparison").comparison is None
    assert failure(mixed, "test_old_comparison").message == "'price'"


def test_unittest_tells_both_values_too(mixed: TestRun) -> None:
    assert failure(mixed, "test_equal").comparison == Comparison("==", "{'a': 1}", "{'a': 2}")
    assert failure(mixed, "test_in").comparison == Comparison("in", "'b'", "{'a': 1}")
    assert [frame.function for frame in failure(mixed, "test_equal").frames] == ["TestShelf.test_equal"]


def test_a_doctest_tells_what_it_got_and_what_it_wanted_and_where(mixed: TestRun) -> None:
    doctest = failure(mixed, "shop.prices.total")

    assert doctest.comparison == Comparison("==", "3", "4")
    assert doctest.deepest_project_frame == Frame("shop/prices.py", 13, "total", True)


def test_frames_run_from_the_test_to_the_line_that_raised(mixed: TestRun) -> None:
    inside = failure(mixed, "test_raises_inside")

    assert inside.exception == "AttributeError"
    assert [(frame.path, frame.function) for frame in inside.frames] == [
        ("tests/test_mixed.py", "test_raises_inside"),
        ("shop/prices.py", "Price.doubled"),
        ("shop/prices.py", "Price.doubled.<locals>.twice"),
    ]
    assert inside.frames[-1].line == 7


def test_foreign_frames_are_kept_but_not_those_of_pytest(mixed: TestRun) -> None:
    parsing = failure(mixed, "test_json")

    assert parsing.exception == "json.decoder.JSONDecodeError"
    assert parsing.frames[0].in_project
    assert all("_pytest" not in frame.path and "pluggy" not in frame.path for frame in parsing.frames)
    assert "json/decoder.py" in parsing.frames[-1].path
    assert not parsing.frames[-1].in_project
    assert parsing.deepest_project_frame == parsing.frames[0]


def test_exceptions_without_a_project_frame_are_placed_at_the_test(mixed: TestRun) -> None:
    lacking = failure(mixed, "test_lacks_fixture")

    assert lacking.message.startswith("fixture 'nowhere' not found")
    assert lacking.deepest_project_frame is not None
    assert lacking.deepest_project_frame.function == "test_lacks_fixture"


@pytest.mark.parametrize(
    ("name", "exception", "says"),
    [
        ("test_does_not_raise", "Failed", "DID NOT RAISE"),
        ("test_strict", "Failed", "[XPASS(strict)] known"),
        ("test_surprise", "Failed", "Unexpected success"),
        ("test_exits", "SystemExit", "3"),
        ("test_deep", "RecursionError", "maximum recursion depth exceeded"),
        ("test_broken_fixture", "OSError", "no shop"),
    ],
)
def test_the_exception_and_its_words_are_told(mixed: TestRun, name: str, exception: str, says: str) -> None:
    found = failure(mixed, name)

    assert found.exception == exception
    assert says in found.message
    assert len(found.frames) <= 100


def test_files_that_cannot_be_collected_are_failures_and_the_rest_runs(tmp_path: Path) -> None:
    project = lay(
        tmp_path,
        {
            "broken.py": "def f(:\n    pass\n",
            "lost.py": "import not_there_at_all\n",
            "test_syntax.py": "def test_a(:\n    pass\n",
            "test_import.py": "import lost\ndef test_b(): pass\n",
            "test_through.py": "import broken\ndef test_c(): pass\n",
            "test_raises.py": "1 / 0\n",
            "test_skips.py": "import pytest\npytest.skip('not here', allow_module_level=True)\n",
            "sub/conftest.py": "import lost\n",
            "sub/test_sub.py": "def test_d(): pass\n",
            "test_fine.py": "def test_e(): pass\n",
        },
    )

    result = run(project)

    assert outcomes(result) == {
        "test_syntax.py": "error",
        "test_import.py": "error",
        "test_through.py": "error",
        "test_raises.py": "error",
        "test_skips.py": "skipped",
        "sub/conftest.py": "error",
        "test_e": "passed",
    }
    told = {f.test: (f.exception, f.phase, f.deepest_project_frame) for f in result.failures}
    assert told["test_syntax.py"][:2] == ("SyntaxError", "collect")
    assert told["test_syntax.py"][2] == Frame("test_syntax.py", 1, "<module>", True)
    assert told["test_through.py"][2] == Frame("broken.py", 1, "<module>", True)
    assert told["test_import.py"] == ("ModuleNotFoundError", "collect", Frame("lost.py", 1, "<module>", True))
    assert told["test_raises.py"] == ("ZeroDivisionError", "collect", Frame("test_raises.py", 1, "<module>", True))
    assert told["sub/conftest.py"][2] == Frame("lost.py", 1, "<module>", True)


def test_a_conftest_that_cannot_be_imported_is_a_failure_with_its_frames(tmp_path: Path) -> None:
    project = lay(
        tmp_path,
        {"conftest.py": "import shop\n", "shop.py": "price = 1 / 0\n", "test_a.py": "def test_a(): pass\n"},
    )

    result = run(project)

    assert outcomes(result) == {"conftest.py": "error"}
    assert result.failures[0].exception == "ZeroDivisionError"
    assert result.failures[0].deepest_project_frame == Frame("shop.py", 1, "<module>", True)
    assert result.exit_code == 4


def test_a_suite_without_tests_has_no_results(tmp_path: Path) -> None:
    result = run(lay(tmp_path, {"shop.py": ""}))

    assert (result.results, result.failures, result.exit_code) == ((), (), 5)


def test_subtests_count_for_their_test(tmp_path: Path) -> None:
    project = lay(
        tmp_path,
        {
            "test_sub.py": """
                import unittest
                class TestSub(unittest.TestCase):
                    def test_some(self):
                        for n in range(4):
                            with self.subTest(n=n):
                                self.assertEqual(n % 2, 0)
                    def test_fine(self):
                        with self.subTest(n=1):
                            self.assertEqual(1, 1)
                """
        },
    )

    result = run(project)

    assert outcomes(result) == {"TestSub::test_some": "failed", "TestSub::test_fine": "passed"}
    assert result.failures[0].comparison == Comparison("==", "1", "0")


ORDERED = {
    "test_one.py": "def test_a(): pass\ndef test_b(): pass\ndef test_c(): pass\n",
    "test_two.py": "class TestTwo:\n    def test_d(self): pass\n    def test_e(self): pass\n",
    "test_crash.py": "import os\nos._exit(3)\n",
}


def test_only_the_chosen_keys_run_in_their_order_and_no_other_file_is_loaded(tmp_path: Path) -> None:
    project = lay(tmp_path, ORDERED)
    chosen = ["test_two.py::TestTwo::test_e", "test_one.py::test_c", "test_one.py::test_a", "test_gone.py::test_x"]

    result = run(project, only=chosen)

    assert [entry.test for entry in result.results] == chosen[:3]


@pytest.mark.parametrize(
    ("key", "chosen"), [("test_two.py", ["test_d", "test_e"]), ("conftest.py", list("abcde"))], ids=["file", "conftest"]
)
def test_what_could_not_be_collected_before_stands_for_all_tests_in_it(
    tmp_path: Path, key: str, chosen: list[str]
) -> None:
    project = lay(
        tmp_path, {**{name: text for name, text in ORDERED.items() if "crash" not in name}, "conftest.py": ""}
    )

    result = run(project, only=[key])

    assert [entry.test.rpartition("test_")[2] for entry in result.results] == [name[-1] for name in chosen]


def test_orders_are_reversed_or_shuffled_by_seed_within_modules(tmp_path: Path) -> None:
    project = lay(tmp_path, {name: text for name, text in ORDERED.items() if "crash" not in name})

    given = [entry.test for entry in run(project).results]
    turned = [entry.test for entry in run(project, order="reversed").results]
    shuffled = [[e.test for e in run(project, order="random", seed=seed).results] for seed in (1, 1, 2, 3)]

    assert turned == given[::-1]
    assert shuffled[0] == shuffled[1]
    assert len({tuple(order) for order in [*shuffled, given]}) > 2
    assert all(sorted(order) == sorted(given) for order in shuffled)
    modules = [key.partition("::")[0] for key in shuffled[0]]
    assert len([1 for one, other in pairwise(modules) if one != other]) == 1


def test_deselected_keys_do_not_run(tmp_path: Path) -> None:
    project = lay(tmp_path, {"test_one.py": ORDERED["test_one.py"]})

    result = run(project, deselect=["test_one.py::test_b"])

    assert list(outcomes(result)) == ["test_a", "test_c"]


def test_overrides_are_what_is_tested(tmp_path: Path) -> None:
    project = lay(
        tmp_path, {"shop.py": "price = 1\n", "test_a.py": "from shop import price\ndef test(): assert price == 2\n"}
    )

    assert outcomes(run(project)) == {"test": "failed"}
    assert outcomes(run(project, overrides={"shop.py": b"price = 2\n"})) == {"test": "passed"}
    assert (project / "shop.py").read_text() == "price = 1\n"
