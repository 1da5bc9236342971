"""What answers a test's own values is told from what repairs the code."""

from __future__ import annotations

import pytest

from dreamscape.agent.special_cases import answers_the_tests
from dreamscape.domain.failures import Failure, FailureClass
from dreamscape.domain.repair import Candidate, Edit, RepairCase

BEFORE = b"def roman(number):\n    return ''\n"
TESTS = b"def test_roman():\n    assert roman(1987) == 'MCMLXXXVII'\n    assert roman(4) == 'IV'\n"


def is_caught(body: str, before: bytes = BEFORE) -> bool:
    after = b"def roman(number):\n" + body.encode()
    case = RepairCase(
        "1",
        (Failure("test_roman.py::test_roman", "call", "AssertionError", ""),),
        FailureClass.WRONG_VALUE,
        "f",
        (),
        {"roman.py": before},
        test_sources={"test_roman.py": TESTS},
    )
    return answers_the_tests(Candidate((Edit("roman.py", 0, len(before), after),), "model", 1.0, ""), case)


@pytest.mark.parametrize(
    "body",
    [
        "    if number == 1987:\n        return 'MCMLXXXVII'\n    return ''\n",
        "    return 'IV' if number == 4 else ''\n",
        "    return {4: 'IV', 1987: 'MCMLXXXVII'}[number]\n",
        "    match number:\n        case 4:\n            return 'IV'\n    return ''\n",
        "    result = ''\n    if number in (4, 1987):\n        result = 'MCMLXXXVII'\n    return result\n",
    ],
    ids=["if", "conditional expression", "table", "match", "kept in a name"],
)
def test_answers_to_the_tests_own_values_are_caught(body: str) -> None:
    assert is_caught(body)


@pytest.mark.parametrize(
    "body",
    [
        "    if number == 0:\n        return 0\n    return ''\n",
        "    if number > 4:\n        return str(number)\n    return ''\n",
        "    return 'I' * number\n",
        "    for value, letter in [(4, 'IV'), (1, 'I')]:\n        yield letter * (number // value)\n",
        "    return (\n",
    ],
    ids=["a base case", "a boundary", "a computation", "a loop over values", "no Python"],
)
def test_what_may_be_meant_for_all_values_is_not(body: str) -> None:
    assert not is_caught(body)


def test_what_stood_there_before_is_nobodys_trick() -> None:
    body = "    if number == 4:\n        return 'IV'\n    return ''\n"

    assert not is_caught(body + "    # repaired\n", before=b"def roman(number):\n" + body.encode())
