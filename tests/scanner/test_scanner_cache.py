"""What was read once is not parsed again, and a bad memory is no harm."""

from __future__ import annotations

import gc
import json
import os
import sqlite3
import subprocess
import zlib
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dreamscape.domain.scan import CacheUse, Order, ScanResult
from dreamscape.domain.settings import ScanSettings
from dreamscape.scanner import ProjectScanner
from dreamscape.scanner import looks as looks_module
from dreamscape.scanner.cache import Cache, digest_of
from dreamscape.scanner.facts import FileFacts, FunctionFacts, Import, Reading, Unreadable
from dreamscape.scanner.walk import Found
from dreamscape.scanner.weights import PRIOR, Weights, store


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "a.py").write_text("import b\ndef f(x):\n    return x if x else g()\n")
    (folder / "b.py").write_text("def g(): pass\n")
    (folder / "bad.py").write_text("def f(:\n")
    return folder


def scan(project: Path, cache: Path | None) -> ScanResult:
    return ProjectScanner(project, ScanSettings(), cache=cache).scan()


def findings(result: ScanResult) -> ScanResult:
    """Without what differs from scan to scan."""
    return replace(result, cache=CacheUse(0, 0), seconds=0.0)


def own(project: Path) -> Path:
    return project / ".dreamscape" / "scan-cache.db"


def test_a_scan_leaves_nothing_to_the_garbage_collector_it_works_without(project: Path) -> None:
    scan(project, own(project))
    own(project).unlink()
    gc.unfreeze()
    gc.collect()

    scan(project, own(project))
    gc.unfreeze()

    assert gc.isenabled()
    assert gc.collect() == 0


def test_a_second_scan_reads_and_parses_nothing_and_says_the_same(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for file in project.iterdir():
        os.utime(file, (1_000_000_000, 1_000_000_000))
    first = scan(project, own(project))
    monkeypatch.setattr(looks_module, "read_source", None)
    monkeypatch.setattr(looks_module, "measure_bounded", None)

    second = scan(project, own(project))

    assert (first.cache, second.cache) == (CacheUse(0, 3), CacheUse(3, 0))
    assert findings(second) == findings(first) == findings(scan_without_cache(project, monkeypatch))


def scan_without_cache(project: Path, monkeypatch: pytest.MonkeyPatch) -> ScanResult:
    monkeypatch.undo()
    return scan(project, None)


def test_only_what_changed_is_parsed_and_going_back_parses_nothing(project: Path) -> None:
    before = (project / "a.py").read_text()
    scan(project, own(project))
    (project / "a.py").write_text("def f(): pass\n")
    changed = scan(project, own(project))
    (project / "a.py").write_text(before)

    assert changed.cache == CacheUse(2, 1)
    assert scan(project, own(project)).cache == CacheUse(3, 0)


def test_an_edit_within_the_same_moment_and_size_is_seen(project: Path) -> None:
    scan(project, own(project))
    status = (project / "b.py").stat()
    (project / "b.py").write_text("def h(): pass\n")
    os.utime(project / "b.py", ns=(status.st_atime_ns, status.st_mtime_ns))

    names = [function.name for row in scan(project, own(project)).files for function in row.functions]

    assert sorted(names) == ["f", "h"]


def test_the_state_folder_is_made_private_and_hidden_from_git(project: Path) -> None:
    scan(project, own(project))

    assert own(project).parent.stat().st_mode & 0o777 == 0o700
    assert (own(project).parent / ".gitignore").read_text() == "*\n"


@pytest.mark.parametrize("damage", [b"", b"not a database", b"SQLite format 3\0" + b"\xff" * 8_000])
def test_a_corrupt_memory_is_made_anew(project: Path, damage: bytes) -> None:
    first = scan(project, own(project))
    own(project).write_bytes(damage)

    second = scan(project, own(project))

    assert findings(second) == findings(first)
    assert second.cache == CacheUse(0, 3)
    assert scan(project, own(project)).cache == CacheUse(3, 0)


@given(st.data())
@settings(max_examples=40)
def test_any_damage_to_the_memory_is_survived(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    folder = tmp_path_factory.mktemp("damaged")
    (folder / "a.py").write_text("def f(): pass\n")
    first = scan(folder, own(folder))
    content = bytearray(own(folder).read_bytes())
    for at in data.draw(st.lists(st.integers(0, len(content) - 1), min_size=1, max_size=60)):
        content[at] = data.draw(st.integers(0, 255))
    own(folder).write_bytes(content)

    assert [row.path for row in scan(folder, own(folder)).files] == [row.path for row in first.files]
    scan(folder, own(folder))


@pytest.mark.parametrize(
    "row",
    [
        *("{", "[]", "[1, 2]", "[[], [], 1, NaN]", "[[], [], 1, 101]", "[[], [], -2, 1]", '[[], [["m", 5, 0]], 1, 1]'),
        *('[[["f", 1]], [], 1, 1]', '[[["f", 1, 1, 0, []]], [], 1, 1]', '[[["f", 1, 1e999, 1, []]], [], 1, 1]'),
    ],
)
def test_rows_that_are_not_ours_are_forgotten(project: Path, row: str) -> None:
    first = scan(project, own(project))
    with sqlite3.connect(own(project)) as connection:
        connection.execute("UPDATE readings SET data = ?", (row,))
        connection.execute("DELETE FROM ranking")
    connection.close()

    second = scan(project, own(project))

    assert findings(second) == findings(first)
    assert second.cache == CacheUse(0, 3)


def test_a_ranking_that_is_not_ours_is_made_anew(project: Path) -> None:
    first = scan(project, own(project))
    for data in (b"", b"nonsense", zlib.compress(b"{}\n"), zlib.compress(b"\x1b[31m\n"), "text", None):
        with sqlite3.connect(own(project)) as connection:
            connection.execute("UPDATE ranking SET data = ?", (data,))
        connection.close()

        assert findings(scan(project, own(project))) == findings(first)


def test_a_ranking_is_taken_for_nothing_else_than_what_it_was_made_of(project: Path) -> None:
    git = ["git", "-c", "user.name=x", "-c", "user.email=x@example.org"]
    for words in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "One"]):
        subprocess.run([*git, *words], cwd=project, check=True)
    first = scan(project, own(project))
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "Two", "--date=2001-01-01"], cwd=project, check=True)
    (project / "b.py").unlink()
    (project / "c.py").write_text("def g(): pass\n")
    moved = scan(project, own(project))
    failing = ProjectScanner(project, ScanSettings(), cache=own(project), failures={"a.py": 3}).scan()

    assert [row.path for row in first.files] != [row.path for row in moved.files]
    assert findings(moved) == findings(scan(project, None))
    assert {row.path: row.failures for row in failing.files} == {"a.py": 3, "c.py": 0}


