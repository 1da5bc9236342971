"""``dreamscape review``: what a person has to decide."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from dreamscape.cli.context import Options, command, new_app
from dreamscape.cli.next_steps import next_steps

if TYPE_CHECKING:
    from dreamscape.domain.records import ReviewCase

app = new_app("Decide about changes that may not land by themselves.", example="dreamscape review list")

Id = Annotated[int, typer.Argument(metavar="ID", help="The number that 'review list' shows.")]


@command(app, "list")
def list_reviews(
    options: Options,
    all_: Annotated[bool, typer.Option("--all", help="Those already decided, too.")] = False,
) -> int:
    """List what waits for a decision.

    Example: dreamscape review list
    """
    from dreamscape import bootstrap
    from dreamscape.cli import render

    with bootstrap.history_if_any(bootstrap.open_project(options.project, options.config)) as history:
        known = history.reviews() if history else ()
    reviews = [case for case in known if all_ or case.state == "open"]
    turned_down = 0 if all_ else sum(case.state == "rejected" for case in known)
    render.show(options, "reviews", {"reviews": reviews}, lambda: _list_text(reviews, turned_down))
    return 0


@command(app)
def show(options: Options, review: Id) -> int:
    """Show a proposed change, its rivals, and why it did not land.

    Example: dreamscape review show 3
    """
    from dreamscape import bootstrap
    from dreamscape.cli import render

    with bootstrap.history_if_any(bootstrap.open_project(options.project, options.config)) as history:
        case = bootstrap.review_numbered(history, review)
    render.show(options, "review", case, lambda: _case_text(case))
    return 0


@command(app)
def accept(options: Options, review: Id) -> int:
    """Land the proposed change, one turned down or undone before, too; its tests run once more before.

    Example: dreamscape review accept 3
    """
    from dreamscape import bootstrap
    from dreamscape.bootstrap import deciding
    from dreamscape.cli import render

    project = bootstrap.open_project(options.project, options.config)
    with bootstrap.existing_history(project) as history:
        case = bootstrap.review_numbered(history, review)
        report = deciding.accept_review(project, history, case)
    ref = report.branch or "".join(report.patches)
    value = {"review": review, "state": "accepted", "run": report.run, "commit": report.items[0].commit, "ref": ref}
    render.show(
        options, "review", value, lambda: "\n".join([f"review {review} landed", *next_steps(report, project.root)])
    )
    return 0


@command(app)
def reject(options: Options, review: Id) -> int:
    """Turn the proposed change down; no later run proposes it again, 'accept' still takes it.

    Example: dreamscape review reject 3
    """
    from dreamscape import bootstrap
    from dreamscape.bootstrap import deciding
    from dreamscape.cli import render

    with bootstrap.existing_history(bootstrap.open_project(options.project, options.config)) as history:
        case = bootstrap.review_numbered(history, review)
        deciding.reject_review(history, case)
    value = {"review": review, "state": "rejected"}
    render.show(options, "review", value, lambda: _rejected_text(case))
    return 0


def _rejected_text(case: ReviewCase) -> str:
    way_back = f"; if you think again: dreamscape review accept {case.id}" if case.item.diff else ""
    return f"review {case.id} rejected: no later run asks about it again{way_back}"


def _list_text(reviews: Sequence[ReviewCase], turned_down: int) -> str:
    from dreamscape.cli.render import table

    more = (
        f"turned down or undone before: {turned_down}, 'dreamscape review list --all' shows them" if turned_down else ""
    )
    if not reviews:
        return "\n".join(filter(None, ["nothing waits for you", more]))
    rows = ((case.id, case.opened, case.state, _what(case), _short(case.item.tests)) for case in reviews)
    listed = table(("id", "opened (UTC)", "state", "change", "tests"), rows, right=(0,))
    return "\n".join(filter(None, [listed, more]))


def _what(case: ReviewCase) -> str:
    return ", ".join(case.item.files) if case.item.diff else "unsolved"


def _short(tests: Sequence[str]) -> str:
    return f"{tests[0]} and {len(tests) - 1} more" if len(tests) > 1 else "".join(tests)


def _case_text(case: ReviewCase) -> str:
    from dreamscape.domain.records import ACCEPTABLE

    item = case.item
    parts = [
        f"review {case.id} ({case.state}), run {case.run}, {case.opened:%Y-%m-%d %H:%M} UTC",
        *_part("why", [item.why]),
        *_part("failing tests", item.tests),
        *_part("proposed change", [item.diff]),
        *(line for number, rival in enumerate(item.rivals, 1) for line in _part(f"rival {number}", [rival])),
        *_part("where they differ", item.examples),
        *_part("what models tried in vain", item.tried),
        *_part("what is known of the code", item.signals),
    ]
    if case.state in ACCEPTABLE:
        parts.append(f"\n{_next_steps(case)}")
    return "\n".join(parts)


def _part(title: str, lines: Iterable[str]) -> list[str]:
    said = [line.rstrip("\n") for line in lines if line]
    return [f"\n{title}", *said] if said else []


def _next_steps(case: ReviewCase) -> str:
    land = f"dreamscape review accept {case.id}   lands the change\n" if case.item.diff else ""
    reject = f"dreamscape review reject {case.id}   turns it down; no later run asks about it again"
    return f"{land}{reject if case.state == 'open' else ''}".rstrip()
