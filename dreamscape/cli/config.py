"""``dreamscape config``: which settings count, and where they come from."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dreamscape.cli.context import Options, command, new_app

if TYPE_CHECKING:
    from dreamscape.bootstrap import Project

app = new_app("See which settings count, and why.", example="dreamscape config explain heal.max_minutes")


@command(app)
def explain(
    options: Options,
    key: Annotated[str, typer.Argument(metavar="KEY", help="A setting (heal.max_minutes) or a section (heal).")],
) -> int:
    """Tell a setting's value and where it comes from; of a section, all of them.

    Example: dreamscape config explain heal.max_minutes
    """
    from dreamscape import bootstrap
    from dreamscape.cli import render

    project = bootstrap.open_project(options.project, options.config)
    loaded = project.loaded
    inside = [each for each in loaded.origins if each.startswith(f"{key}.")]
    if inside:
        _show(options, project, inside)
        return 0
    value = {"key": key, "value": loaded.value(key), "origin": loaded.origins[key]}
    render.show(options, "config", value, lambda: f"{key} = {_said(value['value'])}   ({value['origin']})")
    return 0


@command(app)
def show(options: Options) -> int:
    """Show all settings, each with where it comes from.

    Example: dreamscape config show --json
    """
    from dreamscape import bootstrap

    project = bootstrap.open_project(options.project, options.config)
    _show(options, project, project.loaded.origins)
    return 0


@command(app)
def path(options: Options) -> int:
    """Tell which files settings are read from.

    Example: dreamscape config path
    """
    from dreamscape import bootstrap
    from dreamscape.cli import render

    places = bootstrap.config_places(bootstrap.find_project(options.project), options.config)
    value = {"files": [{"path": place, "exists": place.is_file()} for place in places]}
    render.show(options, "config", value, lambda: "\n".join(map(_place, places)))
    return 0


def _show(options: Options, project: Project, keys: Iterable[str]) -> None:
    from dreamscape.cli import render

    loaded = project.loaded
    settings = [{"key": key, "value": loaded.value(key), "origin": loaded.origins[key]} for key in keys]
    rows = [(each["key"], _said(each["value"]), each["origin"]) for each in settings]
    render.show(options, "config", {"settings": settings}, lambda: render.table(("setting", "value", "from"), rows))


def _place(path: Path) -> str:
    return f"{path}{'' if path.is_file() else '   (not there)'}"


def _said(value: object) -> str:
    """As it would stand in TOML, near enough to copy."""
    return json.dumps(list(value) if isinstance(value, tuple) else value, ensure_ascii=False)
