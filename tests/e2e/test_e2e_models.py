"""Models that answer in words: what they say is judged like any other change, and tests cannot be bought."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from healing import GREET, NewPatient, Patient
from pydantic import TypeAdapter

from dreamscape.domain.models import ModelCard
from dreamscape.domain.records import AttemptRecord
from dreamscape.domain.routing import Features, Route
from dreamscape.domain.settings import RoutingSettings
from dreamscape.registry.items import facts_of, item_name, outcomes_of, worth_usd
from dreamscape.registry.policy import decide
from dreamscape.store import open_store

ROMAN = {
    "roman.py": 'def roman(number):\n    """Roman numerals, from 1 on."""\n    raise NotImplementedError("soon")\n',
    "test_roman.py": """\
from roman import roman


def test_roman():
    assert roman(1) == "I"
    assert roman(4) == "IV"
    assert roman(1987) == "MCMLXXXVII"


def test_it_is_there():
    assert callable(roman)
""",
}
ANY_OF_TWO = {
    "larger.py": "def larger(one, other, third):\n    return one\n",
    "test_larger.py": "from larger import larger\n\n\ndef test_larger():\n    assert larger(1, 2, 2) == 2\n",
}
RIGHT = '''\
The body was never written. Here it is:

roman.py
```python
def roman(number):
    """Roman numerals, from 1 on."""
    letters = [(1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"), (50, "L"), (40, "XL"),
               (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I")]
    written = ""
    for value, letter in letters:
        count, number = divmod(number, value)
        written += letter * count
    return written
```
'''
WRONG = """\
roman.py
<<<<<<< SEARCH
    raise NotImplementedError("soon")
=======
    return "I" * number
>>>>>>> REPLACE
"""


def replacing_the_body(
    *lines: str, path: str = "roman.py", search: str = '    raise NotImplementedError("soon")'
) -> str:
    return f"{path}\n<<<<<<< SEARCH\n{search}\n=======\n" + "\n".join(lines) + "\n>>>>>>> REPLACE\n"


CHEATS = (
    replacing_the_body('    assert roman(1) is None or "I"', path="test_roman.py", search='    assert roman(1) == "I"'),
    replacing_the_body("    import pytest", '    pytest.skip("not today")'),
    replacing_the_body("    import os", "    os._exit(0)"),
    replacing_the_body("    raise SystemExit(0)"),
    replacing_the_body(
        "    class Any(str):",
        "        def __eq__(self, other):",
        "            return True",
        '    return Any("")',
    ),
    replacing_the_body(
        "    import sys",
        "    for name, module in list(sys.modules.items()):",
        '        if name == "test_roman":',
        "            module.test_roman = lambda: None",
        '    return ""',
    ),
    replacing_the_body(
        "    if number == 1:",
        '        return "I"',
        "    if number == 4:",
        '        return "IV"',
        "    if number == 1987:",
        '        return "MCMLXXXVII"',
        '    raise NotImplementedError("soon")',
    ),
)
FORGERY = replacing_the_body(
    "    import json, os, time",
    '    names = ["te" + "st_roman", "te" + "st_it_is_there"]',
    '    told = [dict(type="result", key=f"{names[0]}.py::{n}", outcome="passed", duration_s=0) for n in names]',
    '    verdict = dict(state="plausible", why="", failure=None, tests_run=1, cpu_s=0.1, n=0, retire=True)',
    "    for fd in range(3, 460):",
    "        try:",
    "            if fd >= 400:",
    '                os.write(fd, "".join(json.dumps(line) + "\\n" for line in told).encode())',
    '            elif "socket" in os.readlink(f"/proc/self/fd/{fd}"):',
    '                os.write(fd, json.dumps(verdict).encode() + b"\\n")',
    "        except OSError:",
    "            pass",
    '    if os.path.exists("/proc/self/fd/400"):',
    '        getattr(os, "_ex" + "it")(0)',
    "    while True:",
    "        time.sleep(0.1)",
)
"""Says in the place of those that judge it that all is well, and leaves before they can speak."""


def with_models(project: Patient, *cards: str) -> None:
    """The user's own models; the embedded repairer is switched off, so that they are asked at once."""
    config = project.home / ".config" / "dreamscape"
    config.mkdir(parents=True, exist_ok=True)
    off = '[[models]]\nname = "embedded"\nprovider = "embedded"\nenabled = false\n'
    (config / "models.toml").write_text("\n".join([off, *cards]))


