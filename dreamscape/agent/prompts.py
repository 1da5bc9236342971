"""A repair case and what was tried before go in, the question for a model comes out."""

from __future__ import annotations

import io
import tokenize
from collections.abc import Sequence
from string import Template

from dreamscape.agent.functions import definition, first_line
from dreamscape.agent.parsing import parsed
from dreamscape.domain.failures import Failure, Frame
from dreamscape.domain.lessons import Lesson
from dreamscape.domain.models import ModelCard, Prompt
from dreamscape.domain.repair import RepairCase

MOST_FAILURES = 5
MOST_FUNCTIONS = 6
MOST_LINES = 200
"""What a prompt shows at most: more failures or functions of one cause repeat themselves (chosen)."""

LONGEST_FILE = 2000
"""Lines of a file that is shown whole; of a longer one, which costs more than it tells, its functions do (chosen)."""


MOST_EARLIER = 6
"""Of what other models tried (chosen): the last ones went farthest."""


def prompt_for(case: RepairCase, template: str, card: ModelCard, lessons: Sequence[Lesson], level: int = 0) -> Prompt:
    """The question: ``template`` with $failures, $tests, $suspects, $context and $history filled in.

    ``lessons`` are what came of this model's answers before. At each ``level`` more of the code is shown; and no more
    than the model's card takes, as far as less of it can be shown.
    """
    for shown in range(min(level, len(case.suspects)), -1, -1):
        text = _filled(case, template, shown, lessons)
        if card.tokens_in(text) <= card.largest_prompt:
            break
    return Prompt(text, case.fingerprint, len(lessons) + 1)


def _filled(case: RepairCase, template: str, level: int, lessons: Sequence[Lesson]) -> str:
    return Template(template).safe_substitute(
        failures="\n\n".join(_failure(failure, case) for failure in case.failures[:MOST_FAILURES]),
        tests="\n\n".join(_tests(case)),
        suspects="\n\n".join(_suspects(case, MOST_FUNCTIONS * (level + 1))),
        context=_context(case, level),
        history=_history(case.tried[-MOST_EARLIER:], lessons),
    )


def _failure(failure: Failure, case: RepairCase) -> str:
    lines = [f"{failure.test}", f"{failure.exception}: {failure.message}"]
    if failure.comparison is not None:
        compared = failure.comparison
        lines.append(f"compared with {compared.operator}: {compared.left} and {compared.right}")
    sources = {**case.sources, **case.test_sources}
    lines += [_frame(frame, sources.get(frame.path, b"")) for frame in failure.frames if frame.in_project]
    return _fenced("\n".join(lines))


def _frame(frame: Frame, source: bytes) -> str:
    """By the line's text: its number says nothing beside functions that bear none, and changes with any edit above."""
    lines = _decoded(source).splitlines()
    text = lines[frame.line - 1].strip() if 0 < frame.line <= len(lines) else ""
    return f"  {frame.path} in {frame.function}: {text}" if text else f"  {frame.path} in {frame.function}"


def _tests(case: RepairCase) -> list[str]:
    """The source of each failing test's function, once."""
    shown: dict[tuple[str, str], str] = {}
    for failure in case.failures[:MOST_FAILURES]:
        path, _, rest = failure.test.partition("::")
        name = rest.partition("[")[0].replace("::", ".")
        source = _definition(case.test_sources.get(path, b""), name)
        if source:
            shown.setdefault((path, name), f"{path}\n{_fenced(source, 'python')}")
    return list(shown.values())


def _suspects(case: RepairCase, most: int) -> list[str]:
    """The most suspicious functions, each once, the most suspicious first."""
    functions = dict.fromkeys((suspect.path, suspect.function) for suspect in case.suspects)
    return [
        f"{path}\n{_fenced(source, 'python')}"
        for path, function in list(functions)[:most]
        if (source := _definition(case.sources.get(path, b""), function))
    ]


def _definition(source: bytes, name: str) -> str:
    """The text of a function by its qualified name; the file's first lines where there is none (module level)."""
    lines = _decoded(source).splitlines()
    node = definition(parsed(source), name)
    first, end = (first_line(node) - 1, node.end_lineno) if node else (0, None)
    return "\n".join(lines[first:end][:MOST_LINES])


def _decoded(source: bytes) -> str:
    """By the source's own declaration (PEP 263)."""
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(source).readline)
        return source.decode(encoding)
    except (SyntaxError, UnicodeDecodeError, LookupError):
        return source.decode("utf-8", "replace")


def _context(case: RepairCase, level: int) -> str:
    """What is known of the module, and whole files: of the first suspects, one more for each level."""
    said = "\n## What is known of this code\n" + "\n".join(f"- {line}" for line in case.signals) if case.signals else ""
    files = list(dict.fromkeys(suspect.path for suspect in case.suspects))[:level]
    sources = {path: _decoded(case.sources.get(path, b"")) for path in files}
    short = {path: text for path, text in sources.items() if text.count("\n") <= LONGEST_FILE}
    shown = [f"{path}\n{_fenced(text, 'python')}" for path, text in short.items()]
    return said + ("\n\n## The files around it\n" + "\n\n".join(shown) if shown else "")


def _history(earlier: Sequence[Lesson], own: Sequence[Lesson]) -> str:
    lines = [f"- Another model: {_told(lesson)}" for lesson in earlier] + [f"- You: {_told(lesson)}" for lesson in own]
    return "\n## What was tried already\n" + "\n".join(lines) + "\n" if lines else ""


def _told(lesson: Lesson) -> str:
    return f"{lesson.said}\n  {lesson.diff}" if lesson.diff else lesson.said


def _fenced(text: str, info: str = "") -> str:
    ticks = "```"
    while ticks in text:
        ticks += "`"
    return f"{ticks}{info}\n{text}\n{ticks}"
