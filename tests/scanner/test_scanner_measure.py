"""Whatever is wrong with a file becomes a reason; whatever Python accepts is measured."""

from __future__ import annotations

import os
import signal
import socket
from pathlib import Path

import pytest
from radon.metrics import mi_visit

from dreamscape.domain.scan import ScanResult
from dreamscape.domain.settings import ScanSettings
from dreamscape.scanner import ProjectScanner, apart, bounded, contents
from dreamscape.scanner.facts import LARGEST_SOURCE, FileFacts, Unreadable
from dreamscape.scanner.measure import measure, quietly
from dreamscape.scanner.source import read_source


def reason(source: bytes) -> str:
    reading = measure(source)
    assert isinstance(reading, Unreadable)
    return reading.reason


def sloc(source: bytes) -> int:
    reading = measure(source)
    assert isinstance(reading, FileFacts)
    return reading.sloc


def scan(project: Path) -> ScanResult:
    return ProjectScanner(project, ScanSettings(), cache=None).scan()


def test_a_syntax_error_is_told_with_its_line() -> None:
    assert reason(b"a = 1\nb = = 2\n") == "syntax error in line 2: invalid syntax"


def test_null_bytes_are_told() -> None:
    assert "null bytes" in reason(b"a = 1\0\n")


@pytest.mark.parametrize("source", [b"a = '\xe9'\n", b"# coding: nonsense\n", b"# coding: utf-8\na = '\xff'\n"])
def test_what_cannot_be_decoded_is_told(source: bytes) -> None:
    assert reason(source)


@pytest.mark.parametrize(
    "source",
    [
        b"x = " + b"(" * 5_000 + b")" * 5_000,
        b"x = " + b"-" * 20_000 + b"1",
        b"".join(b" " * depth + b"if x:\n" for depth in range(150)) + b" " * 150 + b"pass\n",
        b"x = " + b"[" * 100_000,
        b"x = a" + b".b" * 50_000,
        b"x = " + b" + ".join([b"a"] * 50_000),
    ],
)
def test_hostile_nesting_costs_a_row_and_not_the_scan(source: bytes) -> None:
    assert reason(source)


def test_a_thousand_branches_in_a_row_are_told_or_measured() -> None:
    source = b"if a: pass\n" + b"elif b: pass\n" * 100_000

    assert isinstance(measure(source), FileFacts | Unreadable)


@pytest.mark.parametrize(
    "source",
    [
        b"\xef\xbb\xbfdef f(): pass\n",
        b"# -*- coding: latin-1 -*-\ndef f(): return '\xe9'\n",
        b"def f():\r\n    return 1\r\n",
        b"def f():\r    return 1\r",
        b"def f(): return '\\d'\n",
        b"def f(): pass",
    ],
)
def test_every_encoding_and_line_end_python_accepts_is_measured(source: bytes) -> None:
    with quietly():
        reading = measure(source)

    assert isinstance(reading, FileFacts)
    assert [function.name for function in reading.functions] == ["f"]


def test_an_empty_file_has_nothing_and_nothing_to_maintain() -> None:
    assert measure(b"") == FileFacts((), (), 0, 100.0)


def test_lines_of_code_are_neither_blank_nor_comment_nor_a_text_standing_alone() -> None:
    assert sloc(b'"""Says\n\nmuch."""\n\n# no\na = 1  # yes\n  # no\nb = (\n    2\n)\n') == 4


def test_lines_inside_a_text_that_is_used_are_code_even_where_they_look_like_comments() -> None:
    assert sloc(b'a = """\n# in a text\n\n"""\n') == 3


def test_maintainability_stays_near_radons() -> None:
    import json.encoder

    source = Path(json.encoder.__file__).read_bytes()
    reading = measure(source)

    assert isinstance(reading, FileFacts)
    assert reading.maintainability == pytest.approx(mi_visit(source.decode(), True), abs=2)


def test_a_large_source_is_measured_like_any_other() -> None:
    source = b"def f(a):\n    return a or 1\n" * 6_000

    assert len(source) > bounded.LARGE
    assert bounded.measure_bounded(source) == measure(source)


