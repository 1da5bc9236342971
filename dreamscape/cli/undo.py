"""``dreamscape undo``: take back what a run landed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from dreamscape.cli.context import Options, command, new_app

if TYPE_CHECKING:
    from dreamscape.domain.records import Undone

app = new_app()


@command(app)
def undo(
    options: Options,
    run: Annotated[
        str, typer.Argument(metavar="RUN", help="The run's name, its beginning, or 'last': the last that landed.")
    ],
) -> int:
    """Take back what a run landed, if nothing of yours stands on it.

    A branch is deleted, a commit reverted by another, a patch reversed. No later run proposes the change again, but a
    review keeps it: 'dreamscape review accept ID' lands it after all.

    Example: dreamscape undo last
    """
    from dreamscape import bootstrap
    from dreamscape.bootstrap import deciding
    from dreamscape.cli import render

    project = bootstrap.open_project(options.project, options.config)
    with bootstrap.existing_history(project) as history:
        undone = list(deciding.undo_run(project, history, run))
    render.show(options, "undo", {"run": undone[0].landing.run, "undone": undone}, lambda: _text(undone))
    return 0


def _text(undone: Sequence[Undone]) -> str:
    """What was done, and that it is no farewell."""
    kept = [
        f"  dreamscape review accept {one.review}   lands {', '.join(one.landing.files)}"
        for one in undone
        if one.review
    ]
    way_back = ["no later run proposes this again; if you think again:", *kept] if kept else []
    return "\n".join([*dict.fromkeys(one.how for one in undone), *way_back])
