"""``dreamscape config``: which settings count, and where they come from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from dreamscape.cli.context import Options, command, new_app

app = new_app("See which settings count, and why.", example="dreamscape config explain heal.max_minutes")


@command(app)
def explain(
    options: Options,
    key: Annotated[str, typer.Argument(metavar="KEY", help="A setting, as in heal.max_minutes.")],
) -> int:
    """Tell a setting's value and where it comes from.

    Example: dreamscape config explain heal.max_minutes
    """
    from dreamscape import bootstrap
    from dreamscape.cli import render

    loaded = bootstrap.open_project(options.project, options.config).loaded
    value = {"key": key, "value": loaded.value(key), "origin": loaded.origins[key]}
    render.show(options, "config", value, lambda: f"{key} = {_said(value['value'])}   ({value['origin']})")
    return 0


@command(app)
def show(options: Options) -> int:
    """Show all settings, each with where it comes from.

    Example: dreamscape config show --json
    """
    from dreamscape import bootstrap
    from dreamscape.cli import render

    loaded = bootstrap.open_project(options.project, options.config).loaded
    settings = [{"key": key, "value": loaded.value(key), "origin": origin} for key, origin in loaded.origins.items()]
    rows = [(s["key"], _said(s["value"]), s["origin"]) for s in settings]
    render.show(options, "config", {"settings": settings}, lambda: render.table(("setting", "value", "from"), rows))
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


def _place(path: Path) -> str:
    return f"{path}{'' if path.is_file() else '   (not there)'}"


def _said(value: object) -> str:
    """As it would stand in TOML, near enough to copy."""
    return json.dumps(list(value) if isinstance(value, tuple) else value, ensure_ascii=False)