def test_another_order_or_other_weights_change_a_warm_ranking_at_once(project: Path) -> None:
    (project / "long.py").write_text("x = 1\n" * 400)
    scanner = ProjectScanner(project, ScanSettings(), cache=own(project))
    git = ["git", "-c", "user.name=x", "-c", "user.email=x@example.org"]
    for words in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "One"]):
        subprocess.run([*git, *words], cwd=project, check=True)
    first = scanner.scan()
    by_line = scanner.scan(Order.EFFORT)
    back = scanner.scan()
    store(own(project).parent, Weights({**PRIOR.of, "size": 2.0}, PRIOR.base, "learned"))
    learned = scanner.scan()
    (own(project).parent / "scan-weights.json").unlink()

    assert [row.path for row in by_line.files] != [row.path for row in first.files]
    assert by_line.files == ProjectScanner(project, ScanSettings(), cache=None).scan(Order.EFFORT).files
    assert {row.path: row.risk for row in learned.files} != {row.path: row.risk for row in first.files}
    assert findings(back) == findings(first) == findings(scanner.scan())


def test_branches_are_switched_there_and_back_without_parsing(project: Path) -> None:
    git = ["git", "-c", "user.name=x", "-c", "user.email=x@example.org"]
    for words in (
        ["init", "-q", "-b", "one"],
        ["add", "."],
        ["commit", "-q", "-m", "One"],
        ["checkout", "-q", "-b", "two"],
    ):
        subprocess.run([*git, *words], cwd=project, check=True)
    first = scan(project, own(project))
    (project / "a.py").write_text("def other(): pass\n")
    subprocess.run([*git, "commit", "-q", "-a", "-m", "Two"], cwd=project, check=True)
    scan(project, own(project))
    subprocess.run([*git, "checkout", "-q", "one"], cwd=project, check=True)
    back = scan(project, own(project))
    subprocess.run([*git, "checkout", "-q", "two"], cwd=project, check=True)

    assert findings(back) == findings(first)
    assert back.cache.misses == scan(project, own(project)).cache.misses == 0


