"""``dreamscape undo``: take back what a run landed."""

from __future__ import annotations

from typing import Annotated

import typer

from dreamscape.cli.context import Options, command, new_app

app = new_app()


@command(app)
def undo(
    options: Options,
    run: Annotated[
        str, typer.Argument(metavar="RUN", help="The run's name, its beginning, or 'last': the last that landed.")
    ],
) -> int:
    """Take back what a run landed, if nothing of yours stands on it.

    A branch is deleted, a commit reverted by another, a patch reversed. The change is not proposed again.

    Example: dreamscape undo last
    """
    from dreamscape import bootstrap
    from dreamscape.bootstrap import healing
    from dreamscape.cli import render

    project = bootstrap.open_project(options.project, options.config)
    with bootstrap.existing_history(project) as history:
        undone = list(healing.undo_run(project, history, run))
    value = {"run": undone[0][0].run, "undone": [{"landing": landing, "how": how} for landing, how in undone]}
    render.show(options, "undo", value, lambda: "\n".join(dict.fromkeys(how for _, how in undone)))
    return 0
