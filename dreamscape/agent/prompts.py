"""A repair case and what was tried before go in, the question for a model comes out."""

from __future__ import annotations

import io
import tokenize
from collections.abc import Sequence
from string import Template

from dreamscape.agent.functions import definition, first_line
from dreamscape.agent.parsing import parsed
from dreamscape.domain.failures import Failure
from dreamscape.domain.models import Prompt
from dreamscape.domain.repair import RepairCase

MOST_FAILURES = 5
MOST_FUNCTIONS = 6
MOST_LINES = 200
"""What a prompt shows at most: more failures or functions of one cause repeat themselves (chosen)."""


def prompt_for(case: RepairCase, template: str, attempt: int, history: Sequence[str]) -> Prompt:
    """The question: ``template`` with $failures, $tests, $suspects and $history filled in.

    ``attempt`` counts from 1; ``history`` says in words what came of the attempts before.
    """
    text = Template(template).safe_substitute(
        failures="\n\n".join(_failure(failure) for failure in case.failures[:MOST_FAILURES]),
        tests="\n\n".join(_tests(case)),
        suspects="\n\n".join(_suspects(case)),
        history=_history(history),
    )
    return Prompt(text, case.fingerprint, attempt)


def _failure(failure: Failure) -> str:
    lines = [f"{failure.test}", f"{failure.exception}: {failure.message}"]
    if failure.comparison is not None:
        compared = failure.comparison
        lines.append(f"compared with {compared.operator}: {compared.left} and {compared.right}")
    lines += [f"  {frame.path}:{frame.line} in {frame.function}" for frame in failure.frames if frame.in_project]
    return _fenced("\n".join(lines))


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


def _suspects(case: RepairCase) -> list[str]:
    """The most suspicious functions, each once, the most suspicious first."""
    functions = dict.fromkeys((suspect.path, suspect.function) for suspect in case.suspects)
    return [
        f"{path}\n{_fenced(source, 'python')}"
        for path, function in list(functions)[:MOST_FUNCTIONS]
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


def _history(history: Sequence[str]) -> str:
    if not history:
        return ""
    return "\n## What was tried already\n" + "\n".join(f"- {line}" for line in history) + "\n"


def _fenced(text: str, info: str = "") -> str:
    ticks = "```"
    while ticks in text:
        ticks += "`"
    return f"{ticks}{info}\n{text}\n{ticks}"
