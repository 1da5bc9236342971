"""The ignore rules decide as git does."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dreamscape.scanner.ignore import rules_for
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
@settings(max_examples=60, deadline=None)
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


def test_a_default_can_be_taken_back(tmp_path: Path) -> None:
    make(tmp_path, "node_modules/a.py")
    assert kept(tmp_path) == []

    (tmp_path / ".scannerignore").write_text("!node_modules/\n")
    assert kept(tmp_path) == ["node_modules/a.py"]


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
