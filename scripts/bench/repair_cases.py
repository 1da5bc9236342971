"""The benchmark's cases of all kinds, and how each is laid out: with its bug or without, as shown or whole."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import repair_classics as classics
import repair_mutants as mutants
import repair_trees as trees
from repair_mine import RealCase
from repair_mutants import MutantCase

Case = RealCase | MutantCase | classics.Classic
KINDS = ("real", "mutants", "second", "classics")


@dataclass(frozen=True, slots=True)
class Bench:
    """Where things are: local clones below ``roots``, everything made below ``work``."""

    roots: tuple[Path, ...]
    work: Path


@dataclass(frozen=True, slots=True)
class Laid:
    """A case on disk: its tree and the interpreter that runs its tests."""

    tree: Path
    python: Path


class Missing(Exception):
    """What a case needs is not on this machine (a clone)."""


def load(kind: str) -> list[Case]:
    if kind == "classics":
        return list(classics.load())
    path = trees.BUGS / f"{kind}.json"
    rows = json.loads(path.read_text("utf-8"))["cases"] if path.exists() else []
    return [RealCase(**row) if kind == "real" else MutantCase(**row) for row in rows]


def kind_of(case: Case) -> str:
    return {RealCase: "real", MutantCase: "mutants", classics.Classic: "classics"}[type(case)]


def find(name: str) -> Case:
    for kind in KINDS:
        for case in load(kind):
            if case.id == name:
                return case
    raise Missing(f"no case is called {name}")


def lay(bench: Bench, case: Case, folder: Path, *, fixed: bool, whole: bool) -> Laid:
    """Write the case's tree to ``folder/project`` and its interpreter to ``folder/venv``; with the bug unless
    ``fixed``,     and without the held-back tests unless ``whole``; the tree is no git repository yet.

    Raises: Missing.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    tree = folder / "project"
    match case:
        case RealCase():
            name, version, requires = case.project, case.version, trees.projects()[case.project].requires
            deps = trees.deps_venv(bench.work, name, requires)
            clone = clone_of(bench, case)
            trees.export(clone, case.fix, tree)
            trees.write_version_file(tree, version)
            if not fixed:
                (tree / case.source).write_bytes(trees.blob(clone, f"{case.fix}^", case.source))
        case MutantCase():
            name, version, requires = case.package, case.version, mutants.packages()[case.package][1]
            deps = trees.deps_venv(bench.work, f"mutants-{name}", requires)
            mutants.unpack(bench.work, name, version, tree)
            if not fixed:
                bad = mutants.mutated(bench.work, tree / case.source, case.operator, case.occurrence)
                (tree / case.source).write_bytes(bad)
        case classics.Classic():
            name, version = case.id, "1.0"
            deps = trees.deps_venv(bench.work, "classics", ())
            case.write(tree, fixed=fixed)
    if not isinstance(case, classics.Classic):
        for path in case.dropped:
            (tree / path).unlink(missing_ok=True)
        if not whole:
            trees.hold_back(tree, case.hidden)
    python = trees.case_venv(deps, folder / "venv", tree, name, version)
    return Laid(tree, python)


def clone_of(bench: Bench, case: RealCase) -> Path:
    clone = trees.find_clone(bench.roots, case.repo)
    if clone is None:
        raise Missing(f"no clone of {case.repo} below {', '.join(map(str, bench.roots)) or 'any folder given'}")
    return clone


def prepare(bench: Bench, case: Case, folder: Path) -> Laid:
    """Lay the case out as it is put to a repairer: a git repository of one commit with the bug and the shown tests."""
    laid = lay(bench, case, folder, fixed=False, whole=False)
    trees.commit_tree(laid.tree)
    return laid


def test_files(case: Case) -> Sequence[str]:
    """The test files to judge with; none means the whole suite."""
    return case.tests if isinstance(case, RealCase) else ()
