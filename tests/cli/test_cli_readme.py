"""README and shipped help agree: what the README shows can be typed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dreamscape.cli.app import COMMANDS, main

README = Path(__file__).parents[2] / "README.md"

CALLS = re.findall(r"^ {4}(?:.*&& )?dreamscape ([a-z][^#\n]*)", README.read_text("utf-8"), re.MULTILINE)


def help_of(words: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    assert main([*words, "--help"]) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("call", CALLS)
def test_each_command_line_in_the_readme_can_be_typed(call: str, capsys: pytest.CaptureFixture[str]) -> None:
    command, *rest = re.split(r" {2,}|;", call)[0].split()
    assert command in COMMANDS

    text = help_of([command], capsys)
    if "Commands:" in text:
        text = help_of([command, rest[0]], capsys)

    for option in (word.partition("=")[0] for word in rest if word.startswith("--")):
        assert re.search(rf"{option}\b", text), option


def test_the_readme_names_every_command_but_those_it_leaves_to_the_help() -> None:
    named = {call.split()[0] for call in CALLS} | set(re.findall(r"`dreamscape ([a-z]+)", README.read_text("utf-8")))

    assert set(COMMANDS) - named <= {"models", "demo"}


@pytest.mark.parametrize("code", [0, 1, 2, 3, 4, 5, 70, 130, 143])
def test_the_readme_tells_every_exit_code(code: int) -> None:
    assert re.search(rf"\b{code}\b", README.read_text("utf-8"))
