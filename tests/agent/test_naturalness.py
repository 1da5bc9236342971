"""Which of several changes reads like code that people write, and which read alike."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dreamscape.agent.naturalness import (
    FAMILIAR_FORM,
    NEEDLESS_NOT,
    NO_OPERATION,
    UNKNOWN_NUMBER,
    UNKNOWN_TRUTH,
    naturalness,
    reading,
)
from dreamscape.domain.repair import Candidate, Edit

SOURCE = b"""\
LIMIT = 60

def first(items, key):
    if not key is None:
        return items[key]
    return items[0]


class Box:
    def holds(self, key):
        return not not key and key in self.keys
"""
SOURCES = {"a.py": SOURCE}


def change(old: bytes, new: bytes) -> Candidate:
    start = SOURCE.index(old)
    return Candidate((Edit("a.py", start, start + len(old), new),), "repairer:any", 1.0, "a change")


@pytest.mark.parametrize(
    ("old", "new", "worth"),
    [
        (b"not key is None", b"key is None", 1.0),
        (b"not key is None", b"key is not None", 1.0),
        (b"not key is None", b"not key is not None", NEEDLESS_NOT),
        (b"not key is None", b"not key is None and items", NEEDLESS_NOT),
        (b"items[0]", b"items[60]", 1.0),
        (b"items[0]", b"items[59]", UNKNOWN_NUMBER),
        (b"not not key and", b"key and", 1.0),
        (b"not not key and", b"not not key or", NEEDLESS_NOT),
        (b"LIMIT = 60", b"LIMIT = (", 1.0),
        (b"return items[key]", b"items -= 0", NO_OPERATION),
        (b"return items[key]", b"return items[key] + 0", NO_OPERATION),
        (b"return items[key]", b"return True", UNKNOWN_TRUTH),
    ],
)
def test_what_nobody_writes_counts_against_a_change(old: bytes, new: bytes, worth: float) -> None:
    assert naturalness(change(old, new), SOURCES) == worth


def test_a_line_that_takes_the_form_of_others_is_more_natural() -> None:
    source = b"if hours >= 24 and known:\n    days += 1\nif minutes > 60 and known:\n    hours += 1\n"
    at = source.index(b">", source.index(b"minutes"))
    sources = {"a.py": source}

    def worth(new: bytes) -> float:
        return naturalness(Candidate((Edit("a.py", at, at + 4, new),), "repairer:any", 1.0, "a change"), sources)

    assert worth(b">= 60") == FAMILIAR_FORM
    assert worth(b"!= 60") == 1.0
    assert worth(b"> 59") == UNKNOWN_NUMBER


def test_a_needless_not_elsewhere_says_nothing() -> None:
    assert naturalness(change(b"return items[0]", b"return items[60]"), SOURCES) == 1.0


def test_changes_that_say_the_same_in_other_words_read_alike() -> None:
    plain = reading(change(b"not key is None", b"key is None"), SOURCES)

    assert plain == reading(change(b"not key is None", b"not (key is not None)"), SOURCES)
    assert plain == reading(change(b"not key is None:", b"(key) is None:  # once more"), SOURCES)
    assert plain != reading(change(b"not key is None", b"key is not None"), SOURCES)
    assert plain != reading(change(b"items[0]", b"items[60]"), SOURCES)


def test_changes_of_methods_read_alike_only_where_they_are_the_same() -> None:
    one = reading(change(b"not not key", b"not key"), SOURCES)

    assert one == reading(change(b"not not key and", b"(not key) and"), SOURCES)
    assert one != reading(change(b"key in self", b"key not in self"), SOURCES)


def test_what_cannot_be_read_is_only_like_itself() -> None:
    broken = change(b"LIMIT = 60", b"LIMIT = (")

    assert reading(broken, SOURCES) == broken.id


@given(st.sampled_from(["is", "is not", "in", "not in", "==", "!="]), st.integers(0, 3))
def test_any_number_of_nots_before_a_comparison_reads_like_one_comparison(operator: str, nots: int) -> None:
    text = "not " * nots + f"(key {operator} items)"
    opposite = {"is": "is not", "in": "not in", "==": "!="}
    opposite |= {value: key for key, value in opposite.items()}
    plain = f"key {opposite[operator] if nots % 2 else operator} items"

    assert reading(change(b"not key is None", text.encode()), SOURCES) == reading(
        change(b"not key is None", plain.encode()), SOURCES
    )
