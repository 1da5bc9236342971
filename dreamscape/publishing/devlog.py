"""Devlog: reads events and git, never the work tables, and keeps the draft it writes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from dreamscape.domain.events import Event, EventKind
from dreamscape.domain.ports import Clock, History
from dreamscape.domain.story import Story
from dreamscape.publishing.markdown import commit_link, page
from dreamscape.publishing.span import Span, span_to_tell
from dreamscape.publishing.telling import sections
from dreamscape.tools.files import atomic_write, private_folder, state_folder
from dreamscape.tools.git import Commit, Git


@dataclass(frozen=True, slots=True)
class Draft:
    """A told story, ``text`` in Markdown; ``path`` is None where there was nothing to tell."""

    story: Story
    text: str
    path: Path | None


class Devlog:
    """Tells what happened to one project."""

    def __init__(self, project: Path, history: History, clock: Clock) -> None:
        self._project = project
        self._history = history
        self._clock = clock

    def write(self, since: str | None = None, until: str | None = None) -> Draft:
        """The story of a stretch (by itself: see `span_to_tell`), kept as a draft and remembered as told.

        Raises UsageError for a revision that does not exist.
        """
        git = Git.find(self._project)
        events = self._history.events()
        span = span_to_tell(git, events, since, until)
        story = self._story(git, events, span)
        if story.is_empty:
            return Draft(story, "", None)
        remote = git.say("config", "--get", "remote.origin.url", fine=(0, 1)) if git else ""
        markdown = page(story, commit_link(remote))
        path = private_folder(state_folder(self._project), "drafts") / _file_name(span)
        atomic_write(path, markdown.encode("utf-8", "backslashreplace"), private=True)
        told = {"since": span.since, "until": span.until, "path": str(path.relative_to(self._project))}
        self._history.add_event(Event(EventKind.DEVLOG_WRITTEN, self._clock(), data=told))
        return Draft(story, markdown, path)

    def _story(self, git: Git | None, events: tuple[Event, ...], span: Span) -> Story:
        commits: tuple[Commit, ...] = ()
        if git is not None and span.until is not None:
            commits = git.log(f"{span.since}..{span.until}" if span.since else span.until)

        def is_merged(commit: str) -> bool:
            return git is not None and git.is_ancestor(commit, span.until or "HEAD")

        told = sections([event for event in events if span.holds(event)], commits, is_merged)
        return Story(self._project.name, span.since_name, span.until_name, told)


def _file_name(span: Span) -> str:
    ends = "..".join(name for name in (span.since_name, span.until_name) if name) or "all"
    return f"devlog-{re.sub(r'[^A-Za-z0-9._-]+', '_', ends)}.md"
