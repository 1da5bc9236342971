"""Tests cannot be bought."""

import pytest

from dreamscape.agent.gate import refusal
from dreamscape.domain.repair import Candidate, Edit

SOURCE = b"import sys\n\ndef f(a):\n    return a\n"


def proposed(new: bytes, path: str = "m.py") -> Candidate:
    return Candidate((Edit(path, 0, len(SOURCE), new),), "model", 1.0, "change")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"import os; os._exit(0)", "ends the process"),
        (b"sys.exit(0)", "ends the process"),
        (b"raise SystemExit", "SystemExit"),
        (b"import pytest; pytest.skip('later')", "imports pytest"),
        (b"from unittest import mock", "imports unittest"),
        (b"sys.modules['test_m'] = None", "reaches for sys.modules"),
        (b"if 'PYTEST_CURRENT_TEST' in __import__('os').environ: return 4", "speaks of the tests|__import__"),
        (b"sys._getframe(1).f_locals.clear()", "reaches for sys._getframe"),
        (b"exec('a = 4')", "calls exec"),
    ],
)
def test_a_patch_that_reaches_for_its_judges_is_refused(line: bytes, reason: str) -> None:
    new = SOURCE.replace(b"    return a\n", b"    " + line + b"\n    return a\n")

    found = refusal(proposed(new), {"m.py": SOURCE})

    assert found is not None
    import re

    assert re.search(reason, found)


def test_an_equality_that_always_holds_is_refused() -> None:
    new = SOURCE + b"\nclass Anything:\n    def __eq__(self, other):\n        return True\n"

    assert "__eq__" in str(refusal(proposed(new), {"m.py": SOURCE}))


@pytest.mark.parametrize("path", ["tests/test_m.py", "conftest.py", ".github/x.py", "setup.py", "pyproject.toml"])
def test_tests_and_machinery_are_never_changed(path: str) -> None:
    assert refusal(proposed(SOURCE + b"\n", path), {path: SOURCE}) is not None


def test_a_file_that_was_not_given_is_refused() -> None:
    assert "not among" in str(refusal(proposed(SOURCE, "../../etc/passwd.py"), {"m.py": SOURCE}))


def test_protected_files_are_the_users_word() -> None:
    assert refusal(proposed(SOURCE + b"\n"), {"m.py": SOURCE}, ["m.py"]) is not None


def test_what_the_source_did_already_may_stay() -> None:
    source = b"import sys\n\ndef main(a):\n    sys.exit(a)\n"
    candidate = Candidate((Edit("m.py", 27, 27, b"  "),), "model", 1.0, "change")
    honest = Candidate((Edit("m.py", source.index(b"(a)\n"), source.index(b"(a)\n") + 3, b"(a + 1)"),), "m", 1.0, "c")

    assert refusal(honest, {"m.py": source}) is None
    assert refusal(candidate, {"m.py": source}) is None


def test_an_honest_repair_passes() -> None:
    assert refusal(proposed(SOURCE.replace(b"return a", b"return -a")), {"m.py": SOURCE}) is None
