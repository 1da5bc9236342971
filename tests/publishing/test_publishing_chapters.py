"""What became of each failing test, out of the order of events; and words that stay harmless in Markdown."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from dreamscape.domain.events import Event, EventKind
from dreamscape.publishing.chapters import ENDINGS, chapters
from dreamscape.publishing.markdown import code, escaped
from dreamscape.publishing.telling import sections

NIGHT = datetime(2026, 1, 1, tzinfo=UTC)


def event(number: int, kind: EventKind, run: str = "r1", item: str | None = "i1", **data: object) -> Event:
    return Event(kind, NIGHT + timedelta(hours=number), run, item, {"tests": ["t::a"], **data}, number)


def endings(*events: Event) -> list[tuple[str, int]]:
    return [(chapter.ending, len(chapter.events)) for chapter in chapters(events)]


def test_three_nights_in_vain_are_one_chapter() -> None:
    nights = [event(n, EventKind.ITEM_UNSOLVED, run=f"r{n}", item=f"i{n}") for n in (1, 2, 3)]

    assert endings(*nights) == [("in vain", 3)]
    (section, *_) = sections(nights, (), lambda commit: True)
    assert "seen by 3 runs" in section.lines[0].text
    assert section.lines[0].events == (1, 2, 3)


def test_a_test_repaired_in_the_end_is_told_as_repaired_only() -> None:
    assert endings(event(1, EventKind.ITEM_UNSOLVED), event(2, EventKind.ITEM_LANDED, run="r2", item="i2")) == [
        ("repaired", 2)
    ]


def test_a_test_that_breaks_again_begins_a_new_chapter() -> None:
    told = endings(event(1, EventKind.ITEM_LANDED), event(2, EventKind.ITEM_LANDED, run="r2", item="i2"))

    assert told == [("repaired", 1), ("repaired", 1)]


def test_a_repair_rolled_back_in_its_run_is_no_repair() -> None:
    assert endings(event(1, EventKind.ITEM_LANDED), event(2, EventKind.ITEM_ROLLED_BACK)) == [("taken back", 2)]


def test_undoing_a_run_takes_its_repairs_back_and_leaves_the_others() -> None:
    other = event(2, EventKind.ITEM_LANDED, run="r2", item="i2")
    undone = Event(EventKind.LANDING_UNDONE, NIGHT, "r1", None, {}, 3)

    assert endings(event(1, EventKind.ITEM_LANDED), other, undone) == [("taken back", 2), ("repaired", 1)]


def test_undoing_one_item_takes_that_one_back() -> None:
    first = event(1, EventKind.ITEM_LANDED)
    second = Event(EventKind.ITEM_LANDED, NIGHT, "r1", "i2", {"tests": ["t::b"]}, 2)
    undone = Event(EventKind.LANDING_UNDONE, NIGHT, "r1", "i2", {}, 3)

    assert endings(first, second, undone) == [("repaired", 1), ("taken back", 2)]


def test_an_accepted_review_is_a_repair_and_a_rejected_one_is_told_as_such() -> None:
    waiting = event(1, EventKind.ITEM_FOR_REVIEW)

    assert endings(waiting) == [("waiting", 1)]
    assert endings(waiting, event(2, EventKind.REVIEW_ACCEPTED)) == [("repaired", 2)]
    assert endings(waiting, event(2, EventKind.REVIEW_REJECTED)) == [("rejected", 2)]


anything_happens = st.lists(
    st.builds(
        lambda kind, run, item: (kind, run, item),
        st.sampled_from(list(EventKind)),
        st.sampled_from(["r1", "r2"]),
        st.sampled_from(["i1", "i2", None]),
    ),
    max_size=20,
)


@given(anything_happens)
def test_every_ending_is_told_exactly_once_and_every_line_has_a_source(
    happened: list[tuple[EventKind, str, str | None]],
) -> None:
    events = [
        Event(kind, NIGHT, run, item, {"tests": [f"t::{item}"]}, n) for n, (kind, run, item) in enumerate(happened, 1)
    ]

    told = [e.id for chapter in chapters(events) for e in chapter.events if e.kind in ENDINGS]
    lines = [line for section in sections(events, (), lambda commit: False) for line in section.lines]

    assert sorted(told) == [e.id for e in events if e.kind in ENDINGS]
    assert all(line.events or line.commits for line in lines)


@given(st.text())
def test_a_code_span_holds_any_text_on_one_line(text: str) -> None:
    span = code(text)

    fence = "`" * (len(span) - len(span.lstrip("`")))
    inside = span[len(fence) : -len(fence)]
    assert "\n" not in span
    assert span.endswith(fence)
    assert fence not in re.findall("`+", inside)


@given(st.text() | st.text("<>[]()!*_~`#+-=.&;1ab /\\\\|"))
def test_escaped_text_shows_as_it_is_on_one_line(text: str) -> None:
    shown = escaped(text)

    words = re.sub(r"[\x00-\x1f\x7f-\x9f]+", " ", text).strip()
    spans = [span.strip() or " " for span in re.findall(r"(?<!`)`([^`]+)`(?!`)", words)]
    assert "\n" not in shown
    assert [child.content for child in inline(f"- x: {shown}") if child.type == "code_inline"] == spans
    for before in ("- x: ", "- ", "# "):
        children = inline(f"{before}{shown}")
        assert {child.type for child in children} <= {"text", "text_special", "code_inline"}
        if "`" not in words:
            assert "".join(child.content for child in children) == f"{before[2:]}{words}".strip()


def inline(line: str) -> list[Token]:
    """What a line of a page is made of, as a reader of Markdown sees it."""
    blocks = MarkdownIt("commonmark").enable(["strikethrough", "table"]).parse(line)
    opened = [block.type for block in blocks if block.type.endswith("_open")]
    assert opened in (
        ["bullet_list_open", "list_item_open", "paragraph_open"],
        ["bullet_list_open", "list_item_open"],
        ["heading_open"],
    )
    return [child for block in blocks for child in block.children or ()]


def test_no_more_is_escaped_than_has_to_be() -> None:
    assert (
        escaped("`<` becomes `<=` in snake_case, where a * b < c") == "`<` becomes `<=` in snake_case, where a * b < c"
    )
    assert escaped("*Add* <b> and __init__ [now]") == r"\*Add\* \<b> and \_\_init\_\_ \[now]"
    assert escaped("1. first") == r"1\. first"
    assert escaped("#12") == r"\#12"
