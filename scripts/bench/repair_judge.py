"""Judges a patch with what the repairer did not see: the whole tests, later tests, and calls compared with the fix.

A patch is right when the changed files have the fix's syntax tree (docstrings aside), or when all three hold:
every test that passes with the fix passes with the patch, the held-back ones included; so does every test of the same
test files as they stood later, in the version with the most tests that pass with the fix; and on the calls that tests
make into the package under whose run the changed functions run, and on variations of their arguments, patch and fix
come to the same (result, arguments afterwards, or type of exception). Calls that do not come to the same twice with
the fix itself say nothing, nor do varied arguments that the fix answers with TypeError or AttributeError: for these
nobody promised anything.
"""

from __future__ import annotations

import ast
import json
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import repair_calls as guest
import repair_cases as cases
import repair_classics as classics
import repair_suite as suite
import repair_trees as trees
from repair_mine import RealCase, plain_lines

LATER_TRIED = 4
SHOWN = 3


@dataclass(frozen=True, slots=True)
class Judgement:
    """Whether it is right, by what (``tree``, ``tests``, ``later tests``, ``calls``), how many calls were compared, and
    the first differences."""

    right: bool
    by: str
    calls: int = 0
    evidence: list[str] = field(default_factory=list)


def judge(bench: cases.Bench, case: cases.Case, patch: Mapping[str, bytes | None], scratch: Path) -> Judgement:
    """``patch`` maps changed files to their bytes after the patch (None: deleted).

    Raises: cases.Missing.
    """
    reference = cases.lay(bench, case, scratch / "reference", fixed=True, whole=True)
    patched = cases.lay(bench, case, scratch / "patched", fixed=True, whole=True)
    before = cases.lay(bench, case, scratch / "before", fixed=False, whole=True)
    # The fix's file goes back to the buggy one first: a patch elsewhere must not be judged on top of the fix.
    shutil.copyfile(before.tree / case.source, patched.tree / case.source)
    for path, content in patch.items():
        if content is None:
            (patched.tree / path).unlink(missing_ok=True)
        else:
            (patched.tree / path).write_bytes(content)
    touched = sorted({case.source, *(path for path in patch if path.endswith(".py"))})
    if all(same_tree(reference.tree / path, patched.tree / path) for path in touched):
        return Judgement(True, "tree")

    lost = tests_lost(reference, patched)
    if lost:
        return Judgement(False, "tests", evidence=lost[:SHOWN])
    if isinstance(case, RealCase):
        keep = {path: (reference.tree / path).read_bytes() for path in case.tests}
        put_later_tests(bench, case, reference, patched)
        lost = tests_lost(reference, patched, case.tests)
        if lost:
            return Judgement(False, "later tests", evidence=lost[:SHOWN])
    calls = scratch / "calls"
    if isinstance(case, classics.Classic):
        for laid in (reference, patched):
            case.write_inputs(laid.tree)
        guest.save(case.calls(), calls)
    else:
        focus = [
            (path, name) for path in touched for name in changed_functions(reference.tree / path, patched.tree / path)
        ]
        record(case, reference, focus, calls)
        if isinstance(case, RealCase):
            for laid in (reference, patched):
                for path, content in keep.items():
                    (laid.tree / path).write_bytes(content)
    compared, differences = compare(reference, patched, calls, scratch)
    return Judgement(not differences, "calls", compared, differences[:SHOWN])


def same_tree(first: Path, second: Path) -> bool:
    if not first.exists() or not second.exists():
        return first.exists() == second.exists()
    lines = plain_lines(first.read_bytes())
    return lines is not None and lines == plain_lines(second.read_bytes())


def tests_lost(reference: cases.Laid, patched: cases.Laid, targets: list[str] | None = None) -> list[str]:
    """Tests that pass with the fix, twice, and not with the patch."""
    good = suite.run_tests(reference.tree, reference.python, targets or ()).passed
    mine = suite.run_tests(patched.tree, patched.python, targets or ()).passed
    if good <= mine:
        return []
    again = suite.run_tests(reference.tree, reference.python, targets or ()).passed
    return sorted((good & again) - mine)


