"""What is wrong with a project or a machine: one clear sentence, the documented exit code, no damage."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest
from healing import GREET, GREET_REPAIRED, PATIENCE_S, Healed, NewPatient, Patient
from required import missing


def complaint(healed: Healed) -> str:
    """The one sentence on stderr, after the command's name; the hint stands below it."""
    first, *rest = [line for line in healed.err.splitlines() if not line.startswith("warning: ")]
    assert first.startswith("dreamscape: "), healed.err
    assert len(rest) <= 2, healed.err
    assert "Traceback" not in healed.err
    assert healed.report["exit_code"] == healed.code
    return first.removeprefix("dreamscape: ")


def test_no_repository_is_said_with_the_way_out(patient: NewPatient) -> None:
    project = patient(with_git=False)

    healed = project.heal()

    assert healed.code == 3
    assert "is no git repository" in complaint(healed)
    assert "--land patch" in healed.err
    assert not (project.root / ".dreamscape").exists()


@pytest.mark.parametrize("what", ["empty", "bare"])
def test_a_repository_nothing_can_land_in_is_said(patient: NewPatient, tmp_path: Path, what: str) -> None:
    project = patient(with_git=False)
    folder = project.root
    if what == "empty":
        project.git("init", "-q")
    else:
        folder = tmp_path / "bare.git"
        project.git("init", "-q", "--bare", str(folder))

    healed = project.heal(cwd=folder)

    assert healed.code == 3
    assert {"empty": "has no commit yet", "bare": "is a bare repository"}[what] in complaint(healed)
    assert "--land patch" not in healed.err  # it would be refused for the same reason


def test_a_project_without_tests_is_said(patient: NewPatient) -> None:
    healed = patient({"greet.py": GREET["greet.py"]}).heal()

    assert healed.code == 3
    assert "no tests" in complaint(healed)


def test_an_interpreter_without_pytest_is_said_with_the_command_that_mends_it(
    patient: NewPatient, tmp_path: Path
) -> None:
    project = patient()
    venv.create(tmp_path / "bare", with_pip=False, symlinks=True)

    healed = project.heal("--python", str(tmp_path / "bare"))

    assert healed.code == 3
    assert "cannot import pytest" in complaint(healed)
    assert "-m pip install pytest" in healed.err


def test_an_interpreter_that_is_none_is_a_wrong_usage(patient: NewPatient) -> None:
    healed = patient().heal("--python", "no-such-python")

    assert healed.code == 2
    assert "no-such-python" in complaint(healed)


@pytest.mark.parametrize(
    ("file", "content", "said"),
    [
        ("pytest.ini", "[pytest]\naddopts = --no-such-option\n", "--no-such-option"),
        ("pytest.ini", "[pytest]\naddopts = -p no_such_plugin\n", "no_such_plugin"),
        ("conftest.py", "pytest_plugins = ['no_such_plugin']\n", "no_such_plugin"),
    ],
    ids=["an unknown option", "an unknown plugin", "a plugin the conftest asks for"],
)
def test_a_suite_pytest_cannot_start_is_said_in_its_words(
    patient: NewPatient, file: str, content: str, said: str
) -> None:
    healed = patient({**GREET, file: content}).heal()

    assert healed.code == 3
    assert said in complaint(healed)


def test_a_project_whose_every_import_fails_is_told_as_cases(patient: NewPatient) -> None:
    files = {"greet.py": "import no_such_package\n" + GREET["greet.py"], "test_greet.py": GREET["test_greet.py"]}

    healed = patient(files).heal()

    assert healed.code == 1
    assert healed.states == ["skipped"]
    assert healed.items[0]["failure_class"] == "missing_dependency"
    assert "No module named 'no_such_package'" in healed.items[0]["why"]
    assert healed.report["baseline"] == {"passed": 0, "failed": 0, "errors": 1}


