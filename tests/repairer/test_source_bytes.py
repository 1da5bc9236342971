"""Laws of editing: what is not edited stays byte for byte, whatever the encoding and line ends."""

from __future__ import annotations

import ast
import sysconfig
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dreamscape.domain.failures import Failure, FailureClass
from dreamscape.domain.repair import Candidate, RepairCase, Suspect
from dreamscape.repairer.clues import Clues, clues_of
from dreamscape.repairer.project import Project
from dreamscape.repairer.scope import Scope
from dreamscape.repairer.search import Repairer
from dreamscape.repairer.site import Site
from dreamscape.repairer.source import Splice, read_source
from dreamscape.repairer.templates import TEMPLATES

PROGRAM = """# café
class Größe:
    def __init__(self, wert):
        self.wert = wert  # ü

    def mehr(self, zahl=[]):
        '''Doc é.'''
        for i in range(len(zahl)):
            if zahl[i] > self.wert and not i == 3:
                return "größer", zahl[i - 1]
            elif i:
                i += 1
        return f"é{self.wert!r}", (i
            + 1)
"""


def case_of(source: bytes, lines: range | None = None, path: str = "p.py") -> RepairCase:
    failure = Failure("t.py::t", "call", "AssertionError", "assert 1 == 2")
    suspects = tuple(Suspect(path, line, "", 1.0) for line in lines or range(1, source.count(b"\n") + 2))
    return RepairCase("c", (failure,), FailureClass.WRONG_VALUE, "f", suspects, {path: source})


def candidates(case: RepairCase, limit: int = 4000) -> list[Candidate]:
    found = Repairer().candidates(case, Project(case.sources), clues_of(case))
    return [each for each, _ in zip(found, range(limit), strict=False)]


def untouched(source: bytes, candidate: Candidate, result: bytes) -> bool:
    """Whether the result is the source with the edits' ranges replaced, piece by piece."""
    at = place = 0
    for edit in sorted(candidate.edits, key=lambda each: (each.start, each.end)):
        kept = source[at : edit.start]
        if result[place : place + len(kept)] != kept:
            return False
        place += len(kept)
        if result[place : place + len(edit.replacement)] != edit.replacement:
            return False
        place += len(edit.replacement)
        at = edit.end
    return result[place:] == source[at:]


def variant(encoding: str, newline: str, mark: bool, tabs: bool) -> bytes:
    text = PROGRAM.replace("    ", "\t") if tabs else PROGRAM
    if encoding != "utf-8":
        text = f"# -*- coding: {encoding} -*-\n" + text
    raw = text.replace("\n", newline).encode(encoding)
    return b"\xef\xbb\xbf" + raw if mark and encoding == "utf-8" else raw


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "cp1252"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize(("mark", "tabs"), [(False, False), (True, False), (False, True)])
def test_every_candidate_parses_and_leaves_all_else_alone(encoding: str, newline: str, mark: bool, tabs: bool) -> None:
    source = variant(encoding, newline, mark, tabs)

    found = candidates(case_of(source), 400)

    assert len(found) == 400
    for candidate in found:
        result = candidate.applied_to({"p.py": source})["p.py"]
        ast.parse(result)
        assert untouched(source, candidate, result)
        assert result != source
        assert newline == "\n" or result.replace(b"\r\n", b"").count(b"\n") == 0


def test_no_two_candidates_give_the_same_source() -> None:
    source = PROGRAM.encode()

    results = [each.applied_to({"p.py": source})["p.py"] for each in candidates(case_of(source))]

    assert len(results) == len(set(results))


@given(st.text(max_size=30), st.integers(0, 40), st.integers(0, 40), st.sampled_from(["utf-8", "latin-1", "utf-16"]))
def test_a_splice_means_the_same_in_the_file_and_in_its_view(text: str, one: int, other: int, encoding: str) -> None:
    cookie = f"# coding: {encoding}\n" if encoding == "latin-1" else ""
    source = read_source("p.py", (cookie + text).encode("latin-1" if cookie else "utf-8", "replace"))
    if source is None:
        return
    view = source.view
    places = sorted(i for i in range(len(view) + 1) if i in (0, len(view)) or view[i] & 0xC0 != 0x80)
    start, end = sorted((places[one % len(places)], places[other % len(places)]))

    edits = source.edits([Splice(start, end, "x")])

    assert edits is not None
    result = Candidate(edits, "o", 1.0, "s").applied_to({"p.py": source.raw})["p.py"]
    assert result[source.bom :].decode(source.encoding).encode() == view[:start] + b"x" + view[end:]


LIBRARY = sorted(Path(sysconfig.get_path("stdlib")).glob("*.py"))


@settings(max_examples=8, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(LIBRARY), st.floats(0, 0.98))
def test_sources_of_the_standard_library_are_edited_cleanly(path: Path, where: float) -> None:
    source = path.read_bytes()
    count = source.count(b"\n") + 1
    first = int(where * count) + 1

    found = candidates(case_of(source, range(first, first + 4)), 100)

    for at, candidate in enumerate(found):
        result = candidate.applied_to({"p.py": source})["p.py"]
        assert untouched(source, candidate, result)
        if at % 10 == 0:
            ast.parse(result)


@settings(max_examples=12, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(LIBRARY), st.integers(0, 10_000))
def test_no_template_stumbles_over_a_statement_of_the_standard_library(path: Path, which: int) -> None:
    project = Project({"p.py": path.read_bytes()})
    module = project.module("p.py")
    if module is None or not module.statements:
        return
    node = module.statements[which % len(module.statements)]
    function = node if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) else module.function_of(node)
    failure = Failure("t", "call", "KeyError", "DID NOT RAISE <class 'ValueError'>; name 'xyz' is not defined")
    clues = Clues(FailureClass.DID_NOT_RAISE, (failure,))
    site = Site(module, Scope(module, function), node, clues, project)

    for template in TEMPLATES.values():
        for change in template(site):
            assert change.splices
            assert module.source.edits(change.splices) is not None
