"""For a file that does not parse: small repairs of the text around the place where Python gave up."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator

from dreamscape.domain.repair import Candidate, RepairCase
from dreamscape.repairer.source import SourceText, Splice, parsed, read_source

_BLOCK = re.compile(r"^\s*(?:if|elif|else|for|while|def|class|try|except|finally|with|async)\b.*[^:,\\(\[{\s]\s*$")
_INSERTED = (")", "]", "}", ":", ",", "'", '"', "(", "=", "==", " in ", "pass", ")" * 2, "):")


def token_candidates(case: RepairCase) -> Iterator[Candidate]:
    """Changes that make an unreadable file parse again; nothing for cases whose files all parse."""
    wanted = {suspect.path for suspect in case.suspects}
    wanted |= {frame.path for failure in case.failures for frame in failure.frames}
    for path, raw in sorted(case.sources.items()):
        if not path.endswith(".py") or (path not in wanted and path not in _named(case)):
            continue
        source = read_source(path, raw)
        if source and parsed(source.text) is None:
            yield from _for_file(source)


def _named(case: RepairCase) -> set[str]:
    """Files that a failure's message speaks of."""
    text = "\n".join(failure.message for failure in case.failures)
    return {path for path in case.sources if path in text or path.rpartition("/")[2] in text}


def _error_line(source: SourceText) -> int:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(source.text)
    except SyntaxError as error:
        return error.lineno or 1
    except (ValueError, RecursionError, MemoryError):
        return 1
    return 1


def _for_file(source: SourceText) -> Iterator[Candidate]:
    at = _error_line(source)
    seen: set[str] = set()
    last = len(source.line_starts) - 1
    for distance, line in enumerate([at, at - 1, at + 1, at - 2, at - 3]):
        if not 1 <= line <= last:
            continue
        start = source.line_starts[line - 1]
        whole = source.between(start, source.line_starts[min(line, last)])
        body = whole.rstrip("\r\n")
        for text, fit, summary in _variants(body):
            splice = Splice(start, start + len(body.encode()), text)
            result = source.between(0, start) + text + source.between(splice.end, len(source.view))
            edits = source.edits([splice])
            if text != body and result not in seen and edits and parsed(result) is not None:
                seen.add(result)
                yield Candidate(edits, "repairer:syntax", fit / (1 + 0.5 * distance), f"{summary} at line {line}")


def _variants(line: str) -> Iterator[tuple[str, float, str]]:
    code = line.rstrip()
    if _BLOCK.match(code):
        yield code + ":", 3.0, "`:` added"
    indent = line[: len(line) - len(line.lstrip())]
    for other in (indent + "    ", indent[:-4], indent + " ", indent[:-1], indent.replace("\t", "    ")):
        yield other + line.lstrip(), 2.0, "indented anew"
    yield indent + code.lstrip() + "\n" + indent + "    pass", 1.5, "an empty block filled"
    yield code.replace(";", ":", 1), 1.0, "`;` becomes `:`"
    yield re.sub(r"(?<![=!<>:])=(?!=)", "==", code, count=1), 1.5, "`=` becomes `==`"
    positions = [match.start() for match in re.finditer(r"\b|\W", code)] + [len(code)]
    for position in sorted(set(positions), reverse=True)[:80]:
        for piece in _INSERTED:
            yield code[:position] + piece + code[position:], 1.0 if position == len(code) else 0.6, f"`{piece}` added"
        if position < len(code):
            yield code[:position] + code[position + 1 :], 0.7, f"`{code[position]}` taken away"
