"""Where no line may be changed, the reason names what a person can do."""

from __future__ import annotations

import pytest

from dreamscape.agent.untouchable import why_untouchable
from dreamscape.domain.failures import Failure, Frame

TRACKED = frozenset({"app.py", "locked.py"})
SOURCES = {"app.py": b""}


@pytest.mark.parametrize(
    ("ran", "said"),
    [
        (["test_app.py", "kept/a.py", "app.py"], "kept/a.py, which is protected (heal.protected)"),
        (["conftest.py"], "conftest.py, which decides how tests run"),
        (["new.py"], "new.py, which is no file of the commit"),
        (["locked.py"], "locked.py, which cannot be read"),
        (["test_app.py"], "perhaps the test itself is stale"),
    ],
)
def test_the_file_that_may_not_be_changed_is_named_with_its_reason(ran: list[str], said: str) -> None:
    frames = (Frame("conftest.py", 3, "fixture", True),)
    failure = Failure("test_app.py::test_a", "call", "AssertionError", "assert 1 == 2\n + where", frames)

    why = why_untouchable(failure, ran, TRACKED, SOURCES, ["kept/"])

    assert said in why
    assert why.endswith(": AssertionError: assert 1 == 2")


def test_a_conftest_that_only_ran_is_not_blamed() -> None:
    failure = Failure("test_app.py::test_a", "call", "AssertionError", "assert 1 == 2")

    assert "stale" in why_untouchable(failure, ["conftest.py", "test_app.py"], TRACKED, SOURCES)


@pytest.mark.parametrize(
    ("exception", "message", "said"),
    [
        ("SyntaxError", "invalid syntax (test_app.py, line 3)", "the test itself is no Python"),
        ("ModuleNotFoundError", "No module named 'app'", "pip install -e ."),
        ("PermissionError", "[Errno 13] Permission denied: 'app.py'", "Permission denied: 'app.py'"),
    ],
)
def test_what_stops_the_test_itself_is_told(exception: str, message: str, said: str) -> None:
    failure = Failure("test_app.py", "collect", exception, message, (Frame("test_app.py", 1, "<module>", True),))

    assert said in why_untouchable(failure, ["app.py", "new.py"], TRACKED, SOURCES)
