"""``dreamscape models``: who may be asked, who would be, and how they did."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dreamscape.cli.context import Options, command, new_app

app = new_app("Look at the models that may be asked, and choose among them.", example="dreamscape models list")

Name = Annotated[str, typer.Argument(metavar="NAME", help="The model's name, as 'models list' shows it.")]


@command(app, "list")
def list_models(options: Options) -> int:
    """List all models: what is free first, the others by tier.

    Example: dreamscape models list --json
    """
    from dreamscape import bootstrap
    from dreamscape.cli import models_tables, render

    cards = bootstrap.build_models(bootstrap.open_project(options.project, options.config)).cards()
    render.show(options, "models", {"models": cards}, lambda: models_tables.cards_text(cards))
    return 0


@command(app)
def show(options: Options, name: Name) -> int:
    """Show a model's card, what it costs by its price, and what it did cost and solve here.

    Example: dreamscape models show ollama
    """
    from dreamscape import bootstrap
    from dreamscape.bootstrap import routing
    from dreamscape.cli import models_tables, render

    view = routing.model_view(bootstrap.open_project(options.project, options.config), name)
    render.show(options, "model", view, lambda: models_tables.view_text(view))
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


@command(app)
def route(
    options: Options,
    target: Annotated[str, typer.Argument(metavar="ITEM|PATH", help="An item's id or test, or a file.")],
    explain: Annotated[bool, typer.Option("--explain", help="A line for each model, with its numbers.")] = False,
    refactoring: Annotated[bool, typer.Option("--refactoring", help="Value the file as one to refactor.")] = False,
) -> int:
    """Tell who would be asked about an item or a file, in which order, and why no more; nobody is asked.

    A repair is worth its impact times routing.usd_per_impact; with --refactoring, that times the share of the file's
    complexity that its functions have beyond ten each. Chances are those of repairs.

    Example: dreamscape models route src/app.py --explain
    """
    from dreamscape import bootstrap
    from dreamscape.bootstrap import routing
    from dreamscape.cli import models_tables, render

    project = bootstrap.open_project(options.project, options.config)
    advice = routing.advise(project, target, refactoring=refactoring)
    render.show(options, "models-route", advice, lambda: models_tables.advice_text(advice, explain=explain))
    return 0


@command(app)
def stats(options: Options) -> int:
    """Show how models did here: solved by class of failure, cost of a solution, and how well routing foresaw it.

    Example: dreamscape models stats --json
    """
    from dreamscape import bootstrap
    from dreamscape.bootstrap import routing
    from dreamscape.cli import models_tables, render

    value = routing.model_stats(bootstrap.open_project(options.project, options.config))
    render.show(options, "models-stats", value, lambda: models_tables.stats_text(value))
    return 0


@command(app)
def learn(
    options: Options,
    reset: Annotated[bool, typer.Option("--reset", help="Forget all of it.")] = False,
    export: Annotated[bool, typer.Option("--export", help="Write it as JSON to stdout or --output.")] = False,
    import_: Annotated[Path | None, typer.Option("--import", metavar="FILE", help="Add what was exported.")] = None,
) -> int:
    """Keep, move or forget what routing has learned in this project.

    With --reset it is forgotten, too, which questions models had, so that they may be asked again.

    Example: dreamscape models learn --export --output learned.json
    """
    from dreamscape import bootstrap
    from dreamscape.bootstrap import routing
    from dreamscape.cli import render
    from dreamscape.domain.errors import UsageError

    if reset + export + (import_ is not None) != 1:
        raise UsageError("one of --reset, --export and --import FILE is needed", "see 'dreamscape models learn --help'")
    project = bootstrap.open_project(options.project, options.config)
    if export:
        render.write(options, routing.export_learned(project))
        return 0
    number = routing.forget_learned(project) if import_ is None else routing.import_learned(project, import_)
    word = "forgotten" if reset else "new"
    render.show(options, "models-learn", {"attempts": number, "are": word}, lambda: f"{number} attempts are {word}")
    return 0


@command(app)
def simulate(
    options: Options,
    table: Annotated[Path, typer.Argument(metavar="FILE.csv", help="Outcomes: a line per task and model.")],
    value: Annotated[float, typer.Option("--value", metavar="USD", help="What a solved task is worth.")],
    warm: Annotated[int, typer.Option("--warm", metavar="N", help="See the first N tasks in full.")] = 0,
) -> int:
    """Replay recorded outcomes through the routing policy: who would be asked, what it would cost and solve.

    The table has the columns task_id, group, model, success (0 or 1), cost (USD), and what is known of a task before
    as f_NAME; FILE.models.csv beside it has model and prior_cost (USD of a task by list price). Tasks come in the
    file's order; the first N only teach, and are not among the tasks told. What became of a model is used only after
    it was asked. Nobody tried means that the task was declined.

    Example: dreamscape models simulate outcomes.csv --value 2 --warm 100
    """
    from dreamscape.bootstrap import routing
    from dreamscape.cli import models_tables, render

    simulation = routing.simulate(table, value, warm)
    render.show(options, "models-simulate", simulation, lambda: models_tables.simulation_text(simulation))
    return 0


def _switch(options: Options, name: str, *, enabled: bool) -> int:
    from dreamscape import bootstrap
    from dreamscape.cli import render

    project = bootstrap.open_project(options.project, options.config)
    path = bootstrap.switch_model(project, name, enabled=enabled)
    word = "enabled" if enabled else "disabled"
    value = {"model": name, "enabled": enabled, "file": path}
    render.show(options, "models-switch", value, lambda: f"{name} is {word}: {path}")
    return 0
