"""Words for a page: text from a project becomes harmless Markdown, sources become links."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import urlsplit

from dreamscape.domain.story import Line, Story

_COMMIT_PAGES = {
    "github.com": "/commit/",
    "gitlab.com": "/-/commit/",
    "codeberg.org": "/commit/",
    "bitbucket.org": "/commits/",
}
_SPAN = re.compile(r"(?<!`)`([^`]+)`(?!`)")
_SPECIAL = re.compile(
    r"(?<=[^\W_])_+(?=[^\W_])|(?<=\s)[*~](?=\s)"  # as in snake_case and a * b, where they mean nothing
    r"|(?P<special>[\\`*_\[~]|<(?=[A-Za-z/!?])|&(?=#?\w+;))"
)
_BEGINNING = re.compile(r"\d{1,9}(?=[.)](?:\s|$))|(?=[>#+=-])")
"""What would make a line a list, quotation or heading, up to where a backslash takes that away."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]+")

CommitLink = Callable[[str], str]
"""Full hash -> Markdown that names the commit."""


def page(story: Story, link: CommitLink) -> str:
    """The whole story as Markdown."""
    head = f"# {escaped(story.project)}: {escaped(_stretch(story))}"
    parts = [
        "\n".join([f"## {section.title}", "", *(f"- {_with_sources(line, link)}" for line in section.lines)])
        for section in story.sections
    ]
    return "\n\n".join([head, *parts]) + "\n"


def _stretch(story: Story) -> str:
    match story.since, story.until:
        case None, None:
            return "what happened"
        case None, until:
            return f"up to {until}"
        case since, until:
            return f"{since} to {until or 'now'}"


def _with_sources(line: Line, link: CommitLink) -> str:
    events = [f"event {number}" for number in line.events]
    return f"{line.text} ({', '.join([*map(link, line.commits), *events])})"


def escaped(text: str) -> str:
    """Text that shows as it is, on one line; what stands between backticks becomes a code span.

    No more is escaped than has to be, since the page is read as it is written, too.
    """
    pieces = _SPAN.split(_CONTROL.sub(" ", text).strip())
    return "".join(code(piece) if at % 2 else _plain(piece, begins=at == 0) for at, piece in enumerate(pieces))


def _plain(text: str, *, begins: bool) -> str:
    shown = _SPECIAL.sub(lambda found: f"\\{found[0]}" if found["special"] else found[0], text)
    if shown.endswith("#") and len(shown) > 1:
        shown = f"{shown[:-1]}\\#"  # else it would end a heading
    first = _BEGINNING.match(shown) if begins else None
    return f"{first[0]}\\{shown[first.end() :]}" if first else shown


def code(text: str) -> str:
    """A code span, whatever backticks the text holds."""
    inside = _CONTROL.sub(" ", text).strip() or " "
    fence = "`" * (max((len(run) for run in re.findall("`+", inside)), default=0) + 1)
    pad = " " if inside.startswith("`") or inside.endswith("`") else ""
    return f"{fence}{pad}{inside}{pad}{fence}"


def commit_link(remote: str) -> CommitLink:
    """Links to the commit's page where ``remote`` is a repository at a known forge, else names it by its hash."""
    base = _pages(remote)

    def link(commit: str) -> str:
        return f"[`{commit[:7]}`]({base}{commit})" if base else f"`{commit[:7]}`"

    return link


def _pages(remote: str) -> str | None:
    """Where a remote's commits are shown; user names and passwords in its address are left behind."""
    as_url = re.sub(r"^(?:[\w.-]+@)?([\w.-]+\.\w+):(?!//)", r"ssh://\1/", remote.strip())
    try:
        address = urlsplit(as_url)
    except ValueError:
        return None
    host = (address.hostname or "").lower()
    path = address.path.strip("/").removesuffix(".git")
    is_plain = re.fullmatch(r"[\w.~-]+(/[\w.~-]+)+", path)
    if address.scheme not in ("https", "ssh") or host not in _COMMIT_PAGES or not is_plain:
        return None
    return f"https://{host}/{path}{_COMMIT_PAGES[host]}"
