"""Event streams, whatever pieces they arrive in."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from dreamscape.client.sse import payloads

ENDS = st.sampled_from([b"\n", b"\r\n", b"\r"])
LINES = st.sampled_from([b"data: a", b"data:", b"data", b": c", b"", b"event: x", "data: hö\u2028".encode(), b"dat"])


@given(lines=st.lists(LINES), end=ENDS, cuts=st.lists(st.integers(0, 60)))
def test_how_a_stream_is_cut_changes_nothing(lines: list[bytes], end: bytes, cuts: list[int]) -> None:
    stream = b"".join(line + end for line in lines)
    marks = [0, *sorted(cuts), len(stream)]
    pieces = [stream[begin:stop] for begin, stop in itertools.pairwise(marks)]

    assert list(payloads(pieces)) == list(payloads([stream]))


@given(st.lists(st.lists(st.text(st.characters(exclude_characters="\r\n", codec="utf-8"))).filter(bool)), ENDS)
def test_what_is_sent_arrives(events: list[list[str]], end: bytes) -> None:
    sent = b"".join(b"".join(b"data: " + line.encode() + end for line in event) + end for event in events)

    assert list(payloads([sent])) == ["\n".join(event) for event in events]
