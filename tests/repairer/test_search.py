"""The repairer as a stepper: what it yields, in what order, and when it ends."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import pytest

from dreamscape.domain.failures import Comparison, Failure, FailureClass, Frame
from dreamscape.domain.repair import Candidate, Judge, RepairCase, Suspect, Verdict, VerdictState
from dreamscape.repairer import Repairer

CLAMP = b"""def clamp(value, low, high):
    if value < low:
        return low
    if value > low:
        return high
    return value
"""


def case_of(
    source: bytes,
    lines: dict[int, float],
    failure_class: FailureClass = FailureClass.WRONG_VALUE,
    failure: Failure | None = None,
    others: dict[str, bytes] | None = None,
) -> RepairCase:
    failure = failure or Failure("t.py::t", "call", "AssertionError", "assert 1 == 2", (), Comparison("==", "1", "2"))
    suspects = tuple(Suspect("p.py", line, "", score) for line, score in sorted(lines.items(), key=lambda e: -e[1]))
    return RepairCase("c", (failure,), failure_class, "f", suspects, {"p.py": source, **(others or {})})


def driven(
    case: RepairCase, passes: Callable[[bytes], bool], repairer: Repairer | None = None
) -> tuple[list[Candidate], list[Candidate]]:
    """All candidates asked for, and those that pass."""
    steps = (repairer or Repairer()).steps(case)
    tried: list[Candidate] = []
    good: list[Candidate] = []
    reply = None
    while True:
        try:
            step = steps.send(reply)
        except StopIteration:
            return tried, good
        assert isinstance(step, Judge)
        tried += step.candidates
        verdicts = []
        for each in step.candidates:
            passed = passes(each.applied_to(case.sources).get("p.py", b""))
            good += [each] if passed else []
            verdicts.append(Verdict(each, VerdictState.PLAUSIBLE if passed else VerdictState.STILL_FAILS))
        reply = tuple(verdicts)


def says(*wanted: str) -> Callable[[bytes], bool]:
    """Whether a source contains one of these texts (white space aside)."""
    return lambda source: any("".join(each.split()) in "".join(source.decode().split()) for each in wanted)


def test_the_right_edit_comes_early_and_the_search_ends_soon_after() -> None:
    tried, good = driven(case_of(CLAMP, {2: 0.7, 4: 1.0, 5: 0.9}), says("if value > high:"))

    assert good[0].summary.startswith("`low` becomes `high`")
    assert tried.index(good[0]) < 64
    assert len(tried) < 1000


def test_candidates_come_by_weight_each_once_and_within_the_limit() -> None:
    tried, _ = driven(case_of(CLAMP, {2: 0.7, 4: 1.0}), lambda _: False, Repairer(limit=150))

    assert len(tried) == 150
    assert len({each.id for each in tried}) == 150
    assert all(one.weight >= other.weight * 0.999 for one, other in pairwise(tried))


def test_the_same_case_gives_the_same_candidates() -> None:
    case = case_of(CLAMP, {2: 0.7, 4: 1.0})

    assert driven(case, lambda _: False)[0] == driven(case, lambda _: False)[0]


def test_what_outcomes_taught_moves_a_template_forward() -> None:
    case = case_of(CLAMP, {4: 1.0})
    usual, _ = driven(case, lambda _: False, Repairer(limit=400))
    taught, _ = driven(case, lambda _: False, Repairer({"drop-statement": 50.0}, limit=400))

    def first(tried: list[Candidate]) -> int:
        return next(at for at, each in enumerate(tried) if each.origin == "repairer:drop-statement")

    assert first(taught) < first(usual)


def test_two_changes_are_combined_where_each_alone_changed_the_failure() -> None:
    source = b"def f(a, b):\n    x = a - b\n    return x * 2\n"
    case = case_of(source, {2: 1.0, 3: 1.0})
    other = Failure("t.py::t", "call", "TypeError", "another")
    steps = Repairer(limit=4000).steps(case)
    wanted, reply, found = ("x = a + b", "return x * 3"), None, None
    while found is None:
        step = steps.send(reply)
        assert isinstance(step, Judge)
        verdicts = []
        for each in step.candidates:
            text = each.applied_to(case.sources)["p.py"].decode()
            hits = [part for part in wanted if part in text]
            found = each if len(hits) == 2 else found
            verdicts.append(Verdict(each, VerdictState.STILL_FAILS, failure=other if hits else case.failures[0]))
        reply = tuple(verdicts)

    assert len(found.edits) == 2
    assert "+" in found.origin


def test_a_fault_that_another_hides_is_found_as_the_second_half_of_a_pair() -> None:
    source = b"def f(text):\n    return text.strp().spilt(',')\n"
    case = case_of(source, {2: 1.0})
    other = Failure("t.py::t", "call", "AttributeError", "'str' object has no attribute 'spilt'")
    steps = Repairer(limit=4000).steps(case)
    reply, found = None, None
    while found is None:
        step = steps.send(reply)
        assert isinstance(step, Judge)
        texts = [each.applied_to(case.sources)["p.py"] for each in step.candidates]
        found = next(
            (each for each, text in zip(step.candidates, texts, strict=True) if b"strip().split(" in text), None
        )
        reply = tuple(
            Verdict(each, VerdictState.STILL_FAILS, failure=other if b"strip()" in text else case.failures[0])
            for each, text in zip(step.candidates, texts, strict=True)
        )

    assert len(found.edits) == 2


def test_no_suspects_and_unreadable_files_give_no_candidates() -> None:
    assert driven(case_of(CLAMP, {}), lambda _: False) == ([], [])
    assert driven(case_of(b"# coding: nonsense\nx = 1\n", {2: 1.0}), lambda _: False) == ([], [])


REPAIRS = {
    "missing colon": ("def f(x)\n    return x\n", {1: 1.0}, "COLLECTION", "", "def f(x):"),
    "open bracket": ("def f(x):\n    return len((x)\n", {2: 1.0}, "COLLECTION", "", "return len((x))"),
    "import": ("def f(x):\n    return math.floor(x)\n", {2: 1.0}, "IMPORT", "name 'math' is not defined",
        "import math"),
    "self": (
        "class A:\n    def __init__(self):\n        self.n = 1\n\n    def f(self):\n        return n + 1\n",
        {6: 1.0}, "IMPORT", "name 'n' is not defined", "return self.n + 1",
    ),
    "attribute": (
        "def f(xs, x):\n    xs.appendd(x)\n    return xs\n", {2: 1.0}, "NONE_OR_TYPE",
        "'list' object has no attribute 'appendd'", "xs.append(x)",
    ),
    "attribute misspelt twice": (
        "def f(a, b):\n    if a:\n        return a.issupserset(b)\n    return b.issupserset(a)\n", {3: 1.0},
        "NONE_OR_TYPE",
        "'set' object has no attribute 'issupserset'", "a.issuperset(b) return b.issuperset(a)",
    ),
    "guard for None": (
        "def f(user):\n    if user.age > 3:\n        return 1\n    return 0\n", {2: 1.0}, "NONE_OR_TYPE",
        "'NoneType' object has no attribute 'age'", "if user is not None and user.age > 3",
    ),
    "raise": (
        "def f(n):\n    return n ** 0.5\n", {2: 1.0}, "DID_NOT_RAISE", "DID NOT RAISE <class 'ValueError'>",
        "if n < 0:\n        raise ValueError",
    ),
    "mutable default": (
        "def f(x, xs=[]):\n    xs.append(x)\n    return xs\n", {2: 1.0}, "WRONG_VALUE", "",
        "xs=None):if xs is None:xs=[]",
    ),
    "key": ("def f(d, k):\n    return d[k]\n", {2: 1.0}, "INDEX_OR_KEY", "'a'", "return d.get(k)"),
    "base case": ("def f(n):\n    return n * f(n - 1)\n", {2: 1.0}, "RECURSION", "", "if n == 0:\n        return 1"),
    "step": ("def f(n):\n    i = 0\n    while i < n:\n        print(i)\n    return i\n",
        {3: 1.0, 4: 1.0}, "TIMEOUT", "", "print(i)\n i += 1"),
    "return out of loop": (
        "def f(xs):\n    total = 0\n    for x in xs:\n        total += x\n        return total\n",
        {5: 1.0}, "WRONG_VALUE", "",
        "total += x\n    return total",
    ),
    "caught type": (
        "def f(d):\n    try:\n        return d['a']\n    except IndexError:\n        return None\n",
        {3: 1.0}, "WRONG_EXCEPTION",
        "'a'", "except KeyError:",
    ),
    "caught type that does not exist": (
        "def f(d):\n    try:\n        return d['a']\n    except KeyEror:\n        return None\n",
        {4: 1.0}, "IMPORT", "name 'KeyEror' is not defined", "except KeyError:",
    ),
    "super": (
        "class B(dict):\n    def __init__(self, x):\n        self.x = x\n", {3: 1.0}, "NONE_OR_TYPE", "",
        "super().__init__(",
    ),
    "yield from": ("def f(xs):\n    yield iter(xs)\n", {2: 1.0}, "WRONG_VALUE", "", "yield from iter(xs)"),
    "default": ("def f(x, n=1):\n    return x + n\n", {2: 1.0}, "WRONG_VALUE", "", "n=2"),
    "mistyped operator": ("def f(x, y):\n    return x * 24 | 60 + y\n", {2: 1.0}, "WRONG_VALUE", "", "x * 24 * 60 + y"),
    "any operator": ("def f(x, y):\n    return x / y\n", {2: 1.0}, "WRONG_VALUE", "", "return x ** y"),
    "a text's letter case": ("def f(x):\n    return x.kind == 'AS'\n", {2: 1.0}, "WRONG_VALUE", "",
        "x.kind.upper() == 'AS'"),
    "places in a text": ("def f(x):\n    return '(%s)' ^ x\n", {2: 1.0}, "WRONG_VALUE", "", "return '(%s)' % x"),
    "what fills a table": (
        "TABLE = {}\n\n\ndef add(k):\n    TABLE[k[1]] = k\n\n\nadd('ab')\n\n\ndef f(k):\n    return TABLE[k]\n",
        {12: 1.0}, "WRONG_VALUE", "",
        "TABLE[k[0]] = k",
    ),
    "constant of the module": ("LIMIT = 9\n\n\ndef f(x):\n    return x < LIMIT\n", {5: 1.0}, "WRONG_VALUE", "",
        "LIMIT = 10"),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(REPAIRS))
def test_each_kind_of_repair_is_among_the_first(name: str) -> None:
    source, lines, failure_class, message, wanted = REPAIRS[name]
    exception = {"IMPORT": "NameError", "INDEX_OR_KEY": "KeyError", "WRONG_EXCEPTION": "KeyError"}.get(
        failure_class, "E"
    )
    failure = Failure("t.py::t", "call", exception, message)
    case = case_of(source.encode(), lines, FailureClass[failure_class], failure)

    tried, good = driven(case, says(wanted), Repairer(limit=1500))

    assert good, f"not among {len(tried)}"
    ast.parse(good[0].applied_to(case.sources)["p.py"])


def test_a_text_is_corrected_by_the_values_compared() -> None:
    comparison = Comparison("==", repr("Helo, Ann!"), repr("Hello, Ann!"))
    failure = Failure("t.py::t", "call", "AssertionError", "", (), comparison)
    case = case_of(b'def greet(name):\n    return "Helo, " + name + "!"\n', {2: 1.0}, failure=failure)

    tried, good = driven(case, says('"Hello, " + name'))

    assert tried.index(good[0]) < 64


def test_what_is_true_or_false_is_never_compared_with_none() -> None:
    source = b"def f(text):\n    if text.isascii() and not isinstance(text, str):\n        return 1\n    return 0\n"

    tried, _ = driven(case_of(source, {2: 1.0}), says("isascii() is not None", "isascii() is None", "str) is None"))

    texts = [each.applied_to({"p.py": source})["p.py"] for each in tried]
    assert not [text for text in texts if b"isascii() is" in text or b"str) is" in text]


@pytest.mark.parametrize(("asked", "wanted"), [("xs is not None", "if xs:"), ("xs is None", "if not xs:")])
def test_truth_takes_the_place_of_a_comparison_with_none(asked: str, wanted: str) -> None:
    source = f"def f(xs):\n    if {asked}:\n        return 1\n    return 0\n".encode()

    _, good = driven(case_of(source, {2: 1.0}), says(wanted))

    assert any(each.origin == "repairer:none-or-empty" for each in good)


def test_an_exception_becomes_the_one_the_test_waits_for() -> None:
    test = b"def test_f():\n    with pytest.raises(app.BadName, match='x'):\n        f('x')\n"
    frames = (Frame("t.py", 3, "test_f", True), Frame("p.py", 5, "f", True))
    failure = Failure("t.py::test_f", "call", "KeyError", "'x'", frames)
    source = b"class BadName(ValueError):\n    pass\n\ndef f(name):\n    return {}[name]\n"
    case = replace(case_of(source, {5: 1.0}, FailureClass.WRONG_EXCEPTION, failure), test_sources={"t.py": test})

    tried, good = driven(case, says("except KeyError as error: raise BadName(str(error)) from error"))

    assert tried.index(good[0]) < 64


def test_a_name_defined_in_a_neighbour_file_is_imported() -> None:
    failure = Failure("t.py::t", "call", "NameError", "name 'helper' is not defined")
    source = b"import os\n\n\ndef f(x):\n    return helper(x)\n"
    case = case_of(source, {5: 1.0}, FailureClass.IMPORT, failure, {"pkg/tools.py": b"def helper(x):\n    return x\n"})

    _, good = driven(case, says("import os\nfrom pkg.tools import helper"))

    assert good


@pytest.mark.parametrize(
    ("written", "wanted"),
    [("text[:-1]", "text[::-1]"), ("text[-2:]", "text[::-2]"), ("text.split('=')", "text.split('=', 1)")],
)
def test_what_is_often_meant_by_a_slice_or_a_split_is_tried(written: str, wanted: str) -> None:
    source = f"def f(text):\n    return g({written})\n".encode()

    tried, good = driven(case_of(source, {2: 1.0}), says(wanted))

    assert tried.index(good[0]) < 64
