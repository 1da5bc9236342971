"""``dreamscape models``: who may be asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from dreamscape.cli.context import Options, command, new_app

if TYPE_CHECKING:
    from dreamscape.domain.models import ModelCard

app = new_app("Look at the models that may be asked.", example="dreamscape models list")


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


def _text(cards: Sequence[ModelCard]) -> str:
    from dreamscape.cli.render import table

    rows = (
        (c.name, c.provider, c.tier, "yes" if c.enabled else "no", c.usd_per_million_in, c.usd_per_million_out)
        for c in cards
    )
    return table(("model", "provider", "tier", "enabled", "USD/M in", "USD/M out"), rows, right=(2, 4, 5))
