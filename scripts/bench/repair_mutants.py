"""Draws mutants of published packages with a third-party tool, Cosmic Ray.

The rule
--------
Per package of ``bugs/packages.toml`` all places the tool would mutate in the package's files are listed. A place is a
file, a position and a family of operators (all replacements of one comparison are one place, so that a family with many
variants is not drawn more often). The places are shuffled with the package's name and version as seed; at each, one of
its variants is drawn. The first ``CAP`` that hold good, at most one per line, are the cases. One holds good when the
mutated file's syntax tree differs from the original's and the package's own suite ends within the limits, collects
every file, and fails in at least one test that the original passes. Mutants that hang are left out, since ``killed``
then says nothing about a test.

``bugs/second.json`` holds a second draw by the same rule, from the places after the first ``TRIED`` and at most two of
a package, made when what the first had shown was mended, so that it is new to what was mended.

The package's test functions are split in halves with the mutant as seed; one half is shown, the other is held back to
judge with; one that fails is moved to the shown half if it has none.
"""

from __future__ import annotations

import ast
import json
import random
import shutil
import subprocess
import sys
import tarfile
import tomllib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import repair_suite as suite
import repair_trees as trees

CAP = 4
TRIED = 40
SUITE_CPU_S = 60
TOOL = "cosmic-ray==8.7.0"


@dataclass(frozen=True, slots=True)
class MutantCase:
    """A mutation by coordinates of the tool; ``hidden`` are the test functions (``file::function``) held back,
    ``failing`` the shown tests that fail, ``killers`` the number of all that do."""

    id: str
    package: str
    version: str
    source: str
    operator: str
    occurrence: int
    line: int
    failing: list[str]
    killers: int
    hidden: list[str]
    dropped: list[str]
    suite_cpu_s: float


def packages() -> dict[str, tuple[str, list[str]]]:
    table = tomllib.loads((trees.BUGS / "packages.toml").read_text("utf-8"))
    return {name: (row["version"], row["requires"]) for name, row in table.items()}


