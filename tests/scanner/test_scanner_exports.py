"""What a scan writes for spreadsheets, comments and code hosts, and when it fails a build."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import subprocess
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from scan_command import Scan, sarif_run

from dreamscape.cli import scan_exports
from dreamscape.cli.sheets import code, literal, markdown_table, sheet
from dreamscape.domain.rows import FileRow, FunctionRow, Rows
from dreamscape.domain.scan import CacheUse, GraphSize, ScanResult, SkippedFile

ODD_NAMES = ("=1+1.py", "a|b.py", "`tick`.py", "sp ace#?%.py", "x:y.py", "ünï.py", "@at.py", "-dash.py")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "pro ject"
    (folder / "shop").mkdir(parents=True)
    (folder / "shop" / "__init__.py").write_text("")
    (folder / "shop" / "cart.py").write_text("\n\ndef total(items):\n    return sum(i for i in items if i) or 0\n" * 9)
    (folder / "app.py").write_text("from shop import cart\n\n\ndef main():\n    cart.total([])\n")
    (folder / "bad.py").write_text("def f(:\n")
    return folder


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_the_csv_has_a_row_for_each_file_measured_or_not(scan: Scan) -> None:
    found = rows(scan("--format", "csv", "--top", "1").out)
    told = json.loads(scan("--json").out)["files"]

    assert [row["path"] for row in found] == [*(row["path"] for row in told), "bad.py"]
    assert list(found[0]) == [*told[0], "skipped"]
    assert float(found[0]["impact"]) == told[0]["impact"]
    assert found[0]["functions"] == str(len(told[0]["functions"]))
    assert found[0]["why"] == "; ".join(told[0]["why"])
    assert (found[0]["churn"], found[0]["skipped"]) == ("", "")
    assert (found[-1]["rank"], found[-1]["skipped"]) == ("", "syntax error in line 1: invalid syntax")


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
def test_no_spreadsheet_finds_a_formula_and_no_text_is_lost(text: str) -> None:
    ((cell,),) = csv.reader(io.StringIO(sheet([], [[text]]).removeprefix("\n"), newline=""))

    assert cell.removeprefix("'") == text.replace("\r", r"\x0d").removeprefix("'")
    assert not cell.startswith(tuple("=+-@\t\r\n"))


def test_the_comment_holds_the_first_files_with_reasons_and_what_was_skipped(scan: Scan) -> None:
    text = scan("--format", "markdown", "--top", "1").out

    assert text.startswith("### Dreamscape: 1 of 3 files, by impact\n\n")
    assert "| 1 | `shop/cart.py` | 0." in text
    assert "complexity 36, hardest function total() 4" in text
    assert "app.py" not in text
    assert "- could not be measured: `bad.py`: syntax error in line 1: invalid syntax" in text
    assert "- note: no git working tree here: churn is unknown" in text


MARKUP = st.lists(
    st.one_of(
        st.sampled_from([*"`|\\*_[]()<>!~&;#-+=:. \n", "&lt;", "](x)"]), st.characters(exclude_categories=["Cs", "Cc"])
    )
).map("".join)


@given(MARKUP, MARKUP)
def test_names_and_reasons_are_shown_as_they_stand_each_in_its_cell(name: str, reason: str) -> None:
    table = markdown_table(["a", "b"], [[code(f"x{name}x"), literal(f"x{reason}x")]])

    inline = [token.children or [] for token in MarkdownIt("gfm-like", {"linkify": False}).parse(table)]
    shown = ["".join(child.content for child in children) for children in inline if children]
    assert shown[2:] == [re.sub(r"[\n\x85\u2028\u2029]", " ", f"x{text}x") for text in (name, reason)]
    assert {child.type for children in inline for child in children} <= {"text", "text_special", "code_inline"}


def test_the_sarif_is_valid_and_names_the_riskiest_function_of_each_file(scan: Scan) -> None:
    run = sarif_run(scan("--format", "sarif", "--top", "2").out)
    first = run["results"][0]
    place = first["locations"][0]

    assert len(run["results"]) == 2
    assert place["physicalLocation"]["artifactLocation"] == {"uri": "shop/cart.py", "uriBaseId": "PROJECTROOT"}
    assert place["physicalLocation"]["region"] == {"startLine": 35, "endLine": 36}
    assert place["logicalLocations"] == [{"fullyQualifiedName": "total", "kind": "function"}]
    assert run["originalUriBaseIds"]["PROJECTROOT"]["uri"].endswith("/pro%20ject/")
    assert run["tool"]["driver"]["rules"][first["ruleIndex"]]["id"] == first["ruleId"] == "high-impact-file"
    said = run["invocations"][0]["toolExecutionNotifications"]
    assert [(one["level"], one["descriptor"]["id"]) for one in said] == [("warning", "skipped-file"), ("note", "note")]
    assert said[0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "bad.py"


def test_a_fingerprint_stays_when_lines_move_and_scores_change(scan: Scan, project: Path) -> None:
    def prints() -> dict[str, str]:
        found = sarif_run(scan("--format", "sarif").out)["results"]
        places = (one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for one in found)
        return dict(zip(places, (one["partialFingerprints"]["dreamscape/v1"] for one in found), strict=True))

    before = prints()
    cart = project / "shop" / "cart.py"
    cart.write_text("# moved\n\n" + cart.read_text() + "def more(a):\n    return a if a else 1\n")

    assert prints() == before
    assert len(set(before.values())) == 3


def test_the_severity_comes_from_the_impact_and_the_limit() -> None:
    files = [row(f"f{at}.py", at, impact) for at, impact in enumerate((0.9, 0.8, 0.41, 0.4, 0.0), 1)]

    def levels(limit: float | None) -> list[str]:
        return [one["level"] for one in sarif_run(scan_exports.sarif_text(result(files), 4, limit))["results"]]

    assert levels(None) == ["error", "warning", "warning", "note"]
    assert levels(0.3) == ["error"] * 4
    assert levels(0.95) == []


@pytest.mark.parametrize("name", [*ODD_NAMES, os.fsdecode(b"caf\xe9.py"), "new\nline.py"])
def test_odd_names_come_out_whole(scan: Scan, project: Path, name: str) -> None:
    (project / name).write_text("def f(a):\n    return a if a else 0\n")
    shown = name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")

    uris = [
        one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        for one in sarif_run(scan("--format", "sarif").out)["results"]
    ]
    paths = [one["path"].removeprefix("'") for one in rows(scan("--format", "csv").out)]

    assert shown in map(unquote, uris)
    assert all(re.fullmatch(r"(?:[A-Za-z0-9_.~/-]|%[0-9A-F]{2})+", uri) for uri in uris)
    assert shown in paths
    assert scan("--format", "markdown").out.count("\n| ") == 6


def row(path: str, rank: int, impact: float) -> FileRow:
    function = FunctionRow("f", 3, 9, 5, 0.5, impact)
    numbers = {"risk": 0.5, "reach": 0.5, "effort": 0.5, "sloc": 9, "complexity": 5, "max_complexity": 5}
    unknown = dict.fromkeys(
        ("churn", "failures", "repairs", "runtime", "coverage", "test_seconds", "fixes", "authors", "age")
    )
    others = {"maintainability": 50.0, "centrality": 0.5, "why": ("long",), "functions": (function,)}
    return FileRow(path=path, rank=rank, impact=impact, **{**numbers, **unknown, **others})  # type: ignore[arg-type]


def result(files: list[FileRow]) -> ScanResult:
    return ScanResult("/p", Rows.of(files), (SkippedFile("x.py", "why"),), GraphSize(1, 0), CacheUse(0, 1), 0.0, ("n",))


def test_an_empty_project_gives_valid_files_without_rows(scan: Scan, project: Path) -> None:
    empty = replace(result([]), skipped=())

    assert sarif_run(scan_exports.sarif_text(empty, 20, None))["results"] == []
    assert rows(scan_exports.csv_text(empty)) == []
    assert scan_exports.markdown_text(empty, 20) == "### Dreamscape: 0 of 0 files, by impact\n\n- note: n"


def test_a_file_over_the_limit_fails_the_build_and_is_named(scan: Scan) -> None:
    impact = json.loads(scan("--json").out)["files"][0]["impact"]
    over = scan("--json", "-q", "--fail-over", f"{impact - 0.0001}")

    assert over.code == 1
    assert f"shop/cart.py: impact {impact} is over {impact - 0.0001}" in over.err
    assert "app.py" not in over.err
    assert json.loads(over.out)["schema"] == "dreamscape.scan/1"
    assert scan("--fail-over", f"{impact}").code == 0


@pytest.mark.parametrize(
    "words",
    [
        *(["--fail-over", value] for value in ("1.1", "-0.1", "nan", "inf", "x")),
        ["--format", "pdf"],
        ["--format", "csv", "--explain", "app.py"],
        ["--fail-over", "0.5", "--backtest"],
        ["--json", "--format", "csv"],
    ],
)
def test_what_cannot_be_meant_ends_with_2_and_one_sentence(scan: Scan, words: list[str]) -> None:
    ended = scan(*words)

    assert ended.code == 2
    assert ended.err.startswith("dreamscape: ")
    assert len(ended.err.splitlines()) <= 2


def test_the_report_goes_to_its_file_and_the_build_fails_all_the_same(scan: Scan, project: Path) -> None:
    ended = scan("--format", "sarif", "--output", "out.sarif", "--fail-over", "0")

    assert (ended.code, ended.out) == (1, "")
    assert {one["level"] for one in sarif_run((project / "out.sarif").read_text())["results"]} == {"error"}


def test_a_project_below_the_root_of_its_repository_says_where_its_paths_begin(scan: Scan, project: Path) -> None:
    subprocess.run(["git", "init", "-q", "."], cwd=project, check=True)
    run = sarif_run(scan("--format", "sarif", "--project", "shop").out)

    assert run["originalUriBaseIds"]["PROJECTROOT"]["uri"].endswith("/pro%20ject/shop/")
    assert run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "cart.py"
