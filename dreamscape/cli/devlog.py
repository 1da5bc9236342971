"""``dreamscape devlog``: the story of what happened, from events and git."""

from __future__ import annotations

import logging
from typing import Annotated

import typer

from dreamscape.cli.context import Options, command, new_app

logger = logging.getLogger(__name__)

app = new_app()


@command(app, formats=("text", "json", "markdown"))
def devlog(
    options: Options,
    since: Annotated[str | None, typer.Option(metavar="REV", help="Begin behind this tag or commit.")] = None,
    until: Annotated[str | None, typer.Option(metavar="REV", help="End with this tag or commit.")] = None,
) -> int:
    """Tell what happened, from events and commits.

    Every line names its event or commit. Without --since, a tagged HEAD tells its release, any other HEAD what is new
    since the last tag or devlog. The draft is kept in .dreamscape/drafts/ and printed.

    Example: dreamscape devlog --since v1.0 --output NEWS.md
    """
    from dreamscape import bootstrap
    from dreamscape.cli import render

    project = bootstrap.open_project(options.project, options.config)
    with bootstrap.opened_history(project) as history:
        draft = bootstrap.build_devlog(project, history).write(since, until)
    path = str(draft.path.relative_to(project.root)) if draft.path else None
    if path:
        logger.info("kept as %s", path)
    value = {**render.fields(draft.story), "path": path, "markdown": draft.text}
    render.show(options, "devlog", value, lambda: draft.text or "nothing to tell")
    return 0
