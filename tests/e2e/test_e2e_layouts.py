"""Projects come in all shapes; the copy that is tested is always the one that is repaired."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from healing import GREET, GREET_REPAIRED, NewPatient, Patient
from plain_python import plain_python
from required import missing

BUG, REPAIRED = GREET["greet.py"], GREET_REPAIRED


def editable(project: Patient, folder: Path, source: str) -> Path:
    """A virtual environment in which the project is installed in place, as ``pip install -e`` does; its Python."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    (packages,) = folder.glob("lib/python*/site-packages")
    # pytest and what it needs come from elsewhere; the project from its own folder, by an absolute path
    (pytests,) = plain_python().parents[1].glob("lib/python*/site-packages")
    (packages / "__editable__.project.pth").write_text(f"{project.root / source}\n")
    (packages / "pytests.pth").write_text(f"{pytests}\n")
    return folder / "bin" / "python"


def test_an_editable_install_of_a_src_layout_is_repaired_and_not_the_original(
    patient: NewPatient, tmp_path: Path
) -> None:
    project = patient(
        {
            "src/hello/__init__.py": "",
            "src/hello/greet.py": BUG,
            "tests/test_greet.py": GREET["test_greet.py"].replace("from greet", "from hello.greet"),
            "pyproject.toml": '[project]\nname = "hello"\nversion = "1"\n',
        }
    )

    healed = project.heal("--python", str(editable(project, tmp_path / "venv", "src")))

    assert healed.code == 0, healed.err + healed.out
    assert healed.items[0]["files"] == ["src/hello/greet.py"]
    assert project.at(healed.report["branch"], "src/hello/greet.py") == REPAIRED
    assert project.read("src/hello/greet.py") == BUG


def test_one_suite_of_many_habits_is_healed_in_one_run(patient: NewPatient) -> None:
    """unittest classes, ids with addresses, tests beside sources, -x, a conftest above the root, order, chance,
    expected failures and names that follow a set."""
    project = patient(
        {
            "conftest.py": "import pytest\n\n\n@pytest.fixture\ndef above():\n    return 'Ann'\n",
            "inner/pytest.ini": "[pytest]\naddopts = -x --maxfail=1 -q\n",
            "inner/greet.py": BUG,
            "inner/pack/__init__.py": "",
            "inner/pack/first.py": "def first(items):\n    return items[1]\n",
            "inner/pack/test_beside.py": """\
                import unittest

                from pack.first import first


                class FirstTest(unittest.TestCase):
                    def setUp(self):
                        self.items = [3, 9, 4]

                    def test_first(self):
                        self.assertEqual(first(self.items), 3)
                        self.assertEqual(first("ab"), "a")
                        self.assertEqual(first([5]), 5)

                    def test_length(self):
                        with self.subTest("length"):
                            self.assertEqual(len(self.items), 3)
                """,
            "inner/test_greet.py": """\
                import pytest

                from greet import greeting


                class Name:
                    def __init__(self, text):
                        self.text = text


                @pytest.mark.parametrize("name", [Name("Ann"), Name("")], ids=repr)
                def test_greeting(name):
                    assert greeting(name.text) == "Hello, " + name.text


                def test_above(above):
                    assert above == "Ann"


                @pytest.mark.parametrize("name, _, pair", {("Ann", None, (1,)), ("Bo", None, (2,)), ("Al", None, (3,))})
                def test_ids_by_the_order_of_a_set_that_hangs_on_an_address(name, _, pair):
                    assert greeting(name).endswith(name)


                @pytest.mark.xfail(strict=True)
                def test_expected_to_fail():
                    assert greeting("Ann") == "Good morning"
                """,
            "inner/test_order.py": """\
                SEEN = []


                def test_leaves_something():
                    SEEN.append(1)


                def test_expects_nothing():
                    assert not SEEN
                """,
            "inner/test_chance.py": """\
                import os


                def test_chance():
                    assert int.from_bytes(os.urandom(4), "big") % 97 == 0
                """,
            "inner/test_net.py": """\
                import socket


                def test_net():
                    socket.create_connection(("192.0.2.1", 80), timeout=1)
                """,
        }
    )
    healed = project.heal("--project", "inner")

    assert healed.item("test_greet.py::test_greeting")["state"] == "landed", healed.out + healed.err
    assert healed.item("FirstTest::test_first")["state"] == "landed", healed.item("FirstTest::test_first")
    assert len(healed.item("test_greet.py::test_greeting")["tests"]) >= 2
    assert healed.item("test_expects_nothing")["state"] == "flaky"
    assert healed.item("test_expects_nothing")["failure_class"] == "order_dependent"
    assert healed.item("test_chance")["state"] in ("flaky", "unsolved"), healed.item("test_chance")
    assert healed.item("test_net")["state"] in ("skipped", "environment")
    assert "network" in healed.item("test_net")["why"]
    assert healed.code == 1
    assert healed.item("test_above")["state"] == "skipped", "what lies above the project is not its own"
    assert f"overruled for the run: a conftest.py above the project ({project.root})" in healed.report["notes"]
    assert healed.report["final"]["failed"] in (2, 3), "one of them passes by chance, once in a hundred times"
    assert any("-x" in note or "maxfail" in note for note in healed.report["notes"])
    assert project.at(healed.report["branch"], "inner/greet.py") == REPAIRED


