"""Two fresh full runs decide; the suite's own chance and order must not."""

from collections.abc import Mapping

from dreamscape.agent.proof import prove
from dreamscape.domain.runs import Outcome, RunEnd, TestResult, TestRun

CHANGES = {"m.py": b"x = 1\n"}


class Suite:
    """Keeps `SuiteRunner.run`'s promise; ``fails(changed, order, turn)`` names the tests that fail."""

    def __init__(self, fails: object, tests: tuple[str, ...] = ("t::bug", "t::a", "t::b")) -> None:
        self.fails = fails
        self.tests = tests
        self.runs: list[str] = []

    def __call__(self, *, overrides: Mapping[str, bytes] | None = None, order: str = "given", seed: int = 0) -> TestRun:
        changed = bool(overrides)
        self.runs.append(f"{order}{'+' if changed else ''}")
        failing = self.fails(changed, order, len(self.runs))  # type: ignore[operator]
        results = [TestResult(t, Outcome.FAILED if t in failing else Outcome.PASSED) for t in self.tests]
        return TestRun(tuple(results), (), RunEnd.EXITED, 0, 0.1)


def test_a_repair_that_passes_in_order_and_at_random_is_proven_by_two_runs() -> None:
    suite = Suite(lambda changed, order, turn: () if changed else ("t::bug",))

    assert prove(suite, CHANGES, ["t::bug"], ["t::a", "t::b"]).holds
    assert suite.runs == ["given+", "random+"]


def test_a_test_that_passed_before_and_fails_now_refutes_it() -> None:
    suite = Suite(lambda changed, order, turn: ("t::a",))

    proof = prove(suite, CHANGES, ["t::bug"], ["t::a", "t::b"])

    assert not proof.holds
    assert "t::a" in proof.why


def test_a_skipped_or_missing_test_has_not_passed() -> None:
    suite = Suite(lambda changed, order, turn: (), tests=("t::a", "t::b"))

    assert not prove(suite, CHANGES, ["t::bug"], ["t::a", "t::b"]).holds


def test_an_order_that_breaks_the_suite_anyway_is_not_held_against_the_repair() -> None:
    suite = Suite(lambda changed, order, turn: ("t::b",) if order == "random" else ())

    assert prove(suite, CHANGES, ["t::bug"], ["t::a", "t::b"]).holds


def test_a_repair_that_only_the_random_order_breaks_is_refuted() -> None:
    suite = Suite(lambda changed, order, turn: ("t::b",) if changed and (order == "random" or turn > 1) else ())

    assert not prove(suite, CHANGES, ["t::bug"], ["t::a", "t::b"]).holds


def test_a_test_that_fails_once_by_chance_gets_one_repetition() -> None:
    suite = Suite(lambda changed, order, turn: ("t::a",) if turn == 1 else ())

    assert prove(suite, CHANGES, ["t::bug"], ["t::a", "t::b"]).holds


def test_a_file_that_could_not_be_collected_is_repaired_when_all_in_it_passes() -> None:
    assert prove(Suite(lambda *_: ()), CHANGES, ["t"], ["t::a"]).holds
    assert not prove(Suite(lambda *_: ("t::b",)), CHANGES, ["t"], ["t::a"]).holds


def test_a_conftest_that_could_not_be_loaded_stands_for_its_folder_alone() -> None:
    def suite() -> Suite:
        return Suite(lambda *_: ("inner/t.py::bug",), tests=("inner/t.py::bug", "t.py::a"))

    assert not prove(suite(), CHANGES, ["inner/conftest.py"], ["t.py::a"]).holds
    assert not prove(suite(), CHANGES, ["conftest.py"], ["t.py::a"]).holds
    assert not prove(suite(), CHANGES, ["other/conftest.py"], ["t.py::a"]).holds
    assert prove(Suite(lambda *_: (), tests=("inner/t.py::bug",)), CHANGES, ["inner/conftest.py"], []).holds


def test_a_repair_that_passes_only_every_second_time_is_refuted() -> None:
    suite = Suite(lambda changed, order, turn: ("t::bug",) if turn % 2 else ())

    assert not prove(suite, CHANGES, ["t::bug"], ["t::a", "t::b"]).holds


class Renaming(Suite):
    """A suite whose parametrized tests bear names by the order of a set, another in each run."""

    def __init__(self, fails: object, lost: int = 0) -> None:
        super().__init__(fails)
        self.lost = lost

    def __call__(self, **how: object) -> TestRun:
        turn = len(self.runs)
        numbers = [(n + turn) % 3 for n in range(3)][self.lost :]
        self.tests = ("t::bug", *(f"t::set[{name}-{n}]" for name, n in zip("abc"[self.lost :], numbers, strict=True)))
        return super().__call__(**how)  # type: ignore[arg-type]


FAILING = ("t::set[a-0]", "t::set[a-1]", "t::set[a-2]")
NAMED = ["t::set[a-0]", "t::set[b-1]", "t::set[c-2]"]


def test_parametrized_tests_under_new_names_are_kept_while_all_of_them_pass_and_none_is_lost() -> None:
    assert prove(Renaming(lambda changed, order, turn: ()), CHANGES, ["t::bug"], NAMED).holds
    assert not prove(Renaming(lambda changed, *_: FAILING if changed else ()), CHANGES, ["t::bug"], NAMED).holds
    assert not prove(Renaming(lambda changed, order, turn: (), lost=1), CHANGES, ["t::bug"], NAMED).holds