def test_facts_of_another_version_are_not_taken(project: Path) -> None:
    scan(project, own(project))
    with sqlite3.connect(own(project)) as connection:
        connection.execute("UPDATE about SET format = 'other'")
    connection.close()

    assert scan(project, own(project)).cache == CacheUse(0, 3)


def test_without_a_place_to_write_the_scan_works_and_says_so(project: Path) -> None:
    (project / ".dreamscape").write_text("a file where the folder should be")

    result = scan(project, own(project))

    assert len(result.files) == 2
    assert any(note.startswith("nothing is remembered for the next scan") for note in result.notes)


def test_a_state_folder_that_leads_elsewhere_is_not_written_to(tmp_path: Path, project: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (project / ".dreamscape").symlink_to(elsewhere)

    result = scan(project, own(project))

    assert len(result.files) == 2
    assert list(elsewhere.iterdir()) == []


def test_a_memory_another_scan_is_writing_costs_only_the_memory(project: Path) -> None:
    scan(project, own(project))
    (project / "a.py").write_text("def f(): pass\n")
    writer = sqlite3.connect(own(project), isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")

    result = scan(project, own(project))

    writer.close()
    assert len(result.files) == 2
    assert any("locked" in note for note in result.notes)


LINES = st.integers(1, 99)
TEXTS = st.text(max_size=8)
FACTS = st.one_of(
    st.builds(Unreadable, TEXTS),
    st.builds(
        FileFacts,
        st.lists(
            st.builds(FunctionFacts, TEXTS, LINES, LINES, LINES, st.lists(TEXTS).map(tuple)),
            max_size=3,
        ).map(tuple),
        st.lists(st.builds(Import, TEXTS, st.lists(TEXTS).map(tuple), st.integers(0, 3)), max_size=3).map(tuple),
        st.integers(0, 99),
        st.floats(0, 100),
    ),
)


@given(st.lists(FACTS, max_size=5))
@settings(max_examples=40)
def test_whatever_is_remembered_comes_back_the_same(
    tmp_path_factory: pytest.TempPathFactory, readings: list[Reading]
) -> None:
    file = tmp_path_factory.mktemp("memory") / "cache.db"
    by_digest = {digest_of(json.dumps(at).encode()): reading for at, reading in enumerate(readings)}
    seen = {Found(f"{at}.py", at, at, at): digest for at, digest in enumerate(by_digest)}
    cache = Cache(file)
    cache.remember(seen, by_digest, now_ns=10**18)
    cache.close()

    again = Cache(file)

    assert again.readings(by_digest) == by_digest
    assert {file: again.known_digest(file) for file in seen} == seen
    again.close()


CONTENTS = (
    "import b\n\ndef f(x):\n    return b.g(x) if x else 0\n",
    "from .a import f\n\nclass C:\n    def m(self):\n        return f(1)\n",
    "def g(x):\n    for y in x:\n        if y:\n            yield y\n",
    "def f(:\n",
    "",
    "x = '\N{LATIN SMALL LETTER E WITH ACUTE}'\nimport a.b\n",
)
PATHS = ("a.py", "b.py", "p/__init__.py", "p/a.py", "tests/test_a.py", ".scannerignore")
EDITS = st.tuples(st.sampled_from(PATHS), st.sampled_from((*CONTENTS, "p/\n", None)))
"""A file and what is written into it; None deletes it."""


@given(rounds=st.lists(st.lists(EDITS, min_size=1, max_size=4), min_size=2, max_size=4))
@settings(max_examples=12)
def test_whatever_was_edited_a_memory_says_byte_for_byte_what_a_cold_scan_says(
    rounds: list[list[tuple[str, str | None]]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("edits")
    for edits in rounds:
        for path, content in edits:
            file = folder / path
            file.parent.mkdir(exist_ok=True)
            if content is None:
                file.unlink(missing_ok=True)
            else:
                file.write_bytes(content.encode())
        warm = findings(scan(folder, own(folder)))

        assert json.dumps(asdict(warm), default=str) == json.dumps(asdict(findings(scan(folder, None))), default=str)
