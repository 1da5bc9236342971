"""Chapters, events and commits go in, a story comes out; pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet

from dreamscape.domain.events import Event, EventKind
from dreamscape.domain.story import Line, Section
from dreamscape.publishing.chapters import Chapter, chapters
from dreamscape.publishing.markdown import code, escaped
from dreamscape.tools.git import Commit

SHOWN_TESTS = 3
SHOWN_COMMITS = 50
"""Chosen: what a person reads in one go; the rest is counted."""

TITLES = {
    "repaired": "Repaired",
    "waiting": "Waiting for a person",
    "in vain": "Tried in vain",
    "taken back": "Taken back",
    "rejected": "Rejected by a person",
    "set aside": "Set aside",
}

IsMerged = Callable[[str], bool]


def sections(events: Sequence[Event], commits: Sequence[Commit], is_merged: IsMerged) -> tuple[Section, ...]:
    """All sections that have something to say, the most important first."""
    told = chapters(events)
    by_ending = (
        Section(title, tuple(_chapter_line(chapter, is_merged) for chapter in told if chapter.ending == ending))
        for ending, title in TITLES.items()
    )
    ours = frozenset(commit for chapter in told for commit in chapter.commits)
    found = (
        *by_ending,
        Section("Other commits", tuple(_commit_lines(commits, ours))),
        Section("Numbers", tuple(_numbers(told, events, commits))),
    )
    return tuple(section for section in found if section.lines)


def _chapter_line(chapter: Chapter, is_merged: IsMerged) -> Line:
    parts = [_tests(chapter.tests) or code(chapter.last.item or "an item"), _what(chapter)]
    if chapter.ending == "repaired" and chapter.commits and not is_merged(chapter.commits[0]):
        parts.append("not merged yet")
    times = len({event.run for event in chapter.events})
    if times > 1:
        parts.append(f"seen by {times} runs")
    text = ": ".join(parts[:2]) + "".join(f"; {part}" for part in parts[2:])
    return Line(text, tuple(event.id for event in chapter.events), chapter.commits)


def _what(chapter: Chapter) -> str:
    """The reason given last, and where."""
    why = next((str(e.data["why"]) for e in reversed(chapter.events) if e.data.get("why")), chapter.ending)
    files = next((e.data["files"] for e in reversed(chapter.events) if e.data.get("files")), ())
    places = [code(str(path)) for path in files] if isinstance(files, list | tuple) else []
    state = chapter.last.data.get("state")
    kind = f"{str(state).replace('_', ' ')}, " if chapter.ending == "set aside" and state else ""
    return kind + escaped(why) + (f", in {' and '.join(places)}" if places else "")


def _tests(tests: Sequence[str]) -> str:
    more = len(tests) - SHOWN_TESTS
    return ", ".join(map(code, tests[:SHOWN_TESTS])) + (f" and {more} more" if more > 0 else "")


def _commit_lines(commits: Sequence[Commit], ours: AbstractSet[str]) -> Iterator[Line]:
    others = [commit for commit in commits if commit.id not in ours and len(commit.parents) < 2]
    for commit in others[:SHOWN_COMMITS]:
        yield Line(f"{escaped(commit.subject) or 'no subject'}, by {escaped(commit.author)}", commits=(commit.id,))
    if len(others) > SHOWN_COMMITS:
        yield Line(f"and {len(others) - SHOWN_COMMITS} more, down to this one", commits=(others[-1].id,))


def _numbers(told: Sequence[Chapter], events: Sequence[Event], commits: Sequence[Commit]) -> Iterator[Line]:
    """What can be counted, each with what was counted."""
    runs = tuple(event.id for event in events if event.kind is EventKind.RUN_STARTED and _is_heal(event))
    if runs:
        yield Line(f"Heal runs: {len(runs)}", runs)
    for ending in ("repaired", "waiting", "in vain"):
        settled = tuple(chapter.last.id for chapter in told if chapter.ending == ending)
        if settled:
            yield Line(f"{TITLES[ending]}: {len(settled)}", settled)
    baselines = [event for event in events if event.kind is EventKind.BASELINE_TESTED]
    for word, event in (("first", baselines[0]), ("last", baselines[-1]))[: len(baselines)] if baselines else ():
        yield Line(f"Tests before the {word} run: {_tally(event)}", (event.id,))
    if commits:
        ends = tuple(dict.fromkeys((commits[-1].id, commits[0].id)))
        yield Line(f"Commits: {len(commits)}, from first to last", commits=ends)


def _is_heal(started: Event) -> bool:
    """Whether a run looked for work itself; in a "review" run a person had decided."""
    return started.data.get("command", "heal") == "heal"


def _tally(event: Event) -> str:
    return ", ".join(f"{event.data[name]} {name}" for name in ("passed", "failed", "errors") if name in event.data)
