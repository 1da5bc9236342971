"""Commands, their help, and the options that every command understands."""

from __future__ import annotations

import json
import logging
import os
import re
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import typer.main
from dreamscape_process import Dreamscape

from dreamscape import __version__
from dreamscape.cli import seam
from dreamscape.cli.app import COMMANDS, main
from dreamscape.cli.context import moved_behind_command, wants_json
from dreamscape.domain.spending import SPENDING


def commands() -> list[tuple[str, ...]]:
    """Every command, with its group's name before it."""
    found: list[tuple[str, ...]] = []
    for name in COMMANDS:
        command: Any = typer.main.get_command(import_module(f"dreamscape.cli.{name}").app)
        found += [(name, inner) for inner in command.commands] if hasattr(command, "commands") else [(name,)]
    return found


def test_version(dreamscape: Dreamscape) -> None:
    result = dreamscape("--version")

    assert (result.stdout, result.returncode) == (f"dreamscape {__version__}\n", 0)


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_each_command_shows_an_example_of_itself_and_the_global_options(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    code = main([*words, "--help"])

    out = capsys.readouterr().out
    assert code == 0
    assert re.search(rf"Example:\s+dreamscape\s+{' '.join(words)}\b", out)
    for option in ("--project", "--format", "--json", "--output", "--quiet", "--verbose", "--no-input", "--config"):
        assert option in out


@pytest.mark.parametrize("words", sorted({words[:-1] for words in commands()}), ids=" ".join)
def test_help_above_commands_shows_an_example_too(capsys: pytest.CaptureFixture[str], words: tuple[str, ...]) -> None:
    assert main([*words, "--help"]) == 0

    assert re.search(rf"Example: +{' '.join(['dreamscape', *words])} \w", capsys.readouterr().out)


def test_each_command_has_its_line_in_the_help_uncut(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--help"])

    out = capsys.readouterr().out
    for name in COMMANDS:
        assert re.search(rf"^  {name} +\S", out, re.MULTILINE)
    assert "..." not in out.replace("[ARGS]...", "")


def test_nothing_asked_is_answered_with_the_help_and_2(dreamscape: Dreamscape) -> None:
    for words in ((), ("runs",)):
        result = dreamscape(*words)

        assert result.returncode == 2
        assert result.stdout == ""
        assert "Usage: dreamscape" in result.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("config", "path", "--json", "--project", "{}"),
        ("--json", "--project", "{}", "config", "path"),
        ("--format=json", "config", "--project={}", "path"),
        ("config", "--project", "{}", "path", "--format", "json"),
    ],
)
def test_global_options_may_stand_before_and_behind_a_command(
    dreamscape: Dreamscape, tmp_path: Path, words: tuple[str, ...]
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()

    result = dreamscape(*(word.format(elsewhere) for word in words))

    value = json.loads(result.stdout)
    assert value["schema"] == "dreamscape.config/1"
    assert value["files"][0]["path"] == str(elsewhere / "dreamscape.toml")


def test_the_later_of_two_equal_options_counts(dreamscape: Dreamscape, tmp_path: Path) -> None:
    result = dreamscape("--project", "/nowhere", "config", "path", "--project", str(tmp_path))

    assert result.returncode == 0
    assert str(tmp_path / "dreamscape.toml") in result.stdout


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (["--json", "scan", "x"], ["scan", "--json", "x"]),
        (["-qv", "--project", "p", "scan"], ["scan", "-qv", "--project", "p"]),
        (["scan", "--json"], ["scan", "--json"]),
        (["--help", "scan"], ["--help", "scan"]),
        (["--json", "--nonsense", "scan"], ["--json", "--nonsense", "scan"]),
        (["--json"], ["--json"]),
        (["--project"], ["--project"]),
        ([], []),
    ],
)
def test_leading_global_options_move_behind_the_command(before: list[str], after: list[str]) -> None:
    assert moved_behind_command(before) == after


def test_json_behind_two_dashes_is_no_option() -> None:
    assert wants_json(["ask", "--json"])
    assert wants_json(["ask", "--format", "json"])
    assert not wants_json(["ask", "--", "--json"])


def test_the_project_is_the_git_root_above_else_the_folder_itself(
    dreamscape: Dreamscape, project: Path, tmp_path: Path
) -> None:
    deep = project / "a" / "b"
    deep.mkdir(parents=True)

    alone = json.loads(dreamscape("status", "--json", cwd=deep).stdout)
    (project / ".git").mkdir()
    inside = json.loads(dreamscape("config", "path", "--json", cwd=deep).stdout)

    assert alone["project"] == str(deep)
    assert inside["files"][0]["path"] == str(project / "dreamscape.toml")


def test_output_goes_to_a_file_whole_and_nothing_to_stdout(dreamscape: Dreamscape, project: Path) -> None:
    result = dreamscape("status", "--json", "--output", "status.json")

    assert (result.stdout, result.returncode) == ("", 0)
    assert json.loads((project / "status.json").read_text())["schema"] == "dreamscape.status/1"
    assert os.listdir(project) == ["status.json"]  # noqa: PTH208


def test_output_to_a_folder_that_is_not_there_is_told_before_any_work(dreamscape: Dreamscape, project: Path) -> None:
    result = dreamscape("demo", "--into", "new", "--output", "missing/status.txt")

    assert result.returncode == 3
    assert "missing/status.txt cannot be written" in result.stderr
    assert not (project / "new").exists()


def test_looking_leaves_no_state_behind(dreamscape_here: Dreamscape, project: Path) -> None:
    for words in (("status",), ("runs", "list"), ("review", "list"), ("config", "show"), ("doctor",)):
        dreamscape_here(*words)

    assert list(project.iterdir()) == []


@pytest.mark.parametrize(
    ("verbosity", "level"), [(-1, logging.ERROR), (0, SPENDING), (1, logging.INFO), (2, logging.DEBUG)]
)
def test_messages_follow_the_verbosity(verbosity: int, level: int) -> None:
    seam.start_logging(verbosity)

    assert logging.getLogger("dreamscape").level == level


def test_works_without_home_terminal_or_anything_in_the_environment(dreamscape: Dreamscape) -> None:
    result = dreamscape("config", "show", env={"HOME": "", "PATH": "/usr/bin:/bin"})

    assert result.returncode == 0, result.stderr
