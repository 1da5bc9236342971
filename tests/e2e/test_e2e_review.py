"""What the tests do not decide waits for a person, whose answer counts and is remembered."""

from __future__ import annotations

import pytest
from healing import NewPatient

UNDECIDED = {
    "larger.py": "def larger(one, other, third):\n    return one\n",
    "smaller.py": "def smaller(one, other, third):\n    return one\n",
    "test_both.py": """\
from larger import larger
from smaller import smaller


def test_larger():
    assert larger(1, 2, 2) == 2


def test_smaller():
    assert smaller(2, 1, 1) == 1
""",
}


def test_rivals_wait_for_a_person_and_the_answer_is_remembered(patient: NewPatient) -> None:
    project = patient(UNDECIDED)

    healed = project.heal()

    assert healed.code == 1
    assert healed.states == ["review", "review"]
    assert project.branches() == []
    waiting = {case["item"]["files"][0]: case["id"] for case in project.run("review", "list").report["reviews"]}
    assert set(waiting) == {"larger.py", "smaller.py"}
    shown = project.run("review", "show", str(waiting["larger.py"])).report
    assert shown["item"]["diff"].startswith("--- a/larger.py")
    assert shown["item"]["rivals"]
    assert shown["item"]["examples"]

    project.write({"larger.py": "def larger(one, other, third):\n    return abs(one)\n"})
    project.commit("Changed since")
    refused = project.run("review", "accept", str(waiting["larger.py"]))

    assert refused.code == 3
    assert "no longer applies" in refused.err
    assert project.branches() == []
    project.git("reset", "-q", "--hard", "HEAD~1")

    accepted = project.run("review", "accept", str(waiting["larger.py"]))
    rejected = project.run("review", "reject", str(waiting["smaller.py"]))

    assert accepted.code == 0, accepted.err
    assert rejected.code == 0, rejected.err
    assert project.branches() == [accepted.report["ref"]]
    assert project.git("rev-parse", accepted.report["ref"]) == accepted.report["commit"]
    assert project.git("diff", "--name-only", "main", accepted.report["ref"]) == "larger.py"
    assert project.run("review", "accept", str(waiting["larger.py"])).code == 2

    again = project.heal()

    assert again.item("test_larger")["state"] == "awaiting_merge"
    shown = project.run("runs", "show", accepted.report["run"]).report
    assert (shown["command"], [item["state"] for item in shown["items"]]) == ("review", ["landed"])
    assert again.item("test_smaller")["state"] != "landed"
    assert again.item("test_smaller")["diff"] != healed.item("test_smaller")["diff"]

    undone = project.run("undo", "last")

    assert (undone.code, undone.report["run"]) == (0, accepted.report["run"]), undone.err
    assert project.branches() == []
    once_more = project.heal()
    assert once_more.item("test_larger")["diff"] != healed.item("test_larger")["diff"]
    assert project.run("status").report["open_reviews"] == len(project.run("review", "list").report["reviews"])
    kept = undone.report["undone"][0]["review"]

    after_all = project.run("review", "accept", str(kept))

    assert after_all.code == 0, after_all.err
    message = project.git("log", "-1", "--format=%B", after_all.report["ref"])
    assert message.startswith("Repair larger: ")
    assert "Dreamscape-Test: test_both.py::test_larger" in message
    assert project.run("undo", accepted.report["run"]).code == 3


@pytest.mark.slow
def test_a_behaviour_thrown_away_does_not_come_back_in_other_words(patient: NewPatient) -> None:
    project = patient(
        {
            "total.py": "def total(prices):\n    result = 0\n    for price in prices:\n        result -= price\n"
            "    return result\n",
            "test_total.py": "from total import total\n\n\ndef test_total():\n    assert total([1, 2, 4]) == 7\n"
            "    assert total([5]) == 5\n    assert total([]) == 0\n    assert total([2, 2]) == 4\n",
        }
    )
    healed = project.heal()
    assert healed.states == ["landed"]
    assert "behave alike" in healed.items[0]["why"]
    project.git("branch", "-q", "-D", healed.report["branch"])

    again = project.heal()

    assert "landed" not in again.states
    assert project.branches() == []


def test_tests_that_contradict_each_other_are_never_satisfied(patient: NewPatient) -> None:
    project = patient(
        {
            "same.py": "def same(value):\n    return value\n",
            "test_same.py": "from same import same\n\n\ndef test_one():\n    assert same(1) == 1\n\n\n"
            "def test_two():\n    assert same(1) == 2\n",
            "dreamscape.toml": "[heal]\nitem_minutes = 0.3\n",
        }
    )

    healed = project.heal()

    assert healed.code == 1
    assert healed.states in (["unsolved"], ["review"])
    assert healed.report["branch"] is None
    assert healed.report["final"] == {"passed": 1, "failed": 1, "errors": 0}
