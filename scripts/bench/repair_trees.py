"""Lays out what a case needs: trees from clones, interpreters with a project's needs, test files with less in them."""

from __future__ import annotations

import ast
import io
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
BUGS = HERE / "bugs"
NOT_SOURCE = re.compile(
    r"(^|/)(tests?|testing|docs?|examples?|bench(marks?|marking)?|scripts|tools|tasks|misc|fuzzing|\.[^/]+|typing_tests?)/"
    r"|(^|/)(test_[^/]*|[^/]*_tests?|tests?|conftest|setup|noxfile|tasks|conf)\.py$"
)
TEST = re.compile(r"(^|/)(tests?/(.*/)?[^/]*|test_[^/]*|[^/]*_tests?|tests?)\.py$")


@dataclass(frozen=True, slots=True)
class Project:
    """A line of ``bugs/projects.toml``: ``name`` on the package index, ``repo`` as owner/name, needs of its tests."""

    name: str
    repo: str
    requires: tuple[str, ...]


def projects() -> dict[str, Project]:
    table = tomllib.loads((BUGS / "projects.toml").read_text("utf-8"))
    return {name: Project(name, row["repo"], tuple(row["requires"])) for name, row in table.items()}


def is_source(path: str) -> bool:
    return path.endswith(".py") and not NOT_SOURCE.search(path)


def is_test(path: str) -> bool:
    return bool(TEST.search(path)) and not path.endswith(("conftest.py", "__init__.py"))


def git(repo: Path, *arguments: str, data: bytes | None = None) -> bytes:
    """Output of a git command in ``repo``.

    Raises: ``subprocess.CalledProcessError`` if it fails.
    """
    env = {**os.environ, "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"}
    command = ["git", "-c", "safe.directory=*", "-C", str(repo), *arguments]
    return subprocess.run(command, input=data, capture_output=True, check=True, env=env).stdout


def find_clone(roots: Collection[Path], repo: str) -> Path | None:
    """The clone of ``owner/name`` below a root, as ``owner+name/repo``, ``owner/name`` or ``name``, bare or not."""
    owner, name = repo.split("/")
    for root in roots:
        for place in (f"{owner}+{name}/repo", f"{owner}+{name}", repo, name, f"{name}.git"):
            if (root / place).is_dir():
                return root / place
    return None


def blob(repo: Path, commit: str, path: str) -> bytes:
    """A file's bytes at a commit; empty if it is not there."""
    try:
        return git(repo, "show", f"{commit}:{path}")
    except subprocess.CalledProcessError:
        return b""


def export(repo: Path, commit: str, into: Path) -> None:
    """Write the tree of ``commit`` into the empty or missing folder ``into``."""
    into.mkdir(parents=True, exist_ok=True)
    with tarfile.open(fileobj=io.BytesIO(git(repo, "archive", commit))) as archive:
        archive.extractall(into, filter="tar")


def version_before(repo: Path, commit: str) -> str:
    """The last release before ``commit``, as digits and dots; what a built package would say of itself."""
    try:
        tag = git(repo, "describe", "--tags", "--abbrev=0", commit).decode().strip()
    except subprocess.CalledProcessError:
        return "1.0"
    found = re.search(r"\d+(\.\d+)+", tag.replace("_", "."))
    return found.group() if found else "1.0"


def write_version_file(tree: Path, version: str) -> None:
    """Write the ``_version.py`` that a build makes, where the package imports one that git does not hold."""
    for init in [*tree.glob("*/__init__.py"), *tree.glob("src/*/__init__.py")]:
        target = init.with_name("_version.py")
        if target.exists() or not re.search(r"\b_version\b", init.read_text("utf-8", "replace")):
            continue
        numbers = tuple(int(part) for part in version.split("."))
        target.write_text(
            f"__version__ = version = VERSION = {version!r}\n__version_tuple__ = version_tuple = {numbers!r}\n"
            "__commit_id__ = commit_id = None\n"
        )


def deps_venv(work: Path, project: str, requires: Collection[str]) -> Path:
    """The folder of the interpreter that has what the project's tests need; made once per project."""
    venv = work / "venvs" / project
    if (venv / "ready").exists():
        return venv
    shutil.rmtree(venv, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
    pip = [str(venv / "bin" / "pip"), "install", "-q", "--disable-pip-version-check"]
    subprocess.run([*pip, "pytest", *requires], check=True, stderr=subprocess.DEVNULL)
    (venv / "ready").touch()
    return venv


def site_packages(venv: Path) -> Path:
    return next((venv / "lib").glob("python3*/site-packages"))


def case_venv(deps: Path, into: Path, tree: Path, name: str, version: str) -> Path:
    """An interpreter of the case's own: the project's needs (hard links) and ``tree`` as if installed editable."""
    shutil.rmtree(into, ignore_errors=True)
    shutil.copytree(deps, into, symlinks=True, copy_function=os.link)
    packages = site_packages(into)
    root = tree / "src" if (tree / "src").is_dir() else tree
    for stale in packages.glob(f"{name.replace('-', '[-_]')}-*.dist-info"):
        shutil.rmtree(stale)
    (packages / "zz_project.pth").write_text(f"import sys; sys.path.insert(0, {str(root)!r})\n")
    info = packages / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    return into / "bin" / "python"


def test_functions(source: bytes) -> dict[str, tuple[int, int]]:
    """First and last line, decorators included, of each test function by name or ``Class::name``; no fixtures."""
    found: dict[str, tuple[int, int]] = {}

    def visit(body: list[ast.stmt], prefix: str) -> None:
        for node in body:
            if isinstance(node, ast.ClassDef):
                visit(node.body, f"{prefix}{node.name}::")
            elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test"):
                if any("fixture" in ast.unparse(mark) for mark in node.decorator_list):
                    continue
                first = min([node.lineno, *(mark.lineno for mark in node.decorator_list)])
                found[prefix + node.name] = (first, node.end_lineno or node.lineno)

    visit(ast.parse(source).body, "")
    return found


def without_functions(source: bytes, names: Collection[str]) -> bytes:
    """The test file without the test functions ``names`` (``pass`` in their place); all else stays byte for byte."""
    spans = test_functions(source)
    lines = source.splitlines(keepends=True)
    for name in names:
        first, last = spans[name]
        start = lines[first - 1]
        indent = start[: len(start) - len(start.lstrip())]
        lines[first - 1 : last] = [indent + b"pass\n"] + [b""] * (last - first)
    return b"".join(lines)


def hold_back(tree: Path, hidden: Iterable[str]) -> None:
    """Take the functions (``file::function``) out of their test files."""
    by_file: dict[str, list[str]] = defaultdict(list)
    for test in hidden:
        path, function = function_of(test)
        by_file[path].append(function)
    for path, names in by_file.items():
        (tree / path).write_bytes(without_functions((tree / path).read_bytes(), names))


def function_of(test: str) -> tuple[str, str]:
    """File and function (``Class::name``) of a test id."""
    path, _, rest = test.partition("::")
    return path, rest.partition("[")[0]


def commit_tree(tree: Path) -> None:
    """Make ``tree`` a git repository with one commit of all it holds."""
    git(tree, "init", "-q", "-b", "main")
    git(tree, "config", "user.name", "Bench")
    git(tree, "config", "user.email", "bench@localhost")
    git(tree, "add", "-A", "-f")
    git(tree, "-c", "commit.gpgsign=false", "commit", "-q", "--no-verify", "-m", "Start")


def python_files(tree: Path) -> Iterator[str]:
    for path in sorted(tree.rglob("*.py")):
        if ".git" not in path.parts:
            yield path.relative_to(tree).as_posix()
