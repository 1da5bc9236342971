"""``dreamscape scan`` from the outside, as a process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from scan_command import Scan

FILE_KEYS = [
    *("path", "rank", "impact", "risk", "reach", "effort", "sloc", "complexity", "max_complexity"),
    *("maintainability", "centrality", "churn", "failures", "repairs", "runtime"),
    *("coverage", "test_seconds", "fixes"),
    *("authors", "age", "why", "functions"),
]
FUNCTION_KEYS = ["name", "line", "end_line", "complexity", "centrality", "impact"]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    (folder / "shop").mkdir(parents=True)
    (folder / "shop" / "__init__.py").write_text("")
    (folder / "shop" / "cart.py").write_text("def total(items):\n    return sum(i for i in items if i) or 0\n" * 9)
    (folder / "app.py").write_text("from shop import cart\n\n\ndef main():\n    cart.total([])\n")
    (folder / "bad.py").write_text("def f(:\n")
    words = ["git", "-c", "user.name=x", "-c", "user.email=x@example.org"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "All"]):
        subprocess.run([*words, *command], cwd=folder, check=True)
    return folder


def dreamscape(project: Path, *words: str, home: Path | None = None) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "dreamscape", *words],
        cwd=project,
        env={"PATH": os.environ["PATH"], "HOME": str(home or project.parent)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
        check=False,
    )


def scanned(project: Path, *words: str) -> dict[str, Any]:
    ended = dreamscape(project, "scan", "--json", *words)
    assert ended.returncode == 0, ended.stderr
    found: dict[str, Any] = json.loads(ended.stdout.decode("utf-8"))
    return found


def test_the_json_has_the_promised_shape(project: Path) -> None:
    found = scanned(project)

    assert list(found) == ["schema", "project", "files", "skipped", "graph", "cache", "seconds"]
    assert found["schema"] == "dreamscape.scan/1"
    assert found["project"] == str(project)
    assert all(list(row) == FILE_KEYS for row in found["files"])
    assert [list(function) for row in found["files"] for function in row["functions"]] == [FUNCTION_KEYS] * 10
    assert [row["rank"] for row in found["files"]] == [1, 2, 3]
    assert found["files"][0]["path"] == "shop/cart.py"
    assert found["files"][0]["churn"] == 1
    assert found["files"][0]["complexity"] == 36
    assert (found["files"][0]["failures"], found["files"][0]["runtime"]) == (None, None)
    assert found["skipped"] == [{"path": "bad.py", "reason": "syntax error in line 1: invalid syntax"}]
    assert found["graph"] == {
        "modules": 3,
        "edges": 1,
        "circles": [],
        "layers": 2,
        "calls": {"resolved": 1, "guessed": 0, "outside": 9, "unknown": 0},
    }
    assert found["cache"] == {"hits": 0, "misses": 4}


def test_the_same_commit_gives_the_same_bytes_but_for_seconds_and_cache(project: Path, tmp_path: Path) -> None:
    subprocess.run(["git", "clone", "-q", str(project), str(tmp_path / "clone")], check=True)
    results = [scanned(project), scanned(project), scanned(tmp_path / "clone")]

    assert results[1]["cache"] == {"hits": 4, "misses": 0}
    texts = {json.dumps({k: v for k, v in r.items() if k not in ("project", "cache", "seconds")}) for r in results}
    assert len(texts) == 1


def test_the_table_shows_the_top_with_reasons_and_all_that_was_skipped(project: Path) -> None:
    ended = dreamscape(project, "scan", "--top", "1")
    text = ended.stdout.decode()

    assert ended.returncode == 0
    assert "shop/cart.py" in text
    assert "complexity 36, hardest function total() 4" in text
    assert "imported by 1 module, directly or not" in text
    assert "app.py" not in text
    assert "bad.py: syntax error in line 1: invalid syntax" in text
    assert f"(syntax is that of Python {sys.version_info[0]}.{sys.version_info[1]}, or of your .venv's" in text
    assert "3 files, the first 1 shown" in text


def test_a_file_has_one_line_of_scores_however_narrow_the_terminal_and_odd_its_name(
    scan: Scan, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    odd = "deep/" * 12 + "a\n::warning::b\t\x1b[31m.py"
    (project / odd).parent.mkdir(parents=True)
    (project / odd).write_text("def f(a):\n    return a if a else 0\n" * 30)
    shown = odd.replace("\n", r"\x0a").replace("\t", r"\x09").replace("\x1b", r"\x1b")

    lines = scan().out.splitlines()

    (at,) = [at for at, line in enumerate(lines) if line.endswith(f"  {shown}")]
    assert lines[at + 1].startswith("      60 lines of code; ")
    assert max(len(line) for line in lines if line.startswith("      ")) <= 60
    assert f"error: {shown}: impact " in scan("--fail-over", "0").err
    assert f"{shown}: rank 2 of 4" in scan("--explain", odd).out
    assert scan("--why-ignored", odd).out == f"{shown} is scanned: no rule leaves it out\n"


def test_a_file_that_could_not_be_measured_is_explained_by_the_reason(scan: Scan, project: Path) -> None:
    (project / "gone.py").symlink_to("nowhere.py")

    for name, reason in (("bad.py", "syntax error in line 1"), ("gone.py", "a broken symbolic link")):
        ended = scan("--explain", name)
        assert ended.code == 2
        assert f"{name} could not be measured: {reason}" in ended.err


def test_patterns_of_the_command_line_join_those_of_the_configuration(project: Path) -> None:
    (project / "dreamscape.toml").write_text('[scan]\nignore = ["app.py"]\n')

    paths = [row["path"] for row in scanned(project, "--ignore", "bad.py", "--ignore", "__init__.py")["files"]]

    assert paths == ["shop/cart.py"]


def test_strict_ends_with_1_where_a_file_was_skipped_and_0_where_none_was(project: Path) -> None:
    assert dreamscape(project, "scan", "--strict").returncode == 1
    assert dreamscape(project, "scan", "--strict", "--ignore", "bad.py").returncode == 0
    assert dreamscape(project, "scan").returncode == 0


@pytest.mark.parametrize("words", [["--project", "nowhere"], ["--project", "app.py"], ["--top", "0"], ["--top", "x"]])
def test_what_cannot_be_meant_ends_with_2_and_a_sentence(project: Path, words: list[str]) -> None:
    ended = dreamscape(project, "scan", *words)

    assert ended.returncode == 2
    assert ended.stderr.strip()
    assert b"Traceback" not in ended.stderr


def test_an_empty_folder_without_git_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    ended = dreamscape(tmp_path / "empty", "scan")

    assert ended.returncode == 0
    assert b"no Python file to rank" in ended.stdout
    assert b"note: no git working tree here: churn is unknown" in ended.stdout
    assert scanned(tmp_path / "empty")["files"] == []


def test_names_that_are_no_unicode_leave_the_json_valid(project: Path) -> None:
    (project / os.fsdecode(b"caf\xe9.py")).write_text("def f(): pass\n")

    assert "caf\\xe9.py" in [row["path"] for row in scanned(project)["files"]]
    assert dreamscape(project, "scan").returncode == 0


def test_where_nothing_can_be_remembered_the_table_says_so(project: Path) -> None:
    (project / ".dreamscape").write_text("in the way")
    ended = dreamscape(project, "scan")

    assert ended.returncode == 0
    assert b"note: nothing is remembered for the next scan" in ended.stdout


def test_a_warm_scan_loads_neither_the_orm_nor_radon_nor_a_browser_nor_pydantic(project: Path) -> None:
    scanned(project)
    probe = (
        "import sys; from dreamscape.cli.app import main; code = main(['scan', '--json']);"
        "heavy = {'sqlalchemy', 'selenium', 'radon', 'numpy', 'rich', 'pydantic'} & set(sys.modules);"
        "sys.exit(code or ','.join(sorted(heavy)) or 0)"
    )
    env = {"PATH": os.environ["PATH"], "HOME": str(project.parent)}
    ended = subprocess.run([sys.executable, "-c", probe], cwd=project, capture_output=True, env=env, check=False)

    assert ended.returncode == 0, ended.stderr.decode()


def test_the_deciding_rule_is_told_in_words_and_in_json(project: Path) -> None:
    (project / ".gitignore").write_text("app.py\n")
    told = dreamscape(project, "scan", "--why-ignored", "app.py")
    found = scanned(project, "--why-ignored", "app.py")

    assert told.stdout == b"app.py is left out: line 1 of .gitignore: app.py\n"
    assert found["schema"] == "dreamscape.why-ignored/1"
    assert (found["is_left_out"], found["file"], found["line"]) == (True, ".gitignore", 1)
    assert "app.py" in [row["path"] for row in scanned(project, "--no-gitignore")["files"]]
    assert dreamscape(project, "scan", "--why-ignored", "/etc/x.py").returncode == 2


def test_a_second_scan_prints_the_same_bytes_but_for_time_and_cache(project: Path) -> None:
    first, second = scanned(project), scanned(project)
    for result in (first, second):
        del result["seconds"], result["cache"]

    assert list(second.items()) == list(first.items())
