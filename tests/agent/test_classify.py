"""What kind of wrong a failure is."""

import pytest

from dreamscape.agent.classify import classify, smells_of_network
from dreamscape.agent.missing import Importable
from dreamscape.domain.failures import Failure, FailureClass, Frame, fingerprint


def failing(exception: str, message: str = "", phase: str = "call", *frames: Frame) -> Failure:
    return Failure("test_m.py::test_a", phase, exception, message, frames)


@pytest.mark.parametrize(
    ("failure", "expected"),
    [
        (failing("AssertionError", "assert 3 == 4"), FailureClass.WRONG_VALUE),
        (failing("Failed", "DID NOT RAISE <class 'ValueError'>"), FailureClass.DID_NOT_RAISE),
        (failing("AssertionError", "ValueError not raised"), FailureClass.DID_NOT_RAISE),
        (failing("KeyError", "'a'"), FailureClass.INDEX_OR_KEY),
        (failing("AttributeError", "'NoneType' object has no attribute 'x'"), FailureClass.NONE_OR_TYPE),
        (failing("RecursionError", "maximum recursion depth exceeded"), FailureClass.RECURSION),
        (failing("Timeout", "ran longer than 60 s"), FailureClass.TIMEOUT),
        (failing("ModuleNotFoundError", "No module named 'numpy'", "collect"), FailureClass.MISSING_DEPENDENCY),
        (failing("ModuleNotFoundError", "No module named 'mine.sub'", "collect"), FailureClass.IMPORT),
        (failing("SyntaxError", "invalid syntax", "collect"), FailureClass.COLLECTION),
        (failing("ZeroDivisionError", "division by zero", "collect"), FailureClass.COLLECTION),
        (failing("Failed", "fixture 'db' not found", "setup"), FailureClass.FIXTURE),
        (failing("ValueError", "bad"), FailureClass.WRONG_EXCEPTION),
        (failing("socket.gaierror", "[Errno -3] Temporary failure in name resolution"), FailureClass.NETWORK),
    ],
)
def test_the_class_follows_from_exception_phase_and_message(failure: Failure, expected: FailureClass) -> None:
    assert classify(failure, Importable({"mine/__init__.py": b""})) is expected


@pytest.mark.parametrize(
    ("line", "missing", "expected"),
    [
        ("import maht", "maht", FailureClass.IMPORT),
        ("from colections import Counter", "colections", FailureClass.IMPORT),
        ("import json.nothing", "json.nothing", FailureClass.IMPORT),
        ("import utls", "utls", FailureClass.IMPORT),
        ("from old_home import moved", "old_home", FailureClass.IMPORT),
        ("import numpy", "numpy", FailureClass.MISSING_DEPENDENCY),
        ("from old_home import lost", "old_home", FailureClass.MISSING_DEPENDENCY),
        ("import ujson", "ujson", FailureClass.MISSING_DEPENDENCY),
        ("import tomllib", "tomllib", FailureClass.MISSING_DEPENDENCY),
    ],
)
def test_a_module_nobody_has_is_a_wrong_import_only_where_the_code_could_mean_another(
    line: str, missing: str, expected: FailureClass
) -> None:
    sources = {"app.py": f"import os\n{line}\n".encode(), "utils.py": b"def moved():\n    return 1\n"}
    importable = Importable(sources, 'dependencies = ["uJSON>=5"]')
    message = f"No module named {missing!r}"
    in_code = failing("ModuleNotFoundError", message, "collect", Frame("app.py", 2, "<module>", True))
    in_test = failing("ModuleNotFoundError", message, "collect", Frame("test_m.py", 2, "<module>", True))

    assert classify(in_code, importable) is expected
    assert classify(in_test, importable) is FailureClass.MISSING_DEPENDENCY


def test_a_frame_in_a_network_library_smells_of_network() -> None:
    frame = Frame("/usr/lib/python3.11/socket.py", 845, "create_connection", False)

    assert smells_of_network(failing("OSError", "[Errno 101]", "call", frame))
    assert not smells_of_network(failing("OSError", "No such file", "call"))


def test_a_fingerprint_forgets_lines_numbers_addresses_and_texts() -> None:
    one = failing("ValueError", "no 'a' at 0x7f12 in 3 items", "call", Frame("m.py", 3, "f", True))
    two = failing("ValueError", "no 'b' at 0x9aa1 in 4 items", "call", Frame("m.py", 30, "f", True))
    other = failing("ValueError", "no 'b' at 0x9aa1 in 4 items", "call", Frame("m.py", 30, "g", True))

    assert fingerprint(one) == fingerprint(two) != fingerprint(other)
