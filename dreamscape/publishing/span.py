"""Which stretch of time and history a devlog tells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from dreamscape.domain.errors import UsageError
from dreamscape.domain.events import Event, EventKind
from dreamscape.tools.git import Git


@dataclass(frozen=True, slots=True)
class Span:
    """From behind ``since`` up to and with ``until`` (commits; None: no git, or from the beginning).

    ``since_name`` and ``until_name`` are what people call them. Events belong to it when their id is above
    ``after_event`` and their time after ``after`` and not after ``before``.
    """

    since: str | None = None
    until: str | None = None
    since_name: str | None = None
    until_name: str | None = None
    after_event: int = 0
    after: datetime | None = None
    before: datetime | None = None

    def holds(self, event: Event) -> bool:
        """Whether an event lies in it."""
        return (
            event.id > self.after_event
            and (self.after is None or event.at > self.after)
            and (self.before is None or event.at <= self.before)
        )


def span_to_tell(git: Git | None, events: Sequence[Event], since: str | None, until: str | None) -> Span:
    """The stretch the user asked for; by itself: the release HEAD is tagged as, else what is new since the last tag
    or devlog, whichever is later. Raises UsageError for a revision that does not exist."""
    devlogs = [event for event in events if event.kind is EventKind.DEVLOG_WRITTEN]
    if git is None or git.head() is None:
        if since or until:
            raise UsageError("--since and --until name revisions, and there is no commit here")
        return Span(after_event=devlogs[-1].id if devlogs else 0)
    end = _commit(git, until or "HEAD")
    tags = git.tags_at(end)
    span = Span(
        until=end,
        until_name=tags[-1] if tags else until or end[:7],
        before=_time(git, end) if until and end != git.head() else None,
    )
    if since:
        return _from_commit(git, span, _commit(git, since), since, devlogs)
    if tags:
        before = git.previous_tag(end)
        return _from_commit(git, span, _commit(git, before), before, devlogs) if before else span
    return _from_the_later(git, span, end, devlogs)


def _from_the_later(git: Git, span: Span, end: str, devlogs: Sequence[Event]) -> Span:
    """From the last devlog whose end is still part of history, or from the last tag if that is newer."""
    tag = git.latest_tag(end)
    told = next((event for event in reversed(devlogs) if git.is_ancestor(str(event.data.get("until")), end)), None)
    if told is not None and (tag is None or told.at >= _time(git, tag)):
        commit = str(told.data["until"])
        return _replaced(span, commit, commit[:7], after_event=told.id)
    return _from_commit(git, span, _commit(git, tag), tag, devlogs) if tag else span


def _from_commit(git: Git, span: Span, commit: str, name: str, devlogs: Sequence[Event]) -> Span:
    """Events go on where the devlog that ended at this commit stopped; without one, at the commit's time."""
    told = next((event for event in reversed(devlogs) if event.data.get("until") == commit), None)
    if told is not None:
        return _replaced(span, commit, name, after_event=told.id)
    return _replaced(span, commit, name, after=_time(git, commit))


def _replaced(span: Span, commit: str, name: str, *, after_event: int = 0, after: datetime | None = None) -> Span:
    return Span(commit, span.until, name, span.until_name, after_event, after, span.before)


def _commit(git: Git, name: str) -> str:
    commit = git.commit_of(name)
    if commit is None:
        raise UsageError(f"there is no revision {name!r}", "--since and --until take a tag, a branch or a commit")
    return commit


def _time(git: Git, name: str) -> datetime:
    """When a commit was committed."""
    return datetime.fromtimestamp(int(git.say("show", "-s", "--format=%ct", _commit(git, name))), UTC)
