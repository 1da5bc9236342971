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
import subprocess
from collections.abc import Mapping, Sequence
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
    the first differences; ``breaks`` when something differs from the fix that the bug had left alone (a wrong patch
    that breaks nothing is a part of the fix, or fits the shown tests alone)."""

    right: bool
    by: str
    calls: int = 0
    evidence: list[str] = field(default_factory=list)
    breaks: bool = False


@dataclass(frozen=True, slots=True)
class Versions:
    """The case three times, with all tests: as fixed by its people, as patched, and before both."""

    fixed: cases.Laid
    patched: cases.Laid
    before: cases.Laid

    def all(self) -> tuple[cases.Laid, cases.Laid, cases.Laid]:
        return self.fixed, self.patched, self.before

    def put(self, path: str, content: bytes) -> None:
        for laid in self.all():
            (laid.tree / path).write_bytes(content)


def judge(bench: cases.Bench, case: cases.Case, patch: Mapping[str, bytes | None], scratch: Path) -> Judgement:
    """``patch`` maps changed files to their bytes after the patch (None: deleted).

    Raises: cases.Missing.
    """
    versions = lay_versions(bench, case, patch, scratch)
    touched = sorted({case.source, *(path for path in patch if path.endswith(".py"))})
    if all(same_tree(versions.fixed.tree / path, versions.patched.tree / path) for path in touched):
        return Judgement(True, "tree")
    verdict = by_tests(versions, (), "tests")
    if verdict is None and isinstance(case, RealCase):
        keep = {path: (versions.fixed.tree / path).read_bytes() for path in case.tests}
        put_later_tests(bench, case, versions)
        verdict = by_tests(versions, case.tests, "later tests")
        if verdict is None:
            return by_calls(case, versions, touched, scratch, keep)
    return verdict or by_calls(case, versions, touched, scratch, {})


def lay_versions(bench: cases.Bench, case: cases.Case, patch: Mapping[str, bytes | None], scratch: Path) -> Versions:
    fixed = cases.lay(bench, case, scratch / "fixed", fixed=True, whole=True)
    before = cases.lay(bench, case, scratch / "before", fixed=False, whole=True)
    patched = cases.lay(bench, case, scratch / "patched", fixed=False, whole=True)
    for path, content in patch.items():
        if content is None:
            (patched.tree / path).unlink(missing_ok=True)
        else:
            (patched.tree / path).write_bytes(content)
    return Versions(fixed, patched, before)


def by_tests(versions: Versions, targets: Sequence[str], name: str) -> Judgement | None:
    """A judgement if tests that pass with the fix, twice, do not pass with the patch."""
    good, mine = (suite.run_tests(v.tree, v.python, targets).passed for v in (versions.fixed, versions.patched))
    if good <= mine:
        return None
    again = suite.run_tests(versions.fixed.tree, versions.fixed.python, targets).passed
    lost = (good & again) - mine
    if not lost:
        return None
    before = suite.run_tests(versions.before.tree, versions.before.python, targets).passed
    return Judgement(False, name, evidence=sorted(lost)[:SHOWN], breaks=bool(lost & before))


def by_calls(
    case: cases.Case, versions: Versions, touched: Sequence[str], scratch: Path, keep: Mapping[str, bytes]
) -> Judgement:
    """The judgement by calls recorded from the tests that lie there now (a classic brings its own); then the tests
    ``keep`` are put back."""
    calls = scratch / "calls"
    if isinstance(case, classics.Classic):
        for laid in versions.all():
            case.write_inputs(laid.tree)
        guest.save(case.calls(), calls)
    else:
        old, new = versions.fixed.tree, versions.patched.tree
        focus = [(path, name) for path in touched for name in changed_functions(old / path, new / path)]
        record(case, versions.fixed, focus, calls)
    for path, content in keep.items():
        versions.put(path, content)
    return compare(versions, calls, scratch)


def same_tree(first: Path, second: Path) -> bool:
    if not first.exists() or not second.exists():
        return first.exists() == second.exists()
    lines = plain_lines(first.read_bytes())
    return lines is not None and lines == plain_lines(second.read_bytes())


def put_later_tests(bench: cases.Bench, case: RealCase, versions: Versions) -> None:
    """Replace each test file of the fix by the later version of it with the most tests that pass with the fix."""
    clone = cases.clone_of(bench, case)
    fixed = versions.fixed
    for path in case.tests:
        log = trees.git(clone, "log", "--format=%H", f"{case.fix}..HEAD", "--", path).decode().split()
        step = max(1, len(log) // LATER_TRIED)
        best, most = (fixed.tree / path).read_bytes(), 0
        for commit in log[::step][:LATER_TRIED]:
            text = trees.blob(clone, commit, path)
            (fixed.tree / path).write_bytes(text)
            passing = len(suite.run_tests(fixed.tree, fixed.python, [path]).passed) if text else 0
            if passing > most:
                best, most = text, passing
        versions.put(path, best)


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
    text = out.read_text("utf-8") if out.exists() else ""
    for version in ("fixed", "patched", "before"):  # recorded calls name the tree they were recorded in
        text = text.replace(str(laid.tree.parent.parent / version / laid.tree.name), "TREE")
    return [json.loads(line) for line in text.splitlines()]


def compare(versions: Versions, calls: Path, scratch: Path) -> Judgement:
    """The judgement by what the calls come to."""
    right, again, mine, before = (
        replay(laid, calls, scratch / f"said-{number}")
        for number, laid in enumerate((versions.fixed, versions.fixed, versions.patched, versions.before))
    )
    compared, differences, breaks = 0, [], False
    for number, call in enumerate(right):
        said = call["said"]
        if said != nth(again, number) or says_nothing(said, bool(call["varied"])):
            continue
        compared += 1
        if nth(mine, number) != said:
            word = "varied" if call["varied"] else "recorded"
            differences.append(f"{word} {call['name']}: {str(said)[:200]} against {str(nth(mine, number))[:200]}")
            breaks = breaks or nth(before, number) == said
    return Judgement(not differences, "calls", compared, differences[:SHOWN], breaks)


def nth(said: Sequence[dict[str, object]], number: int) -> object:
    return said[number]["said"] if number < len(said) else ["stopped"]


def says_nothing(said: object, varied: bool) -> bool:
    """Whether what the fix comes to promises nothing."""
    if not isinstance(said, list) or said[0] in ("cannot", "hangs"):
        return True
    return varied and said in (["raises", "TypeError"], ["raises", "AttributeError"])


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
