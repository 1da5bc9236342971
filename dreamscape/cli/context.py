"""What every command understands besides its own arguments, and how a command is declared.

Typer only parses: a command line becomes a `Call`, and `cli.seam` runs it.
"""

from __future__ import annotations

import functools
import inspect
import itertools
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Any

import typer
import typer.core

from dreamscape.domain.errors import UsageError


@dataclass(frozen=True, slots=True)
class Options:
    """The global options of one call.

    ``project`` and ``config`` as the user gave them (None: look for them); ``format`` is one the command knows;
    ``verbosity`` -1 (errors only), 0, 1 (what is done) or 2 (all).
    """

    project: Path | None = None
    format: str = "text"
    output: Path | None = None
    verbosity: int = 0
    no_input: bool = False
    config: Path | None = None
    debug: bool = False


@dataclass(frozen=True, slots=True)
class Call:
    """A parsed command line, ready to run; ``work`` gives the exit code."""

    options: Options
    work: Callable[[], int]


_TAKES_VALUE = ("--project", "--format", "--output", "--config")
_ALONE = ("--json", "--quiet", "--verbose", "--no-input", "--debug")
_SHORT = re.compile(r"-[qv]+\Z")


def _global_parameters(formats: tuple[str, ...]) -> list[inspect.Parameter]:
    """The global options as keyword parameters, for Typer to read from a command's signature."""
    declared: list[tuple[str, Any, Any]] = [
        ("project", Path | None, typer.Option(metavar="DIR", help="The project (default: the git root above here).")),
        ("format", str, typer.Option(metavar="|".join(formats), help="How the result is written.")),
        ("json", bool, typer.Option("--json", help="Same as --format json.")),
        ("output", Path | None, typer.Option(metavar="FILE", help="Write the result to FILE, not to stdout.")),
        ("quiet", bool, typer.Option("--quiet", "-q", help="Say errors only.")),
        ("verbose", int, typer.Option("--verbose", "-v", count=True, help="Say more; -vv says all.")),
        ("no_input", bool, typer.Option("--no-input", help="Never ask.")),
        ("config", Path | None, typer.Option(metavar="FILE", help="Read this instead of your own configuration.")),
        ("debug", bool, typer.Option("--debug", help="Show tracebacks.")),
    ]
    defaults = {"format": "text", "verbose": 0}
    return [
        inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            default=defaults.get(name, None if kind == Path | None else False),
            annotation=Annotated[kind, option],
        )
        for name, kind, option in declared
    ]


def _options(given: dict[str, Any], formats: tuple[str, ...]) -> Options:
    """Takes the global options out of a command's keyword arguments. Raises UsageError."""
    asked = given.pop("format")
    wanted = "json" if given.pop("json") else asked
    if asked not in ("text", wanted):
        raise UsageError("--json and --format contradict each other", "give one of them")
    if wanted not in formats:
        raise UsageError(f"this command cannot write {wanted!r}", f"--format takes {', '.join(formats)}")
    quiet, verbose = given.pop("quiet"), given.pop("verbose")
    if quiet and verbose:
        raise UsageError("-q and -v contradict each other", "give one of them")
    rest = {field.name: given.pop(field.name) for field in fields(Options) if field.name in given}
    return Options(format=wanted, verbosity=-1 if quiet else min(verbose, 2), **rest)


def command(
    app: typer.Typer, name: str | None = None, *, formats: Iterable[str] = ("text", "json")
) -> Callable[[Callable[..., int]], Callable[..., Call]]:
    """Registers a function ``(options, ...) -> exit code`` as a command that also takes the global options."""
    known = tuple(formats)

    def register(work: Callable[..., int]) -> Callable[..., Call]:
        @functools.wraps(work)
        def parsed(**given: Any) -> Call:
            options = _options(given, known)
            return Call(options, functools.partial(work, options, **given))

        own = list(inspect.signature(work, eval_str=True).parameters.values())[1:]
        parameters = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in own] + _global_parameters(known)
        parsed.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # inspect reads it
        parsed.__annotations__ = {p.name: p.annotation for p in parameters}
        first_line = (work.__doc__ or "").partition("\n")[0]
        app.command(name, cls=_Command, short_help=first_line)(parsed)  # a short help that is given is not cut
        return parsed

    return register


class _LightHelp:
    """Gives --help a False where Typer has a None, because Typer loads pydantic to check a None."""

    def get_help_option(self, ctx: Any) -> Any:
        option = super().get_help_option(ctx)  # type: ignore[misc]  # mixed into Typer's classes
        if option is not None:
            option.default = False
        return option


class _Command(_LightHelp, typer.core.TyperCommand):
    """A command that checks plain values itself, because Typer loads pydantic, which costs more CPU than a warm scan,
    even for options that were not given."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        for parameter in self.params:
            if (general := getattr(parameter, "get_runtime_param", None)) is not None:
                light = _PlainValues(parameter, general)
                parameter.get_runtime_param = lambda light=light: light  # type: ignore[attr-defined]  # Typer's own
        return super().parse_args(ctx, args)


class _PlainValues:
    """Takes absent values, texts, paths and defaults as they are, and asks Typer about all others."""

    def __init__(self, parameter: Any, general: Callable[[], Any]) -> None:
        self._kind = parameter.type_descriptor.annotation
        self._general = general

    def coerce(self, value: Any, **where: Any) -> Any:
        if value is None:
            parameter = where["param"]
            return () if parameter.multiple or parameter.nargs == -1 else None
        if type(value) is self._kind:
            return value
        if type(value) is str and self._kind is Path:
            return Path(value)
        return self._general().coerce(value, **where)


class Group(_LightHelp, typer.core.TyperGroup):
    """A group of commands whose global options may stand before the command's name, too."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if not args and not ctx.resilient_parsing:
            typer.echo(ctx.get_help(), err=True)
            raise typer.Exit(UsageError.exit_code)
        return super().parse_args(ctx, moved_behind_command(args))


def new_app(group_help: str | None = None, example: str = "") -> typer.Typer:
    """An application for one command's module: plain help, no completion of its own.

    ``group_help`` and ``example`` are for a module with several commands; a module's only command speaks for itself.
    """
    app = typer.Typer(
        cls=Group,
        help=f"{group_help}\n\nExample: {example}" if group_help else None,
        short_help=group_help,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        add_completion=False,
    )
    if group_help:
        app.callback()(lambda: None)  # without it Typer takes a group of one command for that command
    return app


def moved_behind_command(args: list[str]) -> list[str]:
    """Moves global options that stand before a command behind its name, so that they may stand on either side."""
    at = 0
    while at < len(args):
        flag, has_value = args[at].partition("=")[::2]
        if args[at] in _ALONE or _SHORT.match(args[at]) or (flag in _TAKES_VALUE and has_value):
            at += 1
        elif flag in _TAKES_VALUE:
            at += 2
        else:
            break
    if at >= len(args) or args[at].startswith("-"):
        return args
    return [args[at], *args[:at], *args[at + 1 :]]


def wants_json(args: list[str]) -> bool:
    """Whether errors have to be told in JSON too, readable even where the arguments as a whole are not."""
    before_dashes = args[: args.index("--")] if "--" in args else args
    following = itertools.pairwise(before_dashes)
    return "--json" in before_dashes or "--format=json" in before_dashes or ("--format", "json") in following