def test_collection_errors_with_a_frame_in_the_project_are_cases_and_repaired(patient: NewPatient) -> None:
    project = patient(
        {
            "names.py": "DEFALT = ', '\nSEP = DEFAULT\n\n\ndef names(parts):\n    return SEP.join(parts)\n",
            "test_names.py": """\
                from names import names


                def test_names():
                    assert names(["a", "b"]) == "a, b"
                    assert names([]) == ""
                """,
            "test_fine.py": "def test_fine():\n    assert True\n",
        }
    )

    healed = project.heal()

    (item,) = healed.items
    assert item["tests"] == ["test_names.py"]
    assert item["state"] == "landed", healed.out
    assert healed.report["baseline"] == {"passed": 1, "failed": 0, "errors": 1}
    assert healed.report["final"] == {"passed": 2, "failed": 0, "errors": 0}
    assert "SEP = DEFALT\n" in project.at(healed.report["branch"], "names.py")


def test_misspelt_and_moved_modules_are_repaired_and_what_may_not_be_changed_is_named(patient: NewPatient) -> None:
    project = patient(
        {
            "dreamscape.toml": '[heal]\nprotected = ["kept.py"]\n',
            "area.py": "import maht\n\n\ndef area(radius):\n    return math.pi * radius**2\n",
            "kept.py": "def kept():\n    return 1\n",
            "plural.py": "def plural(word):\n    return word + 's'\n",
            "shout.py": "from words import plural\n\n\ndef shout(word):\n    return plural(word).upper()\n",
            "src/away/__init__.py": "",
            "test_area.py": "from area import area\n\n\ndef test_area():\n    assert round(area(1), 2) == 3.14\n",
            "test_away.py": "import away\n\n\ndef test_away():\n    assert away\n",
            "test_broken.py": "def test_broken(:\n",
            "test_kept.py": "from kept import kept\n\n\ndef test_kept():\n    assert kept() == 2\n",
            "test_shout.py": "from shout import shout\n\n\ndef test_shout():\n    assert shout('a') == 'AS'\n",
        }
    )

    healed = project.heal()

    landed = {item["tests"][0]: item["diff"] for item in healed.items if item["state"] == "landed"}
    assert set(landed) == {"test_area.py", "test_shout.py"}, healed.out
    assert "+import math\n" in landed["test_area.py"]
    assert "+from plural import plural\n" in landed["test_shout.py"]
    assert "kept.py, which is protected" in healed.item("test_kept")["why"]
    assert "pip install -e ." in healed.item("test_away")["why"]
    assert "SyntaxError" in healed.item("test_broken")["why"]


@pytest.mark.slow
def test_a_conftest_that_cannot_be_loaded_because_of_a_source_is_a_case(patient: NewPatient) -> None:
    project = patient(
        {
            "names.py": "DEFALT = ', '\nSEP = DEFAULT\n\n\ndef names(parts):\n    return SEP.join(parts)\n",
            "conftest.py": "import names\n",
            "test_names.py": """\
                from names import names


                def test_names():
                    assert names(["a", "b"]) == "a, b"
                    assert names([]) == ""
                """,
        }
    )

    healed = project.heal()

    (item,) = healed.items
    assert item["tests"] == ["conftest.py"]
    assert item["state"] == "landed", healed.out
    assert healed.report["final"] == {"passed": 1, "failed": 0, "errors": 0}


@pytest.mark.slow
def test_a_syntax_error_in_a_source_is_a_case_and_the_scan_lists_it(patient: NewPatient) -> None:
    project = patient({**GREET, "greet.py": "def greeting(name)\n    return 'Hello, ' + name\n"})

    healed = project.heal()

    (item,) = healed.items
    assert item["tests"] == ["test_greet.py"]
    assert item["failure_class"] == "collection"
    assert healed.code == (0 if item["state"] == "landed" else 1)
    scan = project.run("scan")
    assert [skipped["path"] for skipped in scan.report["skipped"]] == ["greet.py"]


def test_unreadable_circular_and_oddly_named_files_hinder_nothing(patient: NewPatient) -> None:
    project = patient(with_git=False)
    Path(os.fsdecode(os.fsencode(project.root) + b"/caf\xe9.py")).write_text("A = 1\n")
    project.write({"with space/näme.py": "B = 2\n", "line\nbreak.py": "C = 3\n"})
    project.git("init", "-q", "-b", "main")
    project.commit("Begin")
    (project.root / "loop").symlink_to("loop")
    (project.root / "round").mkdir()
    (project.root / "round" / "back").symlink_to(".")
    project.write({"broken.py": b"\xff\xfe\x00 not python", "secret.py": "SECRET = 1\n"})
    (project.root / "secret.py").chmod(0)
    os.mkfifo(project.root / "pipe.py")

    healed = project.heal()

    assert healed.code == 0, healed.err
    assert project.at(healed.report["branch"], "greet.py") == GREET_REPAIRED