def tool_python(work: Path) -> Path:
    """The interpreter that has the mutation tool."""
    venv = work / "venvs" / "cosmic-ray"
    if not (venv / "ready").exists():
        shutil.rmtree(venv, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
        subprocess.run([str(venv / "bin" / "pip"), "install", "-q", TOOL], check=True, stderr=subprocess.DEVNULL)
        (venv / "ready").touch()
    return venv / "bin" / "python"


def unpack(work: Path, name: str, version: str, into: Path) -> None:
    """Write the package's source distribution, downloaded once by name, into ``into``."""
    store = work / "sdists"
    stem = f"{name.replace('-', '_')}-{version}.tar.gz"
    if not (store / stem).exists():
        pip = [
            str(tool_python(work)),
            "-m",
            "pip",
            "download",
            "-q",
            "--no-deps",
            "--no-binary",
            ":all:",
            "-d",
            str(store),
        ]
        subprocess.run([*pip, f"{name}=={version}"], check=True, stderr=subprocess.DEVNULL)
    found = next(path for path in store.glob("*.tar.gz") if path.name.replace("-", "_") == stem.replace("-", "_"))
    fresh = into.with_name(into.name + ".unpacking")
    shutil.rmtree(fresh, ignore_errors=True)
    with tarfile.open(found) as archive:
        archive.extractall(fresh, filter="data")
    shutil.rmtree(into, ignore_errors=True)
    next(path for path in fresh.iterdir() if path.is_dir()).rename(into)
    shutil.rmtree(fresh)


def mutated(work: Path, path: Path, operator: str, occurrence: int) -> bytes:
    command = [
        str(tool_python(work)),
        str(trees.HERE / "repair_mutator.py"),
        "make",
        str(path),
        operator,
        str(occurrence),
    ]
    return subprocess.run(command, check=True, capture_output=True).stdout


def places(work: Path, tree: Path, seed: str) -> list[tuple[str, str, int, int]]:
    """File, operator, occurrence and line of one variant per place, in the drawn order."""
    files = [path for path in trees.python_files(tree) if trees.is_source(path)]
    command = [str(tool_python(work)), str(trees.HERE / "repair_mutator.py"), "list", *files]
    rows = json.loads(subprocess.run(command, check=True, capture_output=True, cwd=tree).stdout)
    variants: dict[tuple[object, ...], list[tuple[str, str, int, int]]] = defaultdict(list)
    for path, operator, occurrence, line, *rest in rows:
        family = operator.partition("/")[2].partition("_")[0]
        variants[(path, family, line, *rest)].append((path, operator, occurrence, line))
    draw = random.Random(seed)
    order = sorted(variants, key=str)
    draw.shuffle(order)
    return [draw.choice(variants[place]) for place in order]


def halves(seed: str, functions: Sequence[tuple[str, str]], killers: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """The functions to hold back."""
    order = sorted(functions)
    random.Random(seed).shuffle(order)
    hidden = set(order[: len(order) // 2])
    if killers <= hidden:
        hidden.discard(next(function for function in order if function in killers))
    return hidden


def draw_package(
    work: Path, name: str, version: str, requires: Sequence[str], first_place: int = 0, cap: int = CAP
) -> list[MutantCase]:
    scratch = work / "drawing" / name
    tree = scratch / "project"
    scratch.mkdir(parents=True, exist_ok=True)
    unpack(work, name, version, tree)
    deps = trees.deps_venv(work, f"mutants-{name}", requires)
    python = trees.case_venv(deps, scratch / "venv", tree, name, version)
    first = suite.run_tests(tree, python, cpu_s=SUITE_CPU_S)
    dropped = sorted({test.partition("::")[0] for test in first.bad})
    for path in dropped:
        (tree / path).unlink()
    whole = suite.run_tests(tree, python, cpu_s=SUITE_CPU_S)
    print(f"{name} {len(whole.passed)} pass in {whole.cpu_s:.1f} CPU s, dropped {dropped}", file=sys.stderr)
    if not whole.finished or whole.bad:
        return []
    sources = {p: (tree / p).read_bytes() for p in {t.partition("::")[0] for t in whole.tests} if p.endswith(".py")}
    defined = [(p, f) for p, text in sources.items() if trees.is_test(p) for f in trees.test_functions(text)]
    cases: list[MutantCase] = []
    lines: set[tuple[str, int]] = set()
    for path, operator, occurrence, line in places(work, tree, f"{name}-{version}")[first_place:][:TRIED]:
        if len(cases) == cap:
            break
        good = (tree / path).read_bytes()
        bad = mutated(work, tree / path, operator, occurrence)
        try:
            if (path, line) in lines or ast.dump(ast.parse(bad)) == ast.dump(ast.parse(good)):
                continue
        except SyntaxError:
            continue
        limit = int(3 * whole.cpu_s) + 5
        (tree / path).write_bytes(bad)
        seen = suite.run_tests(tree, python, cpu_s=limit, wall_s=300)
        killers = {trees.function_of(test) for test in seen.bad}
        killed = seen.finished and not seen.having("collection") and seen.bad <= whole.passed and killers & set(defined)
        print(f"{name} {path}:{line} {operator} {f'killed {len(seen.bad)}' if killed else 'no'}", file=sys.stderr)
        if killed:
            key = f"{name}-{Path(path).stem}-{line}-{operator.partition('/')[2]}-{occurrence}"
            hidden = sorted("::".join(function) for function in halves(key, defined, killers))
            trees.hold_back(tree, hidden)
            shown = suite.run_tests(tree, python, cpu_s=limit, wall_s=300)
            (tree / path).write_bytes(good)
            still = suite.run_tests(tree, python, cpu_s=limit, wall_s=300)
            for test, text in sources.items():
                (tree / test).write_bytes(text)
            if shown.bad and not still.bad and shown.bad <= still.passed:
                lines.add((path, line))
                cases.append(
                    MutantCase(
                        key, name, version, path, operator, occurrence, line, sorted(shown.bad), len(seen.bad), hidden,
                        dropped, round(whole.cpu_s, 1),
                    )
                )  # fmt: skip
        (tree / path).write_bytes(good)
    return cases


def draw(work: Path, out: Path, only: list[str], first_place: int = 0, cap: int = CAP) -> None:
    """Draw from every package, after ``first_place`` places; writes after each and goes on where it stopped."""
    known = json.loads(out.read_text()) if out.exists() else {"tool": TOOL, "packages": [], "cases": []}
    for name, (version, requires) in packages().items():
        if name in known["packages"] or (only and name not in only):
            continue
        known["cases"] += [asdict(case) for case in draw_package(work, name, version, requires, first_place, cap)]
        known["packages"].append(name)
        out.write_text(json.dumps(known, indent=1) + "\n")