def test_a_source_that_keeps_the_parser_busy_costs_bounded_time_and_a_row(monkeypatch: pytest.MonkeyPatch) -> None:
    def forever(source: bytes) -> FileFacts:
        while True:
            pass

    monkeypatch.setattr(bounded, "measure", forever)
    monkeypatch.setattr(apart, "LONGEST_S", 1)

    assert bounded.measure_bounded(b"#" * (bounded.LARGE + 1)) == Unreadable("takes longer than 1 s to parse")


def test_a_source_that_ends_the_parser_is_not_told_as_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded, "measure", lambda source: os.kill(os.getpid(), signal.SIGKILL))

    assert bounded.measure_bounded(b"#" * (bounded.LARGE + 1)) == Unreadable("is too much for the parser")


def test_a_file_that_vanished_is_told(tmp_path: Path) -> None:
    assert read_source(tmp_path / "gone.py") == Unreadable("vanished during the scan")


def test_a_folder_in_place_of_a_file_is_told(tmp_path: Path) -> None:
    assert isinstance(read_source(tmp_path), Unreadable)


def test_a_pipe_does_not_hang_the_reading(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.py")

    assert read_source(tmp_path / "pipe.py") == Unreadable("not a regular file")


def test_a_huge_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "huge.py").write_bytes(b"#" * (LARGEST_SOURCE + 1))

    assert read_source(tmp_path / "huge.py") == Unreadable("larger than 1 MiB")


def test_whatever_bears_a_sources_name_is_a_row_or_told(tmp_path: Path) -> None:
    (tmp_path / "good.py").write_text("def f(): pass\n")
    (tmp_path / "bad.py").write_text("def f(:\n")
    (tmp_path / "folder.py").mkdir()
    os.mkfifo(tmp_path / "pipe.py")
    (tmp_path / "alias.py").symlink_to("good.py")
    (tmp_path / "broken.py").symlink_to("nowhere")
    (tmp_path / "circle.py").symlink_to("circle.py")
    (tmp_path / "outside.py").symlink_to(__file__)
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "tool").write_text("def f(): pass\n")
    (tmp_path / "named.py").symlink_to("tool")
    (tmp_path / "build").mkdir()
    (tmp_path / "build" / "made.py").write_text("def f(): pass\n")
    (tmp_path / "made.py").symlink_to("build/made.py")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(tmp_path / "socket.py"))
    listener.close()

    result = scan(tmp_path)

    assert [row.path for row in result.files] == ["good.py"]
    assert {row.path: row.reason for row in result.skipped} == {
        "bad.py": "syntax error in line 1: invalid syntax",
        "broken.py": "a broken symbolic link",
        "circle.py": "a symbolic link that goes in circles",
        "made.py": "a symbolic link to build/made.py, which is not scanned",
        "named.py": "a symbolic link to tool, which is not scanned",
        "outside.py": "a symbolic link that leads out of the project",
        "pipe.py": "not a regular file but a named pipe",
        "socket.py": "not a regular file but a socket",
    }


def test_names_that_are_no_unicode_come_out_printable(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"caf\xe9.py")).write_text("def f(): pass\n")
    (tmp_path / os.fsdecode(b"bad\xff.py")).write_text("def f(:\n")

    result = scan(tmp_path)

    assert [row.path for row in result.files] == ["caf\\xe9.py"]
    assert [row.path for row in result.skipped] == ["bad\\xff.py"]
    assert result.impact_of("caf\\xe9.py") > 0


def test_cpythons_own_bad_sources_are_all_accounted_for() -> None:
    import sysconfig

    folder = Path(sysconfig.get_path("stdlib"), "test")
    if not folder.is_dir():
        pytest.skip("this Python comes without its tests")
    names = {path.name for path in folder.glob("bad*.py")}

    result = ProjectScanner(folder, ScanSettings(ignore=("*/", "!bad*.py", "[!b]*.py", "b[!a]*.py")), cache=None).scan()

    assert {Path(row.path).name for row in (*result.files, *result.skipped)} >= names


def test_a_long_scan_says_how_far_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(contents, "PROGRESS_S", -1.0)
    for number in range(101):
        (tmp_path / f"m{number}.py").write_text("")

    with caplog.at_level("INFO", "dreamscape"):
        ProjectScanner(tmp_path, ScanSettings(), cache=None).scan()

    assert [record.message for record in caplog.records] == ["0 of 101 files read", "100 of 101 files read"]