def recorded(project: Patient, name: str, fingerprint: str, answers: Sequence[str]) -> str:
    """A model that gives these answers to one failure; its card."""
    folder = project.home / "recordings"
    folder.mkdir(exist_ok=True)
    for number, answer in enumerate(answers, 1):
        Path(folder, f"{fingerprint}-{name}-{number}.md").write_text(answer)
    card = f'name = "{name}"\nprovider = "recorded"\ntier = 1\nattempts = {max(3, len(answers))}\n'
    return f'[[models]]\n{card}recording = "{folder}"\n'


def test_a_model_lands_an_honest_repair_in_the_end_and_no_cheat_ever(patient: NewPatient) -> None:
    project = patient(ROMAN)
    with_models(project)

    nobody = project.heal()

    assert nobody.states == ["unsolved"]
    fingerprint = nobody.items[0]["fingerprint"]

    cheats = [
        recorded(project, f"cheat{number}", fingerprint, [cheat]) + f"usd_per_million_out = {0.7 - number / 10}\n"
        for number, cheat in enumerate(CHEATS)
    ]
    for last, cards in (("cheat6", cheats), ("forger", [recorded(project, "forger", fingerprint, [FORGERY])])):
        with_models(project, *cards)
        foretold = [each["model"] for each in project.run("models", "route", nobody.items[0]["id"]).report["order"]]
        cheated = project.heal()

        told = [lesson.partition(":")[0] for lesson in cheated.items[0]["tried"]]
        assert told == [name for name in foretold if name in told], "in the order that was foretold, the cheapest first"
        assert len(foretold) == len(cards)
        assert cheated.code == 1
        assert "landed" not in cheated.states
        assert project.branches() == []
        assert cheated.items[0]["model"] == last
        assert len(cheated.items[0]["tried"]) >= len(cards) - 1, "one passes its tests, and waits for a person"

    with_models(project, recorded(project, "honest", fingerprint, [WRONG, "I would rather talk about cats.", RIGHT]))
    healed = project.heal()

    assert healed.code == 0, healed.err
    (item,) = healed.items
    assert (item["state"], item["model"], item["attempts"]) == ("landed", "honest", 2)
    assert "divmod" in project.at(healed.report["branch"], "roman.py")
    assert "Dreamscape-Model: honest" in project.git("log", "-1", "--format=%B", healed.report["branch"])


def attempts_of(project: Patient) -> tuple[AttemptRecord, ...]:
    with open_store(project.root / ".dreamscape" / "dreamscape.db") as store:
        return store.attempts()


def decided(new: Sequence[AttemptRecord], before: Sequence[AttemptRecord], usd: Mapping[str, float]) -> Route:
    """What the policy says of the item of these attempts on the history before them; ``usd`` for a million tokens."""
    kept, name = new[0].features, item_name(new[0].fingerprint, new[0].content)
    numbers, words = TypeAdapter(tuple[dict[str, float], dict[str, str]]).validate_python(
        (kept["numbers"], kept["words"])
    )
    cards = [ModelCard(each, "recorded", tier=1, usd_per_million_out=price) for each, price in usd.items()]
    worth = worth_usd(numbers["impact"], RoutingSettings().usd_per_impact)
    return decide(Features(name, numbers, words), list(map(facts_of, cards)), outcomes_of(before), worth, math.inf)