def test_a_test_that_fails_by_chance_is_set_aside_and_hinders_no_repair(patient: NewPatient) -> None:
    project = patient(
        {
            **GREET,
            "test_chance.py": """\
                import os
                import sys


                def test_chance():
                    is_traced = sys.gettrace() or getattr(sys, "monitoring", None) and sys.monitoring.get_tool(3)
                    assert is_traced or os.environ["PYTHONHASHSEED"] == "1"
                """,
            "test_traced.py": """\
                import sys


                def test_that_passes_only_where_lines_are_traced():
                    assert sys.gettrace() or getattr(sys, "monitoring", None) and sys.monitoring.get_tool(3)
                """,
        }
    )

    healed = project.heal()

    assert healed.item("test_chance")["state"] == "flaky"
    assert healed.item("test_chance")["failure_class"] == "flaky"
    assert healed.item("test_greeting")["state"] == "landed", healed.out
    assert healed.code == 1


@pytest.mark.slow
def test_sources_reached_through_a_link_are_repaired_where_they_lie(patient: NewPatient) -> None:
    project = patient({"code/greet.py": BUG, "run/test_greet.py": GREET["test_greet.py"]}, with_git=False)
    (project.root / "run" / "greet.py").symlink_to("../code/greet.py")
    project.git("init", "-q", "-b", "main")
    project.commit("Begin")

    healed = project.heal()

    assert healed.states == ["landed"], healed.out + healed.err
    assert healed.items[0]["files"] == ["code/greet.py"]


@pytest.mark.slow
def test_a_project_installed_with_pip_in_place_is_healed(patient: NewPatient, tmp_path: Path) -> None:
    project = patient(
        {
            "src/hello/__init__.py": "",
            "src/hello/greet.py": BUG,
            "tests/test_greet.py": GREET["test_greet.py"].replace("from greet", "from hello.greet"),
            "pyproject.toml": '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
            '[project]\nname = "hello"\nversion = "1"\n[tool.hatch.build.targets.wheel]\npackages = ["src/hello"]\n',
        }
    )
    folder = project.root / ".venv"
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    python = folder / "bin" / "python"
    installed = subprocess.run(
        [python, "-m", "pip", "install", "-q", "pytest", "--editable", str(project.root)],
        capture_output=True,
        check=False,
    )
    if installed.returncode:
        missing("packages", "pip cannot install here")
    (project.root / ".gitignore").write_text(".venv/\n")
    project.commit("Ignore the environment")

    healed = project.heal()

    assert healed.code == 0, healed.err
    assert project.at(healed.report["branch"], "src/hello/greet.py") == REPAIRED
