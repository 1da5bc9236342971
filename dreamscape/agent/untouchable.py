"""A case without a line that may be changed goes in; the reason comes out, in words for the person who has to act."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from pathlib import PurePosixPath

from dreamscape.agent.missing import missing_module
from dreamscape.agent.paths import is_machinery, is_test_file, may_be_repaired
from dreamscape.domain.failures import Failure


def why_untouchable(
    failure: Failure,
    ran: Iterable[str],
    tracked: Collection[str],
    sources: Mapping[str, bytes],
    protected: Collection[str] = (),
) -> str:
    """Why no line may be changed that could cause a failure.

    ``ran`` are the files it ran, the most suspicious first; ``tracked`` those a repair may change as far as their
    names tell, ``sources`` those of them that could be read; ``protected`` the user's patterns.
    """
    if _is_no_python(failure):
        return f"the test itself is no Python, and tests are never changed: {failure.headline}"
    if is_out_of_reach(failure, sources):
        return (
            f"the test cannot import {missing_module(failure)}: where it is the project's own, install the project in "
            "its interpreter (pip install -e .) or name its folder in pytest's pythonpath"
        )
    if failure.exception == "PermissionError":
        return f"something may not be read or written here, which no change of the code mends: {failure.headline}"
    raised = {frame.path for frame in failure.frames if frame.in_project}
    for path in ran:
        if is_machinery(path) and path not in raised:
            continue  # it runs for every test
        if reason := _reason(path, tracked, sources, protected):
            return f"the fault may lie in {path}, which {reason}: {failure.headline}"
    return f"no line that may be changed is suspect; perhaps the test itself is stale: {failure.headline}"


def is_out_of_reach(failure: Failure, sources: Mapping[str, bytes]) -> bool:
    """Whether the fault shows before any line runs that may be changed: a test that is no Python, or asks for a module
    that is not found."""
    if _is_no_python(failure):
        return True
    frame = failure.deepest_project_frame
    return missing_module(failure) is not None and frame is not None and frame.path not in sources


def _is_no_python(failure: Failure) -> bool:
    """Whether it is the test's own file that does not parse."""
    name = PurePosixPath(failure.test.split("::", 1)[0]).name
    is_syntax = failure.exception in ("SyntaxError", "IndentationError", "TabError")
    return is_syntax and f"({name}, line " in failure.message


def _reason(
    path: str, tracked: Collection[str], sources: Mapping[str, bytes], protected: Collection[str]
) -> str | None:
    if is_machinery(path):
        return "decides how tests run and is never changed"
    if is_test_file(path):
        return None
    if not may_be_repaired(path, tuple(protected)):
        return "is protected (heal.protected)"
    if path not in tracked:
        return "is no file of the commit that repairs rest on (not committed, or in a submodule)"
    if path not in sources:
        return "cannot be read or is too large to repair"
    return None
