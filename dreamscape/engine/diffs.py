"""Old and new bytes of files go in, a unified diff for people comes out."""

from __future__ import annotations

import difflib
from collections.abc import Mapping

from dreamscape.domain.failures import digest
from dreamscape.domain.repair import Candidate, RepairCase


def diff_of(case: RepairCase, candidate: Candidate) -> str:
    """A candidate's change as a unified diff."""
    return unified(case.sources, candidate.applied_to(case.sources))


def change_id(diff: str) -> str:
    """Names a change by its diff, so that the same change is known again when it is proposed another night."""
    return digest([diff])


def unified(before: Mapping[str, bytes], after: Mapping[str, bytes]) -> str:
    """The change of every file in ``after``, as text; bytes that are no UTF-8 are shown escaped."""
    return "".join(_one(path, before.get(path, b""), after[path]) for path in sorted(after))


def _one(path: str, old: bytes, new: bytes) -> str:
    lines = difflib.unified_diff(_lines(old), _lines(new), f"a/{path}", f"b/{path}", n=3)
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def _lines(data: bytes) -> list[str]:
    text = data.decode("utf-8", "backslashreplace")
    return [f"{line}\n" for line in text.split("\n")[:-1]] + ([text.rsplit("\n", 1)[-1]] if text[-1:] != "\n" else [])