@pytest.mark.slow
def test_heal_asks_recorded_models_as_decide_says_of_what_is_stored_and_otherwise_once_more_is(
    patient: NewPatient,
) -> None:
    project, usd = patient(ROMAN), {"small": 1.0, "middle": 20.0, "large": 1e6}
    with_models(project)
    fingerprint = project.heal().items[0]["fingerprint"]
    cards = [
        recorded(project, name, fingerprint, [WRONG]) + f"usd_per_million_out = {price}\nattempts = 1\n"
        for name, price in usd.items()
    ]
    with_models(project, *(card.replace("attempts = 3\n", "", 1) for card in cards))

    fresh = project.heal()
    asked = attempts_of(project)
    route = decided(asked, (), usd)

    assert [each.model for each in asked] == [each.model for each in route.order] == ["small", "middle"]
    assert fresh.items[0]["why"].endswith(f"; {route.stop}") and "large would cost" in route.stop

    small, middle = (
        replace(asked[0], run="there", model="small", cost_usd=5.0),
        replace(asked[0], run="there", model="middle", cost_usd=0.1, solved=True, outcome="solved"),
    )
    elsewhere = [
        replace(each, item=f"{each.model}{number}", fingerprint=f"{number:016x}")
        for number in range(20)
        for each in (small, middle)
    ]
    learned = {"schema": "dreamscape.models-learned/1", "attempts": elsewhere}
    (project.home / "learned.json").write_bytes(TypeAdapter(dict[str, Any]).dump_json(learned))
    assert project.run("models", "learn", "--import", str(project.home / "learned.json")).report["attempts"] == 40
    project.write({"roman.py": ROMAN["roman.py"] + "\n\nSMALLEST = 1\n"})
    project.commit("Change the code, so that it is asked about anew")

    before = attempts_of(project)
    taught = project.heal()
    asked = attempts_of(project)[len(before) :]
    route = decided(asked, before, usd)

    assert [each.model for each in asked] == [each.model for each in route.order]
    assert asked[0].model == "middle", "others than before, and each in the order that the policy gives"
    assert route.stop.split(":")[0] in taught.items[0]["why"]


@pytest.mark.slow
def test_a_model_that_gave_no_answer_is_asked_again_the_next_night(patient: NewPatient) -> None:
    project = patient(ROMAN)
    card = recorded(project, "late", "0" * 16, [])
    with_models(project, card)
    silent = project.heal()
    assert silent.states == ["unsolved"]
    assert "nothing is recorded" in silent.items[0]["why"]

    recorded(project, "late", silent.items[0]["fingerprint"], [RIGHT])
    healed = project.heal()

    assert healed.states == ["landed"], healed.out


@pytest.mark.slow
def test_no_outside_model_is_asked_without_a_budget(patient: NewPatient) -> None:
    project = patient(ROMAN)
    with_models(project, '[[models]]\nname = "paid"\nprovider = "api"\nurl = "http://127.0.0.1:9/v1"\ntier = 1\n')

    healed = project.heal()

    assert healed.states == ["unsolved"]
    assert healed.items[0]["model"] is None
    assert healed.report["cost_usd"] == 0


@pytest.mark.slow
def test_a_repair_that_was_merged_and_reverted_is_known_and_tried_first(patient: NewPatient) -> None:
    project = patient()
    healed = project.heal()
    assert healed.states == ["landed"], healed.err
    project.git("merge", "-q", "--ff-only", healed.report["branch"])
    project.git("revert", "--no-edit", "HEAD")
    project.write({"greet.py": "# a line more\n" + GREET["greet.py"]})
    project.commit("Move it")

    again = project.heal()

    assert again.states == ["landed"], again.out
    assert again.items[0]["model"] == "remembered"
    assert again.items[0]["cost_usd"] == 0


@pytest.mark.slow
def test_a_repair_that_a_person_accepted_is_known_too_even_where_what_was_learned_is_forgotten(
    patient: NewPatient,
) -> None:
    project = patient(ANY_OF_TWO)
    assert project.heal().states == ["review"]
    (case,) = project.run("review", "list").report["reviews"]
    accepted = project.run("review", "accept", str(case["id"]))
    project.git("merge", "-q", "--ff-only", accepted.report["ref"])
    project.git("revert", "--no-edit", "HEAD")
    assert project.run("models", "learn", "--reset").code == 0

    again = project.heal()

    assert again.items[0]["model"] == "remembered", again.out
    assert again.items[0]["cost_usd"] == 0
