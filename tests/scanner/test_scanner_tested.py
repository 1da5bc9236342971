"""What test tools left in a project: coverage in coverage.py's three forms, and how long tests took."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dreamscape.domain.evidence import FunctionCoverage
from dreamscape.domain.scan import ScanResult
from dreamscape.domain.settings import ScanSettings
from dreamscape.scanner import ProjectScanner, coverage
from dreamscape.scanner.coverage import _numbers
from dreamscape.scanner.executable import statements

SOURCE = '''\
"""Prices."""

RATE = 2


@staticmethod
def ran(a):
    """Doubles."""
    if a:
        return (
            a * RATE
        )
    return 0


def never(a): # comment
    for b in a:
        print(b)


def told():  # pragma: no cover
    return 1


def short(): return 1
'''
RAN = (1, 3, 6, 7, 9, 10, 11, 16, 25)
"""What a tracer sees of it, the lines inside of statements too."""
MISSED = (13, 17, 18)
SHARE = 7 / 10


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    (folder / "tests").mkdir(parents=True)
    (folder / "shop.py").write_text(SOURCE)
    (folder / "unseen.py").write_text("def f():\n    return 1\n")
    (folder / "tests" / "test_shop.py").write_text("def test_ran():\n    assert 1\n")
    for file in (*folder.glob("*.py"), *folder.glob("tests/*.py")):
        os.utime(file, (1_700_000_000, 1_700_000_000))
    return folder


def data(project: Path, lines: tuple[int, ...], *, jumps: bool = False) -> Path:
    """coverage.py's data file, as its version 7 makes it."""
    file = project / ".coverage"
    file.unlink(missing_ok=True)
    tables = """
        CREATE TABLE file (id integer primary key, path text, unique (path));
        CREATE TABLE line_bits (file_id integer, context_id integer, numbits blob);
        CREATE TABLE arc (file_id integer, context_id integer, fromno integer, tono integer);
    """
    with sqlite3.connect(file) as connection:
        connection.executescript(tables)
        connection.execute("INSERT INTO file VALUES (1, ?)", (str(project / "shop.py"),))
        connection.execute("INSERT INTO file VALUES (2, '/elsewhere/shop.py')")
        if jumps:
            pairs = zip((-1, *lines), (*lines, -1), strict=True)
            connection.executemany("INSERT INTO arc VALUES (1, 1, ?, ?)", pairs)
        else:
            for context, part in enumerate((lines[:2], lines[2:])):
                connection.execute("INSERT INTO line_bits VALUES (1, ?, ?)", (context, bits(part)))
    connection.close()
    return file


