"""Sources as they come: encodings, line endings and marks survive byte for byte, and hangs are cases."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from healing import GREET, GREET_REPAIRED, NewPatient
from required import missing


def test_whatever_the_encoding_only_the_repaired_bytes_change(patient: NewPatient) -> None:
    latin = "# -*- coding: latin-1 -*-\ndef area(width, height):\n    return width * width  # \xe9t\xe9\n"
    crlf = "def total(prices):\n    result = 0\n    for price in prices:\n        result -= price\n    return result\n"
    crlf = crlf.replace("\n", "\r\n")
    marked = "\ufeffdef first(items):\n    return items[1]   # \u00fcber alle"
    project = patient(
        {
            "area.py": latin.encode("latin-1"),
            "total.py": crlf.encode(),
            "first.py": marked.encode("utf-8"),
            ".gitattributes": "* -text\n",
            "test_odd.py": """\
                from area import area
                from first import first
                from total import total


                def test_area():
                    assert area(2, 3) == 6
                    assert area(5, 2) == 10
                    assert area(2, 2) == 4


                def test_first():
                    assert first([3, 9, 4]) == 3
                    assert first("ab") == "a"
                    assert first([5]) == 5


                def test_total():
                    assert total([1, 2, 4]) == 7
                    assert total([5]) == 5
                    assert total([]) == 0
                """,
        }
    )

    healed = project.heal()

    assert healed.states == ["landed"] * 3, healed.out
    branch = healed.report["branch"]
    project.git("checkout", "-q", branch)
    product = next(each for each in ("width * height", "height * width") if each in healed.item("test_area")["diff"])
    assert (project.root / "area.py").read_bytes() == latin.replace("width * width", product).encode("latin-1")
    assert (project.root / "total.py").read_bytes() == crlf.replace("-=", "+=").encode()
    assert (project.root / "first.py").read_bytes() == marked.replace("[1]", "[0]").encode()


@pytest.mark.slow
def test_a_test_that_never_ends_is_a_case_and_repaired(patient: NewPatient) -> None:
    project = patient(
        {
            "count.py": """\
                def countdown(number):
                    seen = []
                    while number > 0:
                        seen.append(number)
                        number += 1
                        if len(seen) > 100000:
                            seen.clear()
                    return seen
                """,
            "test_count.py": """\
                from count import countdown


                def test_countdown():
                    assert countdown(3) == [3, 2, 1]
                    assert countdown(0) == []
                    assert countdown(5) == [5, 4, 3, 2, 1]


                def test_none():
                    assert countdown(-1) == []
                """,
            "dreamscape.toml": "[heal]\ntest_timeout_s = 1\nitem_minutes = 3\n",
        }
    )

    healed = project.heal()

    (item,) = healed.items
    assert item["failure_class"] == "timeout"
    assert item["state"] in ("landed", "review"), healed.out
    assert "+        number -= 1" in item["diff"]


def a_newer_python(folder: Path) -> Path:
    """An interpreter newer than ours, with pytest; skips where the machine has none."""
    places = [*Path.home().glob(".pyenv/versions/3.*/bin/python"), *Path("/usr/bin").glob("python3.[0-9][0-9]")]
    asks = "import sys; print(sys.version_info[1])"
    minors = {
        python: subprocess.run([python, "-c", asks], capture_output=True, check=False).stdout for python in places
    }
    newer = [python for python, minor in minors.items() if int(minor or -1) > max(sys.version_info[1], 11)]
    if not newer:
        missing("interpreters", "there is no Python newer than ours here")
    subprocess.run([newer[0], "-m", "venv", folder], check=True, capture_output=True)
    pip = [folder / "bin" / "python", "-m", "pip", "install", "-q", "pytest"]
    if subprocess.run(pip, capture_output=True, check=False).returncode:
        missing("packages", "pytest cannot be installed into a newer interpreter")
    return folder / "bin" / "python"


@pytest.mark.slow
def test_sources_newer_than_our_own_python_are_run_and_what_we_can_read_is_repaired(
    patient: NewPatient, tmp_path: Path
) -> None:
    python = a_newer_python(tmp_path / "newer")
    project = patient(
        {
            **GREET,
            "boxes.py": "def first[T](items: list[T]) -> T:\n    return items[1]\n",
            "test_boxes.py": "from boxes import first\n\n\ndef test_first():\n    assert first([3, 4, 5]) == 3\n",
        }
    )

    healed = project.heal("--python", str(python))

    assert healed.item("test_greeting")["state"] == "landed", healed.out + healed.err
    assert healed.item("test_first")["state"] in ("landed", "review", "unsolved")
    assert project.at(healed.report["branch"], "greet.py") == GREET_REPAIRED
    scanned = project.run("scan").report
    if sys.version_info < (3, 12):
        assert [skipped["path"] for skipped in scanned["skipped"]] == ["boxes.py"]
        subprocess.run([python, "-m", "venv", "--without-pip", project.root / ".venv"], check=True, capture_output=True)
        project.write({"broken.py": "def broken(:\n"})
        for _ in range(2):  # the second time from memory
            scanned = project.run("scan").report
            assert [skipped["path"] for skipped in scanned["skipped"]] == ["broken.py"]
            boxes = next(row for row in scanned["files"] if row["path"] == "boxes.py")
            assert [(each["name"], each["end_line"]) for each in boxes["functions"]] == [("first", 2)]
