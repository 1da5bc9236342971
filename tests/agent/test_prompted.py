"""The loop around a model that answers in words, driven by hand: it does nothing itself."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from dreamscape.agent.prompted import PromptedLoop, flaw_of
from dreamscape.domain.failures import Failure, FailureClass, Frame
from dreamscape.domain.lessons import Flaw, Lesson
from dreamscape.domain.models import Answer, ModelCard
from dreamscape.domain.repair import Ask, Candidate, Judge, Learn, RepairCase, Suspect, Verdict, VerdictState
from dreamscape.registry.escalation import context_level

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


def as_often_as_the_card_says(card: ModelCard, flaws: Sequence[Flaw]) -> bool:
    return len(flaws) < card.attempts


def loop(attempts: int = 3) -> PromptedLoop:
    card = ModelCard("says", "recorded", attempts=attempts)
    return PromptedLoop(card, TEMPLATE, as_often_as_the_card_says, context_level)


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

    learned = steps.send(Answer("I do not know.", "says"))
    step = next(steps)

    assert isinstance(learned, Learn) and learned.lesson.flaw is Flaw.INVALID_PATCH
    assert isinstance(step, Ask)
    assert "holds no change" in step.prompt.text
    judged = steps.send(Answer(GOOD.replace("a + a\n>", "a * 3\n>"), "says"))
    assert isinstance(judged, Judge)
    learned = steps.send((Verdict(judged.candidates[0], VerdictState.STILL_FAILS, failure=case().failures[0]),))
    assert isinstance(learned, Learn) and learned.lesson.flaw is Flaw.SAME_FAILURE
    again = next(steps)
    assert isinstance(again, Ask)
    assert "still fails" in again.prompt.text
    assert "-    return a + a + a" in again.prompt.text and "+    return a * 3" in again.prompt.text


def test_a_cut_off_answer_is_not_used() -> None:
    steps = loop(attempts=1).steps(case())
    next(steps)

    learned = steps.send(Answer(GOOD, "says", finished=False))

    assert isinstance(learned, Learn) and learned.lesson.flaw is Flaw.CUT_OFF
    assert list(steps) == []


@pytest.mark.parametrize(
    "answer",
    [
        Answer("I'm sorry, but I can't help with that.", "says"),
        Answer("I\u2019m unable to assist with this request.", "says"),
        Answer("As an AI language model, I must decline.", "says"),
        Answer("This request violates our usage policies.", "says"),
        Answer("Unable to comply.", "says"),
        Answer("Sorry, can't help.", "says"),
        Answer("I don't feel comfortable helping with that.", "says"),
        Answer("No.", "says", declined=True),
        Answer("half", "says", finished=False, declined=True),
    ],
)
def test_a_model_that_will_not_help_is_told_from_one_that_answers_in_a_wrong_form(answer: Answer) -> None:
    steps = loop(attempts=1).steps(case())
    next(steps)

    learned = steps.send(answer)

    assert isinstance(learned, Learn) and learned.lesson.flaw is Flaw.DECLINED
    assert " ".join(answer.text.split()) in learned.lesson.said


@pytest.mark.parametrize(
    "text",
    [
        "The function cannot return None, and double is unable to add.",
        "m.py\n<<<<<<< SEARCH\nnot there\n=======\nI cannot help with that\n>>>>>>> REPLACE\n",
        "The retry policy is wrong.",
        "The caller was unable to add, and can't.",
        "The index i cannot be larger than its list.",
        "",
    ],
)
def test_words_about_the_code_are_no_refusal(text: str) -> None:
    steps = loop(attempts=1).steps(case())
    next(steps)

    learned = steps.send(Answer(text, "says"))

    assert isinstance(learned, Learn) and learned.lesson.flaw is Flaw.INVALID_PATCH


def test_a_change_counts_whatever_is_said_around_it() -> None:
    steps = loop().steps(case())
    next(steps)

    assert isinstance(steps.send(Answer(f"I'm sorry, I cannot test this.\n{GOOD}", "says")), Judge)


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


def question(of: RepairCase, **card: int) -> str:
    says = ModelCard("says", "recorded", **card)  # type: ignore[arg-type]
    step = next(PromptedLoop(says, TEMPLATE, as_often_as_the_card_says, context_level).steps(of))
    assert isinstance(step, Ask)
    return step.prompt.text


def test_a_later_model_is_shown_what_others_tried_and_more_of_the_code() -> None:
    source = SOURCE + b"\n\nTHERE = 1\n"
    first = replace(case(), sources={"m.py": source})
    tried = Lesson("weak", Flaw.SAME_FAILURE, "this change did not do", "-    return a\n+    return b")
    second = replace(first, tried=(tried,), signals=("8 fixes in half a year",))

    assert "THERE = 1" not in question(first) and "tried already" not in question(first)
    for said in ("THERE = 1", "Another model: this change did not do", "+    return b", "8 fixes in half a year"):
        assert said in question(second)
    assert "THERE = 1" not in question(second, context_tokens=2 * len(question(first)) // 3 + 100)


def test_a_dear_model_is_shown_more_of_the_code_though_nobody_failed_before() -> None:
    """Two files, and eight suspected functions; a card may say any tier."""
    functions = "".join(f"def f{number}(): return {number}\n" for number in range(8))
    sources = {"m.py": SOURCE + b"THERE = 1\n", "n.py": f"{functions}ALSO = 1\n".encode()}
    suspects = tuple(Suspect("n.py", number + 1, f"f{number}", 0.5) for number in range(8))
    of = replace(case(), sources=sources, suspects=(*case().suspects, *suspects))

    shown = [{word for word in ("f7", "THERE", "ALSO") if word in question(of, tier=tier)} for tier in (1, 2, 3, 10**9)]

    assert shown == [set(), {"f7", "THERE"}, {"f7", "THERE", "ALSO"}, {"f7", "THERE", "ALSO"}]
    assert "THERE" not in question(of, tier=2, context_tokens=2 * len(question(of)) // 3 + 100)


def test_a_file_too_long_to_be_read_whole_is_shown_by_its_functions_alone() -> None:
    long = replace(case(), sources={"m.py": SOURCE + b"LONG = 1\n" * 3000})

    assert "LONG" not in question(long, tier=3) and "return a + a + a" in question(long, tier=3)


def test_a_question_stays_the_same_where_the_code_above_it_moves() -> None:
    moved = replace(case().failures[0], frames=(Frame("m.py", 4, "double", True),))
    here = replace(case().failures[0], frames=(Frame("m.py", 2, "double", True),))

    before = question(replace(case(), failures=(here,)))
    after = question(replace(case(), failures=(moved,), sources={"m.py": b"# one\n# two\n" + SOURCE}))

    assert before == after
    assert "m.py in double: return a + a + a" in after


@pytest.mark.parametrize(
    ("state", "said", "flaw"),
    [
        (VerdictState.STILL_FAILS, "assert 6 == 4", Flaw.SAME_FAILURE),
        (VerdictState.STILL_FAILS, "assert 'a' in b", Flaw.NEW_FAILURE),
        (VerdictState.CRASH, "assert 6 == 4", Flaw.NEW_FAILURE),
        (VerdictState.BREAKS_OTHERS, "", Flaw.REGRESSION),
        (VerdictState.TIMEOUT, "", Flaw.TIMEOUT),
        (VerdictState.INVALID, "", Flaw.INVALID_PATCH),
        (VerdictState.REFUSED, "", Flaw.REFUSED),
    ],
)
def test_each_verdict_is_one_kind_of_failure(state: VerdictState, said: str, flaw: Flaw) -> None:
    failure = replace(case().failures[0], message=said)

    assert flaw_of(Verdict(Candidate((), "", 1.0, ""), state, failure=failure), case()) is flaw
