"""Which files of a project are tests or belong to its machinery, and so are never repaired."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath

_TEST_FOLDERS = {"test", "tests"}
_MACHINERY = {"setup.py", "conftest.py", "noxfile.py", "fabfile.py", "tasks.py", "sitecustomize.py", "usercustomize.py"}


def is_test_file(path: str) -> bool:
    """Whether pytest's or unittest's naming makes this a test or a helper of tests."""
    posix = PurePosixPath(path)
    name = posix.name
    return (
        name.startswith("test_")
        or name.endswith("_test.py")
        or name in ("conftest.py", "tests.py")
        or any(part in _TEST_FOLDERS for part in posix.parts[:-1])
    )


def is_machinery(path: str) -> bool:
    """Whether this is build, CI, configuration or hidden: what decides how tests run must not be bent to pass them."""
    posix = PurePosixPath(path)
    return (
        posix.suffix != ".py"
        or posix.is_absolute()
        or ".." in posix.parts
        or any(part.startswith(".") for part in posix.parts)
        or posix.name in _MACHINERY
    )


def may_be_repaired(path: str, protected: Sequence[str] = ()) -> bool:
    """Whether a repair may change this file; ``protected`` adds the user's own patterns in gitignore syntax."""
    if is_test_file(path) or is_machinery(path):
        return False
    if not protected:
        return True
    from pathspec import GitIgnoreSpec

    return not GitIgnoreSpec.from_lines(protected).match_file(path)


def stands_for(key: str, path: str) -> bool:
    """Whether the tests of a file belong to what could not be collected: the file itself, or a conftest's folder."""
    if PurePosixPath(key).name == "conftest.py":
        return PurePosixPath(path).is_relative_to(PurePosixPath(key).parent)
    return key == path
