"""A change goes in; signs that it may be half of what is needed, or fits the shown tests alone, come out in words.

All were seen on bugs of real projects: a pattern corrected in one branch while its twin in the next kept the fault, one
of several like lines made unlike the others where the fault was elsewhere, and a pattern loosened just so far that the
one test passed. None can be told from a whole repair, so each is a doubt, not a refusal.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from dreamscape.agent.naturalness import SHORTEST, edited_line, form_of, forms
from dreamscape.agent.parsing import parsed
from dreamscape.domain.repair import Candidate, Edit, RepairCase

LEAST_ALIKE = 3
"""So many lines that differ in names and numbers only are a series, which one of them seldom leaves alone (chosen)."""


def half_done(candidate: Candidate, case: RepairCase) -> str:
    """Why the change may not be all of the repair; empty where nothing says so."""
    changed = candidate.applied_to(case.sources)
    for edit in candidate.edits:
        if line := _twin(edit, case.sources.get(edit.path, b""), changed[edit.path]):
            return f"`{line}` stands elsewhere in {edit.path} too, and may need the same change"
        if line := _unlike(edit, case.sources.get(edit.path, b"")):
            return f"lines like `{line}` stand elsewhere in {edit.path}, and are left as they are"
    told = _told(case)
    for path, after in changed.items():
        for text in _new_texts(case.sources.get(path, b""), after):
            if any(word not in told for word in text):
                return "it changes a text to one that no test speaks of"
    return ""


def _twin(edit: Edit, source: bytes, after: bytes) -> str:
    """The line the edit changes, where the same line still stands elsewhere in the file after the whole change."""
    if edit.start == edit.end:
        return ""
    line = edited_line(edit, source)[0].partition(b"\n")[0].strip()
    before, left = (sum(other.strip() == line for other in text.splitlines()) for text in (source, after))
    return line.decode("utf-8", "replace") if 0 < left < before and len(line) >= SHORTEST else ""


def _unlike(edit: Edit, source: bytes) -> str:
    """The line the edit changes, where it is one of at least `LEAST_ALIKE` of its form and takes one of its own."""
    before, after = edited_line(edit, source)
    known = forms(source)
    is_unlike = known[form_of(before)] >= LEAST_ALIKE and not known[form_of(after)]
    return before.strip().decode("utf-8", "replace") if is_unlike else ""


def _told(case: RepairCase) -> str:
    """All that the failing tests and their failures say, literals as they read."""
    parts = [source.decode("utf-8", "replace") for source in case.test_sources.values()]
    for source in case.test_sources.values():
        parts += [text for text in _texts(source) if text]
    for failure in case.failures:
        parts.append(failure.message)
        if failure.comparison is not None:
            parts += [failure.comparison.left, failure.comparison.right]
    return "\n".join(parts)


def _new_texts(before: bytes, after: bytes) -> Iterator[list[str]]:
    """The words that are new in each text that takes another's place, where nothing but texts changes."""
    if _without_texts(before) != _without_texts(after):
        return
    old = list(_texts(before))
    words = {word for text in old for word in _words(text)}
    for text in _texts(after):
        if text not in old:
            yield [word for word in _words(text) if word not in words]


def _without_texts(source: bytes) -> str:
    """The code with every text blanked."""
    tree = parsed(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            node.value = ""
    return ast.dump(tree)


def _words(text: str) -> list[str]:
    return re.findall(r"\S+", text)


def _texts(source: bytes) -> Iterator[str]:
    for node in ast.walk(parsed(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
