"""What is worked on first."""

from dreamscape.domain.failures import Failure, FailureClass
from dreamscape.domain.repair import Candidate, Edit, ItemState, RepairCase, Suspect
from dreamscape.engine.diffs import change_id, diff_of
from dreamscape.engine.queue import WorkQueue, by_impact
from dreamscape.engine.reports import item_report

IMPACT = {("low.py", 1): 0.2, ("high.py", 1): 0.9, ("mid.py", 1): 0.5}


def case(name: str, *suspects: Suspect) -> RepairCase:
    failure = Failure(f"t::{name}", "call", "AssertionError", "")
    return RepairCase(name, (failure,), FailureClass.WRONG_VALUE, name, suspects, {"m.py": b"a = 1\nb = 2"})


def test_the_case_with_the_highest_impact_among_its_suspects_comes_first() -> None:
    cases = [
        case("a", Suspect("low.py", 1, "f", 1.0)),
        case("b", Suspect("low.py", 1, "f", 1.0), Suspect("high.py", 1, "g", 0.6)),
        case("c", Suspect("mid.py", 1, "h", 1.0), Suspect("high.py", 1, "g", 0.1)),
        case("d"),
    ]

    items = by_impact(cases, lambda path, line: IMPACT[path, line])

    assert [(item.id, item.impact) for item in items] == [("b", 0.9), ("c", 0.5), ("a", 0.2), ("d", 0.0)]


def test_a_change_is_known_by_its_diff() -> None:
    change = Candidate((Edit("m.py", 4, 5, b"3"),), "constant", 1.0, "1 becomes 3")

    diff = diff_of(case("a"), change)

    assert diff == "--- a/m.py\n+++ b/m.py\n@@ -1,2 +1,2 @@\n-a = 1\n+a = 3\n b = 2\n\\ No newline at end of file\n"
    assert change_id(diff) == change_id(diff_of(case("b"), change))


def test_what_may_do_better_later_is_put_back_once_and_looked_at_again_only_after_a_landing() -> None:
    first, second = by_impact([case("a"), case("b")], lambda path, line: 0.0)
    queue = WorkQueue([first, second])
    held = item_report(first, ItemState.REVIEW, "only a part")

    assert queue.take(landed=0) == (first, None)
    assert queue.put_back(first, held, landed=0)
    assert list(queue) == [(second, None), (first, held)]
    queue.renew([first, second])
    assert queue.take(landed=0) == (second, None)
    assert queue.take(landed=0) == (first, held)
    assert not queue.put_back(first, held, landed=0)

    queue.put_first([first])
    assert queue.take(landed=1) == (first, None), "what landed since may have made it whole"
    assert not queue


def test_what_was_put_off_stays_behind_what_had_no_turn_and_before_what_was_put_back() -> None:
    first, second, third = by_impact([case("a"), case("b"), case("c")], lambda path, line: 0.0)
    queue = WorkQueue([first, second, third])

    queue.take(landed=0)
    assert queue.may_put_off(first)
    queue.put_off(first)
    queue.take(landed=0)
    queue.put_back(second, item_report(second, ItemState.REVIEW, "only a part"), landed=0)
    assert [item.id for item, _ in queue] == ["c", "a", "b"]
    queue.renew([first, second, third])
    assert [item.id for item, _ in queue] == ["c", "a", "b"]
    queue.take(landed=0)
    queue.put_off(third)
    queue.take(landed=0)
    assert not queue.may_put_off(first), "only once"


def test_nobody_makes_way_for_what_only_waits_for_landings() -> None:
    first, second = by_impact([case("a"), case("b")], lambda path, line: 0.0)
    queue = WorkQueue([first, second])

    queue.take(landed=0)
    queue.put_back(first, item_report(first, ItemState.REVIEW, "only a part"), landed=0)
    queue.take(landed=0)
    assert not queue.may_put_off(second)