def as_ordinary_user(project: Patient, *args: str) -> Healed:
    """Runs Dreamscape as somebody whom permissions stop; root gives up what lifts them."""
    words = [sys.executable, "-m", "dreamscape", *args, "--json"]
    if os.getuid() == 0:
        tool = shutil.which("setpriv")
        limits = [str(tool), "--bounding-set=-dac_override,-dac_read_search"]
        limits.append("--inh-caps=-dac_override,-dac_read_search")
        if tool is None or subprocess.run([*limits, "true"], capture_output=True, check=False).returncode:
            missing("permissions", "setpriv cannot take root's power over permissions away here")
        words = [*limits, *words]
    ran = subprocess.run(
        words, cwd=project.root, env=project.env, capture_output=True, encoding="utf-8", check=False, timeout=PATIENCE_S
    )
    return Healed(ran.returncode, json.loads(ran.stdout or "{}"), ran.stdout, ran.stderr)


def test_a_read_only_project_can_be_scanned_and_not_healed(patient: NewPatient) -> None:
    project = patient()
    project.root.chmod(0o555)
    try:
        scan, healed = as_ordinary_user(project, "scan"), as_ordinary_user(project, "heal", "--auto")
    finally:
        project.root.chmod(0o755)

    assert scan.code == 0, scan.err
    assert {row["path"] for row in scan.report["files"]} == {"greet.py", "test_greet.py"}
    assert healed.code == 3
    assert ".dreamscape" in complaint(healed)
    assert not (project.root / ".dreamscape").exists()


def test_what_may_not_be_read_is_named(patient: NewPatient) -> None:
    project = patient()
    (project.root / "greet.py").chmod(0)

    scan, healed = as_ordinary_user(project, "scan"), as_ordinary_user(project, "heal", "--auto")

    assert scan.report["skipped"] == [{"path": "greet.py", "reason": "permission denied"}]
    assert healed.code == 1, healed.err
    (item,) = healed.items
    assert "Permission denied" in item["why"]
    assert "greet.py" in item["why"]


def test_a_repository_that_may_not_be_read_is_not_taken_for_none(patient: NewPatient) -> None:
    project = patient()
    (project.root / ".git").chmod(0)
    try:
        scan, healed = as_ordinary_user(project, "scan"), as_ordinary_user(project, "heal", "--auto")
    finally:
        (project.root / ".git").chmod(0o755)

    assert scan.code == 0, scan.err
    assert healed.code == 3
    assert complaint(healed).endswith(".git: permission denied")


def test_secrets_that_cannot_be_read_are_no_matter_where_no_outside_model_is_asked(patient: NewPatient) -> None:
    project = patient({**GREET, ".gitignore": ".env\n"})
    project.write({".env": "KEY=secret\n"})
    (project.root / ".env").chmod(0)

    healed = as_ordinary_user(project, "heal", "--auto")

    assert (healed.code, healed.states) == (0, ["landed"]), healed.err


def test_a_full_disk_is_said(patient: NewPatient) -> None:
    project = patient()
    state = project.root / ".dreamscape"
    state.mkdir(mode=0o700)
    mounted = f'mount -t tmpfs -o size=64k none "{state}" && exec "$@"'
    words = ["unshare", "-m", "sh", "-c", mounted, "sh", sys.executable, "-m", "dreamscape", "heal", "--auto", "--json"]
    ran = subprocess.run(words, cwd=project.root, env=project.env, capture_output=True, encoding="utf-8", check=False)
    if "mount" in ran.stderr or "unshare" in ran.stderr:
        missing("sandbox", f"no mounts of our own here: {ran.stderr.strip()}")

    assert ran.returncode == 3, ran.stderr
    assert "no space left" in ran.stderr
    assert "Traceback" not in ran.stderr
    assert project.branches() == []
    assert project.read("greet.py") == GREET["greet.py"]


def test_a_heal_that_would_ask_says_so_where_nobody_can_answer(patient: NewPatient) -> None:
    project = patient()

    healed = project.run("heal")

    assert healed.code == 2
    assert "--auto" in healed.err
    assert not (project.root / ".dreamscape").exists()
