"""Mines fix commits from local clones by a fixed rule, chosen before any outcome was seen.

The rule
--------
A commit is a candidate when, by git alone,

1. it has one parent and was made in 2016 or later;
2. its subject has a word beginning with fix, bug, crash, wrong, incorrect or regression;
3. exactly one Python file of the package (no tests, docs, examples, tools) changes its syntax tree, docstrings aside,
   and by at most 10 lines, removed and added together, of the tree written out by ``ast.unparse``;
4. at least one test file changes.

Candidates are taken newest first, at most ``TRIED`` per project, until ``CAP`` of them hold good. One holds good when,
in Python 3.11 without a network,

5. with the parent's source and the fix's tests at least one test of the changed test files fails, and none of these
   files fails to be collected;
6. with the fix every test of the changed test files passes or is skipped;
7. of the other test files those that have a failing test even with the fix (age, network, missing optional packages)
   are left out of the case and named in it; where the whole suite takes more than ``SUITE_CPU_S`` only the changed test
   files are kept.

Failing test functions are split by a seed: half of them, rounded down, are held back to judge with; what is shown must
still fail with the bug, and pass with the fix. Nothing looks at what kind of change the fix is.
"""

from __future__ import annotations

import ast
import difflib
import json
import random
import re
import shutil
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

import repair_suite as suite
import repair_trees as trees

CAP = 3
TRIED = 25
SINCE = "2016-01-01"
MAX_LINES = 10
SUITE_CPU_S = 90
SUBJECT = re.compile(r"\b(fix|bug|crash|wrong|incorrect|regression)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class RealCase:
    """A bug from a project's history; everything else is read from a clone. ``hidden`` are the test functions
    (``file::function``) held back, ``dropped`` the test files left out, ``failing`` the visible failing tests."""

    id: str
    project: str
    repo: str
    fix: str
    date: str
    source: str
    tests: list[str]
    failing: list[str]
    hidden: list[str] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    narrow: bool = False
    version: str = "1.0"
    suite_cpu_s: float = 0.0


class _NoDocstrings(ast.NodeTransformer):
    def generic_visit(self, node: ast.AST) -> ast.AST:
        super().generic_visit(node)
        body = getattr(node, "body", None)
        if isinstance(body, list):
            kept = [s for s in body if not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))]
            node.body = kept or [ast.Pass()]  # type: ignore[attr-defined]
        return node


def plain_lines(source: bytes) -> list[str] | None:
    """The source written out from its syntax tree, docstrings aside; None if it cannot be parsed."""
    try:
        return ast.unparse(_NoDocstrings().visit(ast.parse(source))).splitlines()
    except (SyntaxError, ValueError, RecursionError):
        return None


def changed_lines(before: bytes, after: bytes) -> int | None:
    old, new = plain_lines(before), plain_lines(after)
    if old is None or new is None:
        return None
    diff = difflib.unified_diff(old, new, n=0, lineterm="")
    return sum(line[0] in "+-" and not line.startswith(("+++", "---")) for line in diff)


def candidates(clone: Path) -> Iterator[tuple[str, str, str, list[str]]]:
    """Fix commit, date, source file and changed test files of all that fit rules 1 to 4, newest first."""
    log = trees.git(
        clone, "log", "--no-merges", f"--since={SINCE}", "--date-order", "--no-renames", "--diff-filter=AM",
        "--name-status", "--date=short", "--format=%x00%H%x01%cd%x01%s",
    )  # fmt: skip
    for entry in log.decode("utf-8", "replace").split("\0")[1:]:
        head, _, rest = entry.partition("\n")
        commit, date, subject = head.split("\x01", 2)
        names = [line.split("\t", 1)[1] for line in rest.splitlines() if "\t" in line]
        sources = [name for name in names if trees.is_source(name)]
        tests = [name for name in names if trees.is_test(name)]
        if not SUBJECT.search(subject) or not tests or not 1 <= len(sources) <= 5:
            continue
        sizes = {s: changed_lines(trees.blob(clone, f"{commit}^", s), trees.blob(clone, commit, s)) for s in sources}
        changed = [source for source, size in sizes.items() if size != 0]
        if len(changed) == 1 and (sizes[changed[0]] or MAX_LINES + 1) <= MAX_LINES:
            yield commit, date, changed[0], tests


