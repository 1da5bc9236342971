"""``dreamscape demo``: the main job before the user's eyes, on a small project full of bugs."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from dreamscape.cli.context import Options, command, new_app

if TYPE_CHECKING:
    from dreamscape.domain.records import HealReport

app = new_app()

HOPELESS_AFTER_MINUTES = 1.0
"""How long the demo searches for one repair; its healable bugs take seconds each (chosen for people who watch)."""


@command(app)
def demo(
    options: Options,
    folder: Annotated[str | None, typer.Option("--into", metavar="DIR", help="Where to make it (must be new).")] = None,
) -> int:
    """Make a small project with a history and several bugs, then scan, heal and tell its story.

    Nothing is scripted: the repairs are found on the spot, and what is too hard is left for you.

    Example: dreamscape demo
    """
    from dreamscape import bootstrap
    from dreamscape.bootstrap import healing
    from dreamscape.cli import render
    from dreamscape.cli.heal import heal_text
    from dreamscape.cli.scan_table import scan_text
    from dreamscape.domain.errors import SandboxMissing, UsageError

    if options.project is not None:
        raise UsageError("the demo makes a project of its own", "--into says where")
    root = bootstrap.make_demo(folder)
    flags: dict[str, object] = {"heal.item_minutes": HOPELESS_AFTER_MINUTES}
    project = bootstrap.open_project(root, options.config, flags)
    _say(f"A small project with ten commits and several bugs: {root}")
    _say("\n$ dreamscape scan")
    _say(scan_text(bootstrap.build_scanner(project).scan(), project.loaded.settings.scan.top))
    _say("\n$ dreamscape heal --auto")
    try:
        report = healing.heal(project, lambda plan: True)
    except SandboxMissing as missing:
        _say(f"{missing}; since the demo's project is our own, it runs without one here (--sandbox none)")
        project = bootstrap.open_project(root, options.config, {**flags, "sandbox.level": "none"})
        report = healing.heal(project, lambda plan: True)
    _say(heal_text(report, root))
    if report.branch:
        bootstrap.release_demo(root, report.branch)
        _say(f"\n$ git merge {report.branch} && git tag v0.2.0 && dreamscape devlog")
        with bootstrap.opened_history(project) as history:
            _say(bootstrap.build_devlog(project, history).write().text)
    _say(_where_to_look(root, report))
    render.show(options, "demo", {"project": root, "heal": report}, lambda: _score(report))
    return 0


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def _score(report: HealReport) -> str:
    states = [item.state.value for item in report.items]
    landed = states.count("landed")
    return f"healed {landed} of {len(states)}; {len(states) - landed} left for a person"


def _where_to_look(root: object, report: HealReport) -> str:
    return "\n".join(
        [
            "\nWhere to look:",
            f"  cd {root}",
            "  git log --stat v0.1.0..            what broke, and what healed it",
            "  dreamscape review list             what is left for a person, and why",
            f"  dreamscape runs show {report.run}   the whole run",
        ]
    )