def bits(lines: tuple[int, ...]) -> bytes:
    """As coverage.py packs line numbers."""
    packed = bytearray(max(lines, default=0) // 8 + 1)
    for line in lines:
        packed[line // 8] |= 1 << line % 8
    return bytes(packed)


def as_json(project: Path) -> None:
    ran = [line for line in RAN if line not in (1, 11)]
    files = {"shop.py": {"executed_lines": ran, "missing_lines": MISSED}, "/elsewhere/x.py": {}}
    del files["/elsewhere/x.py"]
    (project / "coverage.json").write_text(json.dumps({"files": files}))


def as_xml(project: Path) -> None:
    lines = {line: 1 for line in RAN if line not in (1, 11)} | dict.fromkeys(MISSED, 0)
    rows = "".join(f'<line number="{line}" hits="{hits}"/>' for line, hits in lines.items())
    (project / "coverage.xml").write_text(
        f"<coverage><sources><source>{project}</source></sources><packages><package><classes>"
        f'<class filename="shop.py"><lines>{rows}</lines></class></classes></package></packages></coverage>'
    )


def scanner(project: Path, **more: Mapping[str, float]) -> ProjectScanner:
    return ProjectScanner(project, ScanSettings(), cache=project / ".dreamscape" / "scan-cache.db", **more)  # type: ignore[arg-type]


def shares(result: ScanResult) -> dict[str, float | None]:
    return {row.path: row.coverage for row in result.files}


@pytest.mark.parametrize("form", ["lines", "jumps", "json", "xml"])
def test_every_form_tells_how_much_of_each_file_and_function_tests_ran(project: Path, form: str) -> None:
    match form:
        case "json":
            as_json(project)
        case "xml":
            as_xml(project)
        case _:
            data(project, RAN, jumps=form == "jumps")

    assert shares(scanner(project).scan()) == {"shop.py": SHARE, "unseen.py": None, "tests/test_shop.py": None}
    assert scanner(project).explain("unseen.py").covered is None
    assert scanner(project).explain("shop.py").covered == (
        FunctionCoverage("ran", 7, 0.6667),
        FunctionCoverage("never", 16, 0.0),
        FunctionCoverage("told", 21, None),
        FunctionCoverage("short", 25, None),
    )


def test_coverage_is_told_and_moves_no_score(project: Path) -> None:
    before = scanner(project).scan().files
    data(project, RAN)

    after = scanner(project).scan().files
    (told,) = [one for one in scanner(project).explain("shop.py").signals if one.name == "coverage"]

    assert [(row.path, row.impact, row.risk) for row in after] == [(row.path, row.impact, row.risk) for row in before]
    assert [row.coverage for row in before] == [None] * 3
    assert (told.words, told.value, told.weight, told.factor) == ("tests ran 70 % of its statements", 0.7, 0.0, 1.0)
    assert "tests ran 70 % of its statements" in next(row for row in after if row.path == "shop.py").why


def test_the_latest_file_counts_and_a_source_saved_after_it_is_unknown(project: Path) -> None:
    as_json(project)
    os.utime(project / "coverage.json", (1_800_000_000, 1_800_000_000))
    data(project, (3,))
    assert shares(scanner(project).scan())["shop.py"] == SHARE

    os.utime(project / "shop.py", (1_800_000_001, 1_800_000_001))

    assert shares(scanner(project).scan())["shop.py"] is None
    assert scanner(project).explain("shop.py").covered is None


def test_measurements_are_read_once_and_again_when_tests_ran_again(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    read_lines = coverage.read_lines
    monkeypatch.setattr(coverage, "read_lines", lambda *words: read.append("again") or read_lines(*words))
    data(project, RAN)

    first = scanner(project).scan()
    (project / "unseen.py").write_text("def f():\n    return 2\n")
    second = scanner(project).scan()
    cold = ProjectScanner(project, ScanSettings(), cache=None).scan()
    assert (shares(first), shares(second), len(read)) == (shares(cold), shares(cold), 2)

    os.utime(data(project, (3,)), (1_800_000_000, 1_800_000_000))
    assert shares(scanner(project).scan())["shop.py"] == 0.1


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (".coverage", b"no database"),
        (".coverage", b""),
        ("coverage.json", b"[]"),
        ("coverage.json", b'{"files": {"shop.py": {}}}'),
        ("coverage.json", b"[" * 100_000),
        ("coverage.xml", b"<coverage>"),
        ("coverage.xml", b'<c><class filename="shop.py"><line number="x" hits="1"/></class></c>'),
    ],
)
def test_what_cannot_be_read_is_said_and_costs_the_signal_alone(project: Path, name: str, content: bytes) -> None:
    (project / name).write_bytes(content)

    found = scanner(project).scan()

    assert shares(found)["shop.py"] is None
    assert f"{name} cannot be read: coverage is unknown" in " ".join(found.notes)


def test_a_database_that_never_ends_is_given_up(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coverage, "_MOST_STEPS", 100)
    endless = (
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i AS file_id, x'01' AS numbits FROM n"
    )
    with sqlite3.connect(project / ".coverage") as connection:
        connection.execute("CREATE TABLE file (id integer primary key, path text)")
        connection.execute(f"CREATE VIEW line_bits AS {endless}")
    connection.close()

    assert "coverage is unknown" in " ".join(scanner(project).scan().notes)


@given(st.sets(st.integers(1, 5_000), min_size=1))
def test_packed_numbers_come_out_as_they_went_in(lines: set[int]) -> None:
    assert set(_numbers(bits(tuple(lines)))) == lines


def test_statements_are_what_coverage_py_counts() -> None:
    source = (
        b'class A:\n    """Doc."""\n    x = 1\n    "bare"\n    @property\n    def f(self):\n        global y\n'
        b"        try:\n            y = 1\n        except E:\n            pass\n        else:\n            y = 2\n"
        b"        finally:\n            y = 3\n        match y:\n            case 1:\n                y = 4\n"
    )

    assert [first for first, _ in statements(source)] == [1, 3, 4, 5, 6, 8, 9, 10, 11, 13, 15, 16, 17, 18]


def test_test_files_have_the_seconds_of_their_tests(project: Path) -> None:
    (project / ".test_durations").write_text('{"tests/test_shop.py::test_ran": 0.25, "tests/test_shop.py::test_b": 1}')
    assert seconds(scanner(project).scan()) == 1.25

    (project / "junit.xml").write_text(
        '<testsuites><testsuite><testcase classname="tests.test_shop.TestX" name="a" time="0.5"/>'
        '<testcase file="tests/test_shop.py" name="b" time="0.25"/><testcase classname="gone" name="c" time="9"/>'
        "</testsuite></testsuites>"
    )
    os.utime(project / "junit.xml", (1_800_000_000, 1_800_000_000))
    assert seconds(scanner(project).scan()) == 0.75
    assert seconds(scanner(project, test_seconds={"tests/test_shop.py": 3.0}).scan()) == 3.0

    (project / "junit.xml").write_text("<testsuites>")
    os.utime(project / "junit.xml", (1_900_000_000, 1_900_000_000))
    assert seconds(scanner(project).scan()) is None


def seconds(result: ScanResult) -> float | None:
    return next(row.test_seconds for row in result.files if row.path == "tests/test_shop.py")


def test_repairs_and_run_times_are_told_where_they_are_known(project: Path) -> None:
    found = scanner(project, failures={"shop.py": 3}, repairs={"shop.py": 2}, runtime={"shop.py": 1.5})
    words = {one.name: one.words for one in found.explain("shop.py").signals}
    rows = {row.path: (row.failures, row.repairs, row.runtime) for row in found.scan().files}

    assert (words["failures"], words["runtime"]) == ("3 past failures, 2 repaired", "runs 1.5 s")
    assert rows == {"shop.py": (3, 2, 1.5), "unseen.py": (0, 0, None), "tests/test_shop.py": (0, 0, None)}
    assert [one.value for one in scanner(project).explain("shop.py").signals if one.name == "runtime"] == [None]
