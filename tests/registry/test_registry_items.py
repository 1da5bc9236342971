"""What is known of an item before it is solved."""

from __future__ import annotations

import math

from dreamscape.domain.failures import Failure, FailureClass
from dreamscape.domain.records import AttemptRecord
from dreamscape.domain.repair import RepairCase, Suspect, WorkItem
from dreamscape.registry.items import features_of
from dreamscape.registry.structure import structure_words

SOURCE = b"def half(number):\n    return number // 3\n"
CASE = RepairCase(
    "1",
    tuple(Failure(test, "call", "AssertionError", "") for test in ("t.py::a", "t.py::b")),
    FailureClass.WRONG_VALUE,
    "f00d",
    (Suspect("a.py", 2, "half", 1.0), Suspect("a.py", 1, "half", 0.5), Suspect("b.py", 9, "twice", 0.5)),
    {"a.py": SOURCE, "b.py": b"pass\n"},
)
ITEM = WorkItem("1", CASE, 0.5)


def measures(path: str, line: int) -> dict[str, float]:
    return {"complexity": 3.0, "centrality": 0.25, "lines": 2.0} if (path, line) == ("a.py", 2) else {}


def tried(model: str, outcome: str, content: str = CASE.content, usd: float = 0.0) -> AttemptRecord:
    kind = FailureClass.WRONG_VALUE
    return AttemptRecord("r", "1", "f00d", kind, model, 1, outcome == "solved", outcome, 3, usd, 1.0, content=content)


def test_an_item_is_known_by_its_failure_its_first_suspect_and_its_repository() -> None:
    features = features_of(ITEM, measures, (), "shop")

    words = {"class": "wrong_value", "exception": "AssertionError", "repository": "shop"}
    assert features.words == {**words, **structure_words(SOURCE, 2)}
    told = {name: round(math.expm1(features.numbers[name]), 6) for name in ("tests", "suspects", "complexity", "lines")}
    assert told == {"tests": 2, "suspects": 2, "complexity": 3, "lines": 2}
    assert features.numbers["impact"] == 0.5
    assert features.numbers["prompt"] > math.log(len(SOURCE))
    assert features.failed == ()


def test_who_has_failed_on_it_and_how_is_known_of_the_same_code_alone() -> None:
    history = [
        tried("small", "timeout", content="other code"),
        tried("remembered", "invalid"),
        tried("embedded", "breaks_others"),
        tried("small", "still_fails", usd=0.2),
        tried("small", "nothing", usd=0.1),
    ]

    features = features_of(ITEM, measures, history)

    assert (features.words["repairer"], features.words["failed"]) == ("breaks_others", "nothing")
    assert [failed.model for failed in features.failed] == ["small"]
    assert math.isclose(features.failed[0].cost_usd, 0.3)


def test_nobody_has_failed_where_nothing_was_tried() -> None:
    assert not {"repairer", "failed"} & set(features_of(ITEM, measures, ()).words)
