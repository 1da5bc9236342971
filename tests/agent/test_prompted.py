"""The loop around a model that answers in words, driven by hand: it does nothing itself."""

from dataclasses import replace
from pathlib import Path

from dreamscape.agent.prompted import PromptedLoop
from dreamscape.domain.failures import Failure, FailureClass
from dreamscape.domain.models import Answer, ModelCard
from dreamscape.domain.repair import Ask, Judge, RepairCase, Suspect, Verdict, VerdictState

SOURCE = b"def double(a):\n    return a + a + a\n"
TEST = b"from m import double\n\ndef test_double():\n    assert double(2) == 4\n"
TEMPLATE = (Path(__file__).parents[2] / "config" / "prompts" / "repair.md").read_text()
GOOD = "m.py\n<<<<<<< SEARCH\n    return a + a + a\n=======\n    return a + a\n>>>>>>> REPLACE\n"


def case() -> RepairCase:
    failure = Failure("test_m.py::test_double", "call", "AssertionError", "assert 6 == 4")
    return RepairCase(
        id="1",
        failures=(failure,),
        failure_class=FailureClass.WRONG_VALUE,
        fingerprint="f00d",
        suspects=(Suspect("m.py", 2, "double", 1.0),),
        sources={"m.py": SOURCE},
        test_sources={"test_m.py": TEST},
    )


def loop(attempts: int = 3) -> PromptedLoop:
    return PromptedLoop(ModelCard("says", "recorded", attempts=attempts), TEMPLATE)


def test_the_question_shows_failure_test_and_suspect() -> None:
    step = next(loop().steps(case()))

    assert isinstance(step, Ask)
    assert "assert 6 == 4" in step.prompt.text
    assert "assert double(2) == 4" in step.prompt.text
    assert "return a + a + a" in step.prompt.text
    assert (step.prompt.fingerprint, step.prompt.attempt) == ("f00d", 1)


def test_a_good_answer_becomes_a_candidate_and_ends_the_loop() -> None:
    steps = loop().steps(case())
    next(steps)

    step = steps.send(Answer(GOOD, "says"))

    assert isinstance(step, Judge)
    assert step.candidates[0].applied_to({"m.py": SOURCE}) == {"m.py": b"def double(a):\n    return a + a\n"}
    verdict = Verdict(step.candidates[0], VerdictState.PLAUSIBLE)
    assert list(drained(steps, (verdict,))) == []


def test_the_next_question_tells_what_came_of_the_last_answer() -> None:
    steps = loop().steps(case())
    next(steps)

    step = steps.send(Answer("I do not know.", "says"))

    assert isinstance(step, Ask)
    assert "holds no change" in step.prompt.text
    judged = steps.send(Answer(GOOD.replace("a + a\n>", "a * 3\n>"), "says"))
    assert isinstance(judged, Judge)
    again = steps.send((Verdict(judged.candidates[0], VerdictState.STILL_FAILS, failure=case().failures[0]),))
    assert isinstance(again, Ask)
    assert "still fails" in again.prompt.text


def test_a_cut_off_answer_is_not_used() -> None:
    steps = loop(attempts=1).steps(case())
    next(steps)

    assert list(drained(steps, Answer(GOOD, "says", finished=False))) == []


def test_no_answer_ends_the_loop() -> None:
    steps = loop().steps(case())
    next(steps)

    assert list(drained(steps, None)) == []


def drained(steps: object, reply: object) -> list[object]:
    try:
        return [steps.send(reply)]  # type: ignore[attr-defined]
    except StopIteration:
        return []


def test_of_methods_alike_in_name_the_suspect_and_the_failing_test_are_shown() -> None:
    source = "# coding: latin-1\nclass A:\n    def run(self): return 'a'\n\nclass B:\n    def run(self): return 'ü'\n"
    test = b"class TestA:\n    def test_run(self): A().run()\n\nclass TestB:\n    def test_run(self): B().run()\n"
    of = replace(
        case(),
        failures=(Failure("test_m.py::TestB::test_run[x]", "call", "AssertionError", ""),),
        suspects=(Suspect("m.py", 6, "B.run", 1.0),),
        sources={"m.py": source.encode("latin-1")},
        test_sources={"test_m.py": test},
    )

    step = next(loop().steps(of))

    assert isinstance(step, Ask)
    assert "return 'ü'" in step.prompt.text
    assert "return 'a'" not in step.prompt.text
    assert "B().run()" in step.prompt.text
    assert "A().run()" not in step.prompt.text
