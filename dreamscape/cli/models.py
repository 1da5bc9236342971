"""``dreamscape models``: who may be asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from dreamscape.cli.context import Options, command, new_app

if TYPE_CHECKING:
    from dreamscape.domain.models import ModelCard

app = new_app("Look at the models that may be asked.", example="dreamscape models list")

Name = Annotated[str, typer.Argument(metavar="NAME", help="The model's name, as 'models list' shows it.")]


@command(app, "list")
def list_models(options: Options) -> int:
    """List all models, in the order they are asked.

    Example: dreamscape models list --json
    """
    from dreamscape import bootstrap
    from dreamscape.cli import render

    cards = bootstrap.build_models(bootstrap.open_project(options.project, options.config)).cards()
    render.show(options, "models", {"models": cards}, lambda: _text(cards))
    return 0


@command(app)
def enable(options: Options, name: Name) -> int:
    """Let a model be asked: writes it into your own models.toml and leaves all else there as it is.

    What leaves this machine is asked only within a budget beside that (budget.calls_per_day).

    Example: dreamscape models enable ollama
    """
    return _switch(options, name, enabled=True)


@command(app)
def disable(options: Options, name: Name) -> int:
    """Let a model not be asked any more.

    Example: dreamscape models disable embedded
    """
    return _switch(options, name, enabled=False)


def _switch(options: Options, name: str, *, enabled: bool) -> int:
    from dreamscape import bootstrap
    from dreamscape.cli import render

    project = bootstrap.open_project(options.project, options.config)
    path = bootstrap.switch_model(project, name, enabled=enabled)
    word = "enabled" if enabled else "disabled"
    value = {"model": name, "enabled": enabled, "file": path}
    render.show(options, "models-switch", value, lambda: f"{name} is {word}: {path}")
    return 0


def _text(cards: Sequence[ModelCard]) -> str:
    from dreamscape.cli.render import table

    rows = (
        (c.name, c.provider, c.tier, "yes" if c.enabled else "no", c.usd_per_million_in, c.usd_per_million_out)
        for c in cards
    )
    return table(("model", "provider", "tier", "enabled", "USD/M in", "USD/M out"), rows, right=(2, 4, 5))
