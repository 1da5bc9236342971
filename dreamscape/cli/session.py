"""``dreamscape session``: the logins with chat sites that are kept on this machine."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dreamscape.cli.context import Options, command, new_app

if TYPE_CHECKING:
    from dreamscape.domain.models import SessionCheck, SessionState

app = new_app("Log in to chat sites, and look after those logins.", example="dreamscape session login --site chatgpt")

WIDTH = 80
"""Columns, as a terminal has at least."""

Site = Annotated[str, typer.Option(metavar="NAME", help="The chat site's profile.")]
Account = Annotated[str, typer.Option(metavar="NAME", help="One of several logins you have there.")]


@command(app)
def login(
    options: Options,
    site: Site,
    account: Account = "",
    cookies: Annotated[Path | None, typer.Option(metavar="FILE", help="Take the login from a file of cookies.")] = None,
) -> int:
    """Open a window and wait until you have logged in there.

    The login is kept for you alone; later prompts use it without a window. Nothing is typed or answered for you.
    Without a display, --cookies takes what a browser's extension exported: cookies.txt, or a JSON list.

    Example: dreamscape session login --site chatgpt
    """
    from dreamscape import bootstrap
    from dreamscape.bootstrap import asking
    from dreamscape.cli import render

    asking.log_in(bootstrap.open_project(options.project, options.config), site, account, cookies)
    render.show(options, "session", {"site": site, "account": account}, lambda: f"logged in to {site}")
    return 0


@command(app, "list")
def list_sessions(options: Options) -> int:
    """List the sessions kept on this machine.

    Example: dreamscape session list
    """
    from dreamscape import bootstrap
    from dreamscape.bootstrap import asking
    from dreamscape.cli import render

    states = asking.sessions(bootstrap.open_project(options.project, options.config))
    render.show(options, "sessions", {"sessions": states}, lambda: _table(states))
    return 0


@command(app)
def check(
    options: Options,
    site: Site,
    account: Account = "",
    url: Annotated[str | None, typer.Option(help="The page to look at (default: the site's).")] = None,
    ask: Annotated[bool, typer.Option("--ask", help="Send one short prompt, to see an answer, too.")] = False,
) -> int:
    """Open a chat site and tell which parts of its page are found.

    For each part, the selector that found it and its place among the alternatives of the site's profile. What only
    an answer shows is looked for with --ask, which counts as a prompt. At trouble a picture of the page is kept: its
    outlines, without its words and images. Exits 1 where something needed is missing.

    Example: dreamscape session check --site chatgpt --ask
    """
    from dreamscape import bootstrap
    from dreamscape.bootstrap import asking
    from dreamscape.cli import render

    project = bootstrap.open_project(options.project, options.config)
    found = asking.check_session(project, site, account, url, is_asked=ask)
    render.show(options, "session", found, lambda: "\n".join(_told(found, was_asked=ask)))
    return 1 if found.trouble else 0


@command(app)
def close(
    options: Options, session: Annotated[str, typer.Argument(metavar="SESSION", help="As 'session list' names it.")]
) -> int:
    """Delete a session, and the login with it.

    Example: dreamscape session close chatgpt
    """
    from dreamscape import bootstrap
    from dreamscape.bootstrap import asking
    from dreamscape.cli import render

    asking.forget_session(bootstrap.open_project(options.project, options.config), session)
    render.show(options, "session", {"closed": session}, lambda: f"{session} is deleted, and its login with it")
    return 0


def _table(states: Sequence[SessionState]) -> str:
    from dreamscape.cli.render import one_line, table

    if not states:
        return "no session is kept here; make one: dreamscape session login --site NAME"
    heads = ("session", "prompts", "last asked (UTC)", "rests until (UTC)")
    rows = [(one_line(s.session), s.prompts, _time(s.asked) or "never", _time(s.rests_until)) for s in states]
    head, *lines = table(heads, rows, right=(1,)).split("\n")
    told = [head]
    for line, state in zip(lines, states, strict=True):
        told.append(line)
        told += textwrap.wrap(
            state.trouble and f"last trouble: {state.trouble}", WIDTH, initial_indent="  ", subsequent_indent="  "
        )
    return "\n".join(told)


def _time(iso: str) -> str:
    """To the minute; as `SessionState` has it, which is in UTC."""
    return iso[:16].replace("T", " ")


def _told(found: SessionCheck, *, was_asked: bool) -> Iterator[str]:
    how = "tried on the site itself" if found.is_verified else "not yet marked as tried on the site itself"
    if found.checked:
        how = f"right, the page was found as its profile says, {_time(found.checked)} UTC"
    yield f"{found.session} at {found.url}"
    yield f"  its profile, version {found.version}, is {how}; evidence: {found.evidence or 'none given'}"
    is_reached = not found.trouble or any(marker.selector is not None for marker in found.markers)
    for marker in found.markers if is_reached else ():
        if marker.selector is not None:
            yield f"  {marker.key:11} {marker.selector}  (alternative {marker.place})"
        else:
            yield f"  {marker.key:11} not to be seen now" + (
                "" if was_asked or not marker.is_needed else ", before a prompt"
            )
    if found.trouble:
        yield f"trouble: {found.trouble}"
        yield from (f"  {advice}" for advice in [found.advice] if advice)
    elif not was_asked:
        yield "the page takes prompts; --ask sends one and looks at the answer, too"
    else:
        yield "the page takes prompts and gives whole answers"
