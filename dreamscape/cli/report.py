"""``dreamscape report``: the ranking as a page to look at."""

from __future__ import annotations

import dataclasses

from dreamscape.cli.context import Options, command, new_app

app = new_app()


@command(app, formats=("text", "json", "html"))
def report(options: Options) -> int:
    """Draw the ranking as one HTML page: a map of the code, what depends on what, and the hot spots with their trends.

    The page needs no network and no other file. It goes to --output, else to .dreamscape/reports/report.html; --format
    html writes it to stdout. Trends grow with every report and every heal run.

    Example: dreamscape report --output hotspots.html
    """
    from dreamscape import bootstrap
    from dreamscape.bootstrap import reporting
    from dreamscape.cli import render
    from dreamscape.tools.files import private_folder, state_folder

    project = bootstrap.open_project(options.project, options.config)
    page = reporting.report(project)
    if options.format == "html":
        render.write(options, page)
        return 0
    place = options.output or private_folder(state_folder(project.root), "reports") / "report.html"
    render.write(dataclasses.replace(options, output=place), page)
    on_stdout = dataclasses.replace(options, output=None)
    render.show(on_stdout, "report", {"path": place}, lambda: f"written to {place}")
    return 0