def put_later_tests(bench: cases.Bench, case: RealCase, reference: cases.Laid, patched: cases.Laid) -> None:
    """Replace each test file of the fix by the later version of it with the most tests that pass with the fix."""
    clone = cases.clone_of(bench, case)
    for path in case.tests:
        log = trees.git(clone, "log", "--format=%H", f"{case.fix}..HEAD", "--", path).decode().split()
        step = max(1, len(log) // LATER_TRIED)
        best, most = (reference.tree / path).read_bytes(), 0
        for commit in log[::step][:LATER_TRIED]:
            text = trees.blob(clone, commit, path)
            (reference.tree / path).write_bytes(text)
            passing = len(suite.run_tests(reference.tree, reference.python, [path]).passed) if text else 0
            if passing > most:
                best, most = text, passing
        for laid in (reference, patched):
            (laid.tree / path).write_bytes(best)


def functions(source: bytes) -> dict[str, str]:
    """The text of each function by qualified name, and of the rest of the file under ``*``."""
    found: dict[str, str] = {}

    def visit(body: list[ast.stmt], prefix: str) -> None:
        for node in body:
            if isinstance(node, ast.ClassDef):
                visit(node.body, f"{prefix}{node.name}.")
                found["*"] += node.name + "".join(map(ast.unparse, [*node.bases, *node.decorator_list]))
            elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                found[prefix + node.name] = found.get(prefix + node.name, "") + ast.unparse(node)
            else:
                found["*"] += ast.unparse(node)

    found["*"] = ""
    visit(ast.parse(source).body, "")
    return found


def changed_functions(first: Path, second: Path) -> list[str]:
    """Qualified names of functions that differ; ``*`` if anything outside functions does."""
    if not first.exists() or not second.exists():
        return ["*"]
    old, new = functions(first.read_bytes()), functions(second.read_bytes())
    return sorted(name for name in {*old, *new} if old.get(name) != new.get(name))


def record(case: cases.Case, laid: cases.Laid, focus: list[tuple[str, str]], calls: Path) -> None:
    """Write the calls that tests make with the fix, and variations of them, to ``calls``."""
    plan = {"root": f"{laid.tree}/", "focus": focus, "out": str(calls)}
    suite.run_tests(
        laid.tree, laid.python, cases.test_files(case), cpu_s=120, wall_s=600, plugin="repair_calls",
        extra={"BENCH_RECORD": json.dumps(plan)},
    )  # fmt: skip
    if not calls.exists():
        guest.save([], calls)
    run_guest(laid, "vary", calls, calls)


def run_guest(laid: cases.Laid, verb: str, source: Path, target: Path) -> None:
    command = [str(laid.python), str(trees.HERE / "repair_calls.py"), verb, str(source), str(target)]
    suite.limited(command, 120, 400, laid.tree, suite.clean_env())


def replay(laid: cases.Laid, calls: Path, out: Path) -> list[dict[str, object]]:
    run_guest(laid, "replay", calls, out)
    return [json.loads(line) for line in out.read_text("utf-8").splitlines()] if out.exists() else []


def compare(reference: cases.Laid, patched: cases.Laid, calls: Path, scratch: Path) -> tuple[int, list[str]]:
    """How many calls said something, and the differences in words."""
    first, second = (replay(reference, calls, scratch / name) for name in ("first", "second"))
    mine = replay(patched, calls, scratch / "mine")
    root = str(patched.tree)
    compared, differences = 0, []
    for number, (right, again) in enumerate(zip(first, second, strict=False)):
        said = right["said"]
        if said != again["said"] or said[0] in ("cannot", "hangs"):  # type: ignore[index]
            continue
        if right["varied"] and said in (["raises", "TypeError"], ["raises", "AttributeError"]):
            continue
        compared += 1
        other = mine[number]["said"] if number < len(mine) else ["stopped"]
        text = json.dumps(other).replace(root, str(reference.tree))
        if json.dumps(said) != text:
            word = "varied" if right["varied"] else "recorded"
            differences.append(f"{word} {right['name']}: {str(said)[:200]} against {str(other)[:200]}")
    return compared, differences


def patch_of(tree: Path, base: str, tip: str) -> dict[str, bytes | None]:
    """Files changed between two commits, with their bytes at ``tip``."""
    names = trees.git(tree, "diff", "--name-only", "-z", base, tip).decode().split("\0")
    out: dict[str, bytes | None] = {}
    for name in filter(None, names):
        try:
            out[name] = trees.git(tree, "show", f"{tip}:{name}")
        except subprocess.CalledProcessError:
            out[name] = None
    return out
