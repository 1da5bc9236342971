"""Whether tests ask enough of changed code to tell a right repair from a wrong one."""

from __future__ import annotations

import pytest

from dreamscape.agent.evidence import little_asked
from dreamscape.domain.failures import FailureClass
from dreamscape.domain.repair import RepairCase

SOURCE = b"""\
def is_palindrome(text):
    return text == text[::-1]


class Word:
    def is_odd(self):
        return len(self.text) % 2
"""


def asked(*bodies: str, named: str = "test_{}") -> str:
    test = "\n".join(f"def test_{n}():\n    {body}\n" for n, body in enumerate(bodies))
    case = RepairCase(
        "1", (), FailureClass.WRONG_VALUE, "f", (), {"m.py": SOURCE}, test_sources={"test_m.py": test.encode()}
    )
    return little_asked([f"test_m.py::{named.format(n)}" for n in range(len(bodies))], case)


@pytest.mark.parametrize(
    "body",
    ["assert is_palindrome('abba')", "assert not m.is_palindrome('ab')", "assert is_palindrome('aa') is True",
     "assert Word('a').is_odd() == False", "self.assertTrue(is_palindrome('a'))"],
)  # fmt: skip
def test_a_question_or_two_of_yes_or_no_are_little(body: str) -> None:
    assert "2 times" in asked(body, body)
    assert asked(body, body, body) == ""


@pytest.mark.parametrize(
    "body",
    ["assert count('abba') == 4", "assert isclose(mean(x), 2.5)", "assert is_palindrome('a') == 1",
     "with pytest.raises(ValueError): is_palindrome(1)", "self.assertEqual(count(''), 0)", "check(is_palindrome)",
     "assert is_palindrome('a') and x == 3"],
)  # fmt: skip
def test_whatever_else_is_asserted_says_enough(body: str) -> None:
    assert asked(body) == ""
    assert asked("assert is_palindrome('abba')", body) == ""


def test_each_set_of_parameters_asks_again() -> None:
    assert asked("assert is_palindrome(x)", named="test_0[a-b{}]") != ""
    assert asked(*["assert is_palindrome(x)"] * 3, named="test_0[{}]") == ""


def test_tests_that_cannot_be_read_say_enough() -> None:
    assert asked("assert is_palindrome('abba')", named="Test::test_{}") == ""


def test_methods_of_classes_are_found() -> None:
    test = b"class TestIt:\n    def test_it(self):\n        assert is_palindrome('abba')\n"
    case = RepairCase("1", (), FailureClass.WRONG_VALUE, "f", (), {"m.py": SOURCE}, test_sources={"t.py": test})

    assert "1 time," in little_asked(["t.py::TestIt::test_it"], case)
