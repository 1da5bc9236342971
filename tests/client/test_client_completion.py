"""What a stream adds up to, wherever it ends."""

from __future__ import annotations

import itertools

import pytest
from api_site import chunk, data, events, usage
from hypothesis import given
from hypothesis import strategies as st

from dreamscape.client.completion import answer_of
from dreamscape.client.sse import payloads
from dreamscape.domain.errors import AnswerUnfinished
from dreamscape.domain.models import Answer


def answer(*chunks: bytes) -> Answer:
    return answer_of(payloads(chunks), "m", lambda characters: None)


@pytest.mark.parametrize("end", [b"\n\n", b"\r\n\r\n", b"\n"])
def test_an_answer_that_ends_anywhere_is_whole_or_none(end: bytes) -> None:
    stream = data(chunk("first\nhö"), chunk("\U0001f600"), chunk(" last"), chunk(end="stop"), usage(7, 5), end=end)
    whole = 0

    for stop in range(len(stream)):
        try:
            said = answer(stream[:stop])
        except AnswerUnfinished:
            continue
        whole += 1
        assert (said.text, said.finished) == ("first\nhö\U0001f600 last", True)

    assert 0 < whole < len(data(usage(7, 5))) + 5


@given(st.text(st.characters(codec="utf-8")), st.lists(st.integers(0, 500)))
def test_every_text_comes_as_it_was_said(text: str, cuts: list[int]) -> None:
    stream = events(text)
    marks = [0, *sorted(cuts), len(stream)]

    assert answer(*(stream[at:to] for at, to in itertools.pairwise(marks))).text == text


def test_how_far_it_is_is_told() -> None:
    heard: list[int] = []
    answer_of(payloads([events("three of these")]), "m", heard.append)

    assert heard == sorted(heard)
    assert heard[-1] == len("three of these")


def test_of_several_sums_of_tokens_the_last_counts() -> None:
    said = [chunk("a", usage=usage(3, 1)["usage"]), chunk("b", "stop", usage=usage(3, 2)["usage"])]

    assert answer(data(*said)).tokens_out == 2


@pytest.mark.parametrize("told", [None, {}, {"prompt_tokens": "7"}, {"prompt_tokens": -7, "completion_tokens": True}])
def test_tokens_that_are_none_are_not_counted(told: object) -> None:
    said = answer(data(chunk("a", "stop", usage=told)))

    assert (said.tokens_in, said.tokens_out) == (0, 0)
