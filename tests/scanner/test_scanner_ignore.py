"""The ignore rules decide as git does."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dreamscape.domain.errors import UsageError
from dreamscape.domain.scan import Exclusion
from dreamscape.domain.settings import ScanSettings
from dreamscape.scanner import ProjectScanner
from dreamscape.scanner.ignore import rules_for
from dreamscape.scanner.patterns import PatternBook, Translated
from dreamscape.scanner.walk import walk


def kept(project: Path, *patterns: str) -> list[str]:
    found, _ = walk(project, rules_for(project, patterns))
    return [file.path for file in found]


def make(project: Path, *paths: str) -> None:
    for path in paths:
        (project / path).parent.mkdir(parents=True, exist_ok=True)
        (project / path).write_text("")


NAMES = st.sampled_from(["a", "b", "ab", "c.d"])
PATHS = st.lists(NAMES, min_size=0, max_size=3).flatmap(
    lambda folders: st.sampled_from(["a.py", "b.py", "ab.py"]).map(lambda name: "/".join([*folders, name]))
)
WORDS = st.sampled_from(["a", "b", "ab", "*", "?", "**", "a*", "*.py", "a.py", "[ab]", "[!a]*", "\\a", "c.d"])
PATTERNS = st.builds(
    lambda bang, slash, words, end: f"{bang}{slash}{'/'.join(words)}{end}",
    st.sampled_from(["", "", "!"]),
    st.sampled_from(["", "", "/"]),
    st.lists(WORDS, min_size=1, max_size=3),
    st.sampled_from(["", "", "/", " "]),
)


@given(
    st.sets(PATHS, min_size=1, max_size=8),
    st.lists(PATTERNS, max_size=4),
    st.lists(PATTERNS, max_size=3),
    st.sampled_from(["a", "b", "ab"]),
)
@settings(max_examples=40)
def test_any_patterns_leave_out_what_git_leaves_out(
    paths: set[str], patterns: list[str], inner: list[str], folder: str
) -> None:
    with tempfile.TemporaryDirectory() as name:
        project = Path(name)
        subprocess.run(["git", "init", "-q", name], check=True)
        make(project, *paths)
        (project / ".gitignore").write_text("\n".join(patterns))
        if (project / folder).is_dir():
            (project / folder / ".gitignore").write_text("\n".join(inner))
        listed = subprocess.run(
            ["git", "-c", "core.excludesFile=", "ls-files", "-z", "--others", "--exclude-standard", "*.py"],
            cwd=project,
            check=True,
            capture_output=True,
            text=True,
        )

        assert kept(project) == sorted(filter(None, listed.stdout.split("\0")))
        assert [why(project, path) for path in sorted(paths)] == said_by_git(project, sorted(paths))


def why(project: Path, path: str) -> tuple[str | None, int | None]:
    found = exclusion(project, path)
    return found.file, found.line


def exclusion(project: Path, path: str) -> Exclusion:
    return ProjectScanner(project, ScanSettings(), cache=None).why_ignored(project / path)


def said_by_git(project: Path, paths: list[str]) -> list[tuple[str | None, int | None]]:
    """File and line of the pattern that decides about each path."""
    words = ["git", "-c", "core.excludesFile=", "check-ignore", "-v", "-n", "-z", "--no-index", "--stdin"]
    asked = subprocess.run(words, cwd=project, input="\0".join(paths), capture_output=True, text=True, check=False)
    said = asked.stdout.split("\0")
    return [(file, int(line)) if file else (None, None) for file, line in zip(said[0:-1:4], said[1:-1:4], strict=True)]


def test_the_scanners_own_rules_have_the_last_word_over_git_and_the_command_line_over_both(tmp_path: Path) -> None:
    make(tmp_path, "a.py", "b.py", "c.py")
    (tmp_path / ".gitignore").write_text("a.py\nb.py\n")
    (tmp_path / ".scannerignore").write_text("!a.py\nc.py\n")

    assert kept(tmp_path) == ["a.py"]
    assert kept(tmp_path, "a.py", "!c.py") == ["c.py"]


def test_nested_rules_count_from_their_own_folder(tmp_path: Path) -> None:
    make(tmp_path, "x.py", "sub/x.py", "sub/deep/x.py")
    (tmp_path / "sub" / ".scannerignore").write_text("/x.py\n")

    assert kept(tmp_path) == ["sub/deep/x.py", "x.py"]


@pytest.mark.parametrize("folder", ["node_modules", "build", "x.egg-info"])
def test_a_default_can_be_taken_back(tmp_path: Path, folder: str) -> None:
    make(tmp_path, f"{folder}/a.py")
    assert kept(tmp_path) == []
    assert f"'!{folder}/' in .scannerignore takes it back" in exclusion(tmp_path, f"{folder}/a.py").why

    (tmp_path / ".scannerignore").write_text(f"!{folder}/\n")
    assert kept(tmp_path) == [f"{folder}/a.py"]
    assert not exclusion(tmp_path, f"{folder}/a.py").is_left_out


@pytest.mark.parametrize(
    ("path", "is_left_out", "words"),
    [("a.py", False, "no rule"), ("build/a.py", True, "by default"), ("b.py", True, "b.py")],
)
def test_what_does_not_exist_is_judged_and_said_not_to_exist(
    tmp_path: Path, path: str, is_left_out: bool, words: str
) -> None:
    (tmp_path / ".scannerignore").write_text("b.py\n")

    found = exclusion(tmp_path, path)

    assert (found.exists, found.is_left_out) == (False, is_left_out)
    assert words in found.why


@pytest.mark.parametrize(
    "folder",
    [".git", ".hg", ".venv", "__pycache__", "node_modules", ".tox", "build", "dist", "x.egg-info", ".dreamscape"],
)
def test_what_is_never_product_code_is_left_out(tmp_path: Path, folder: str) -> None:
    make(tmp_path, f"{folder}/a.py", f"sub/{folder}/deep/a.py", "kept.py")

    assert kept(tmp_path) == ["kept.py"]


def test_a_package_called_build_is_product_code(tmp_path: Path) -> None:
    make(tmp_path, "src/build/__init__.py", "src/build/a.py")

    assert kept(tmp_path) == ["src/build/__init__.py", "src/build/a.py"]


def test_an_environment_is_known_by_its_mark_whatever_its_name(tmp_path: Path) -> None:
    make(tmp_path, "my-env/pyvenv.cfg", "my-env/lib/a.py")

    assert kept(tmp_path) == []


def test_rules_above_the_project_hold_inside_it(tmp_path: Path) -> None:
    make(tmp_path, ".git/HEAD", "app/generated/a.py", "app/b.py")
    (tmp_path / ".gitignore").write_text("/app/generated/\n")

    assert kept(tmp_path / "app") == ["b.py"]


def test_an_ignored_folder_can_be_scanned_by_its_own_name(tmp_path: Path) -> None:
    make(tmp_path, ".git/HEAD", "scratch/a.py")
    (tmp_path / ".gitignore").write_text("scratch/\n")

    assert kept(tmp_path / "scratch") == ["a.py"]


def test_senseless_patterns_and_unreadable_rule_files_change_nothing(tmp_path: Path) -> None:
    make(tmp_path, "a.py")
    (tmp_path / ".gitignore").mkdir()
    (tmp_path / ".scannerignore").write_bytes(b"\xef\xbb\xbf!\n/\n\n# a.py\n\xff\xfe\n")

    assert kept(tmp_path, "[") == ["a.py"]


def test_what_gitignore_names_is_scanned_where_it_does_not_count(tmp_path: Path) -> None:
    make(tmp_path, ".git/HEAD", "a.py", "b.py", "app/c.py")
    (tmp_path / ".gitignore").write_text("a.py\n/app/c.py\n")
    (tmp_path / ".scannerignore").write_text("b.py\n")
    found, _ = walk(tmp_path, rules_for(tmp_path, (), with_gitignore=False))
    inside, _ = walk(tmp_path / "app", rules_for(tmp_path / "app", (), with_gitignore=False))

    assert [file.path for file in found] == ["a.py", "app/c.py"]
    assert [file.path for file in inside] == ["c.py"]


def test_vendored_trees_are_left_out_unless_they_are_packages(tmp_path: Path) -> None:
    make(tmp_path, "pip/_vendor/__init__.py", "third_party/a.py", "vendor/a.py", "shop/vendor/__init__.py")

    assert kept(tmp_path) == ["shop/vendor/__init__.py"]


def test_a_folder_left_out_is_never_entered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path, "data/deep/a.py", "node_modules/a.py", "b.py")
    (tmp_path / ".scannerignore").write_text("data/\n")
    entered: list[str] = []
    scandir = os.scandir
    monkeypatch.setattr(os, "scandir", lambda folder: entered.append(folder) or scandir(folder))

    kept(tmp_path)

    assert entered == [f"{tmp_path}/"]


@pytest.mark.parametrize(
    ("path", "is_left_out", "file", "line", "words"),
    [
        ("src/gen/a.py", True, "src/.scannerignore", 2, "line 2 of src/.scannerignore: gen/"),
        ("src/keep.py", False, ".gitignore", 3, "line 3 of .gitignore: !keep.py"),
        ("tool/a.py", True, None, None, "scan.ignore or --ignore: tool*"),
        ("node_modules/x/a.py", True, None, None, "left out by default"),
        ("src/build/a.py", True, None, None, "build output"),
        ("env/lib/a.py", True, None, None, "an environment"),
        ("src/notes.txt", True, None, None, "no Python source"),
        ("src/a.py", False, None, None, "no rule leaves it out"),
    ],
)
def test_the_deciding_rule_is_named(
    tmp_path: Path, path: str, is_left_out: bool, file: str | None, line: int | None, words: str
) -> None:
    make(tmp_path, path, "src/b.py", "env/pyvenv.cfg")
    (tmp_path / ".gitignore").write_text("# generated\n*keep*\n!keep.py\n")
    (tmp_path / "src" / ".scannerignore").write_text("\ngen/\n")

    found = ProjectScanner(tmp_path, ScanSettings(ignore=("tool*",)), cache=None).why_ignored(tmp_path / path)

    assert (found.is_left_out, found.file, found.line) == (is_left_out, file, line)
    assert words in found.why


@pytest.mark.parametrize("outside", ["../a.py", ".."])
def test_a_path_outside_the_project_is_a_usage_error(tmp_path: Path, outside: str) -> None:
    with pytest.raises(UsageError, match="is not in"):
        ProjectScanner(tmp_path, ScanSettings(), cache=None).why_ignored(tmp_path / outside)


@given(st.lists(PATTERNS, min_size=1, max_size=4), PATHS)
@settings(max_examples=60)
def test_remembered_translations_decide_as_new_ones(patterns: list[str], path: str) -> None:
    text = "\n".join(patterns)
    first = PatternBook()
    new = first.compiled(text)
    second = PatternBook(first.new)
    again = second.compiled(text)

    assert second.new == {}
    assert (new and new.last_fitting(path)) == (again and again.last_fitting(path))


@pytest.mark.parametrize("regex", ["(a+)+$", "(?:a|a)*b", "((", ".*.*", "a{9}", "(?R)"])
def test_an_expression_that_no_translation_gives_is_made_anew(regex: str) -> None:
    digest = next(iter(translated("a\n")))
    book = PatternBook({digest: [(regex, True, False, 1, "a")]})

    patterns = book.compiled("a\n")

    assert patterns is not None
    assert patterns.each[0].regex.pattern != regex


def translated(text: str) -> dict[bytes, list[Translated]]:
    book = PatternBook()
    book.compiled(text)
    return book.new