def validate(project: trees.Project, clone: Path, work: Path, found: tuple[str, str, str, list[str]]) -> RealCase | str:
    """The case, or the number of the rule it breaks and why."""
    commit, date, source, tests = found
    scratch = work / "mining" / project.name
    shutil.rmtree(scratch, ignore_errors=True)
    tree = scratch / "project"
    trees.export(clone, commit, tree)
    version = trees.version_before(clone, commit)
    trees.write_version_file(tree, version)
    deps = trees.deps_venv(work, project.name, project.requires)
    python = trees.case_venv(deps, scratch / "venv", tree, project.name, version)
    tests = [test for test in tests if (tree / test).exists()]
    good = (tree / source).read_bytes()

    with_fix = suite.run_tests(tree, python, tests, cpu_s=SUITE_CPU_S, wall_s=400)
    if not with_fix.finished or with_fix.bad or not with_fix.passed:
        return f"rule 6: {sorted(with_fix.bad)[:2]} {with_fix.tail[-160:]!r}"
    (tree / source).write_bytes(trees.blob(clone, f"{commit}^", source))
    before = suite.run_tests(tree, python, tests, cpu_s=SUITE_CPU_S, wall_s=400)
    failing = sorted(before.bad & with_fix.passed)
    if not failing or before.having("collection") or before.bad - with_fix.passed:
        return f"rule 5: failing {failing[:2]}, other {sorted(before.bad - with_fix.passed)[:2]}"

    (tree / source).write_bytes(good)
    whole = suite.run_tests(tree, python, cpu_s=SUITE_CPU_S, wall_s=600)
    narrow = not whole.tests or (not whole.finished and not whole.having("collection"))
    others = {path for path in trees.python_files(tree) if trees.is_test(path)} - set(tests)
    bad = {test.partition("::")[0] for test in whole.bad}
    if narrow:
        dropped = others
    elif bad & set(tests):
        return f"rule 6 in the whole suite: {sorted(bad & set(tests))}"
    else:
        dropped = bad
    for path in dropped:
        (tree / path).unlink(missing_ok=True)
    final = suite.run_tests(tree, python, cpu_s=SUITE_CPU_S, wall_s=600)
    if not final.finished or final.bad or not set(failing) <= final.passed:
        return f"rule 7: {sorted(final.bad)[:3]} {final.tail[-160:]!r}"
    hidden = split(commit, failing, {t: (tree / t).read_bytes() for t in tests})
    trees.hold_back(tree, hidden)
    still = suite.run_tests(tree, python, cpu_s=SUITE_CPU_S, wall_s=600)
    (tree / source).write_bytes(trees.blob(clone, f"{commit}^", source))
    shown = suite.run_tests(tree, python, cpu_s=SUITE_CPU_S, wall_s=600)
    if still.bad or not shown.bad or shown.having("collection") or not shown.bad <= still.passed:
        return f"rule 5 as shown: {sorted(still.bad)[:2]} {sorted(shown.bad - still.passed)[:2]}"
    return RealCase(
        f"{project.name}-{commit[:8]}", project.name, project.repo, commit, date, source, tests,
        sorted(shown.bad), hidden,
        sorted(dropped), narrow, version, round(final.cpu_s, 1),
    )  # fmt: skip


def split(seed: str, failing: list[str], sources: dict[str, bytes]) -> list[str]:
    """The failing test functions to hold back, as ``file::function``: less than half of them; only functions written in
    the file itself (not inherited ones) can be held back."""
    functions = sorted({trees.function_of(test) for test in failing})
    movable = [f for f in functions if f[0] in sources and f[1] in trees.test_functions(sources[f[0]])]
    random.Random(seed).shuffle(movable)
    return sorted("::".join(function) for function in movable[: len(functions) // 2])


def mine(roots: list[Path], work: Path, out: Path, only: list[str]) -> None:
    """Mine every project that has a clone; writes the cases after each project and goes on where it stopped."""
    known = json.loads(out.read_text()) if out.exists() else {"cases": [], "projects": {}}
    for project in trees.projects().values():
        clone = trees.find_clone(roots, project.repo)
        if clone is None or project.name in known["projects"] or (only and project.name not in only):
            continue
        cases: list[RealCase] = []
        why: dict[str, str] = {}
        for number, found in enumerate(candidates(clone)):
            if len(cases) == CAP or number == TRIED:
                break
            started = time.monotonic()
            try:
                result = validate(project, clone, work, found)
            except Exception as error:  # noqa: BLE001 (one commit's trouble must not end the mining)
                result = f"could not be tried: {error!r}"
            print(f"{project.name} {found[0][:8]} {time.monotonic() - started:.0f}s {result}"[:300], file=sys.stderr)
            if isinstance(result, RealCase):
                cases.append(result)
            else:
                why[found[0]] = result.partition(":")[0]
        known["projects"][project.name] = {
            "newest": trees.git(clone, "rev-parse", "HEAD").decode().strip(),
            "tried": len(why) + len(cases), "refused": why,
        }  # fmt: skip
        known["cases"] += [asdict(case) for case in cases]
        out.write_text(json.dumps(known, indent=1) + "\n")
