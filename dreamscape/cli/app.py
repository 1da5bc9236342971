"""The command line's frame: which commands there are, how they are parsed, and the one place where errors end."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer
import typer.main

from dreamscape import __version__
from dreamscape.cli import seam
from dreamscape.cli.context import Call, Group

COMMANDS = (
    "scan",
    "heal",
    "demo",
    "status",
    "runs",
    "review",
    "undo",
    "devlog",
    "report",
    "models",
    "ask",
    "session",
    "doctor",
    "config",
)
"""Each command lives in the module of its name, which imports nothing but Typer at its top and offers ``app``."""

HELP = """Keeps a Python code base healthy without anyone watching.

Global options stand before or behind a command: --project DIR, --json, --format F, --output FILE, -q, -v,
--no-input, --config FILE, --debug. Each command's --help tells them and shows an example.

Example: dreamscape heal --auto
"""


class _Root(Group):
    """Loads a command's module when the command is asked for."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name in COMMANDS and cmd_name not in self.commands:
            module = importlib.import_module(f"dreamscape.cli.{cmd_name}")
            self.commands[cmd_name] = typer.main.get_command(module.app)
        return self.commands.get(cmd_name)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args[0] not in COMMANDS:
            for name in COMMANDS:
                self.get_command(ctx, name)  # Typer looks for a near name among the loaded ones
        return super().resolve_command(ctx, args)


app = typer.Typer(
    cls=_Root,
    help=HELP,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"dreamscape {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Never runs work: Typer hands back the parsed call."""


def parse(args: Sequence[str]) -> Call | int:
    """The parsed command, or the exit code where parsing answered already (help, version, completion)."""
    root = typer.main.get_command(app)
    for parameter in root.params:
        if parameter.name in ("install_completion", "show_completion"):
            parameter.default = False  # as for --help, see `context`
    call: Call | int | None = root.main(list(args), prog_name="dreamscape", standalone_mode=False)
    return 0 if call is None else call


def main(args: Sequence[str] | None = None) -> int:
    """Runs one command line and gives its exit code; results go to stdout, all else to stderr."""
    given = list(sys.argv[1:] if args is None else args)
    seam.prepare_streams()
    return seam.flushed(seam.guarded(lambda: parse(given), given))


def run() -> None:
    """Ends the process with the command's exit code, without the interpreter's last words about a broken pipe."""
    code = main()
    sys.exit(code) if code != seam.BROKEN_PIPE else os._exit(code)
