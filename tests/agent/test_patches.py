"""From proposals to exact edits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dreamscape.agent.answers import SearchReplace, WholeCode
from dreamscape.agent.patches import PatchRefused, candidate_of

SOURCE = b"class A:\n    def f(self, a):\n        return a\n\n    def g(self):\n        return 1\n"


def patched(proposal: SearchReplace | WholeCode, source: bytes = SOURCE) -> bytes:
    return candidate_of([proposal], {"m.py": source}, "model").applied_to({"m.py": source})["m.py"]


def test_a_quoted_text_is_replaced_where_it_stands() -> None:
    assert patched(SearchReplace(None, "return a\n", "return -a\n")) == SOURCE.replace(b"return a\n", b"return -a\n")


def test_a_method_given_alone_takes_the_indentation_of_its_class() -> None:
    found = patched(WholeCode("m.py", "def f(self, a):\n    return a * 2\n"))

    assert found == SOURCE.replace(b"return a\n", b"return a * 2\n")


def test_line_ends_and_byte_order_mark_stay() -> None:
    source = b"\xef\xbb\xbf" + SOURCE.replace(b"\n", b"\r\n")

    found = patched(SearchReplace("m.py", "        return a\n", "        a = a + 1\n        return a\n"), source)

    assert found == source.replace(b"        return a\r\n", b"        a = a + 1\r\n        return a\r\n")


def test_a_latin_1_source_stays_latin_1() -> None:
    source = "# -*- coding: latin-1 -*-\nname = 'café'\nsize = 1\n".encode("latin-1")

    assert patched(SearchReplace("m.py", "size = 1", "size = 2"), source) == source.replace(b"size = 1", b"size = 2")


@pytest.mark.parametrize(
    ("proposal", "reason"),
    [
        (SearchReplace("other.py", "a", "b"), "not among the files"),
        (SearchReplace("m.py", "return b\n", "return c\n"), "does not stand in"),
        (SearchReplace("m.py", "return", "yield"), "stands 2 times"),
        (SearchReplace("m.py", "return a\n", "return a\n"), "changes nothing"),
        (WholeCode("m.py", "def f(:\n"), "does not parse"),
        (WholeCode("m.py", "def unknown():\n    pass\n"), "defines unknown 0 times"),
        (WholeCode("m.py", "x = 1\n"), "defines no function"),
    ],
)
def test_what_cannot_be_applied_is_refused_with_the_reason(proposal: SearchReplace | WholeCode, reason: str) -> None:
    with pytest.raises(PatchRefused, match=reason):
        patched(proposal)


def test_an_answer_without_changes_is_refused() -> None:
    with pytest.raises(PatchRefused, match="holds no change"):
        candidate_of([], {"m.py": SOURCE}, "model")


@given(st.text(alphabet="abé\n\t 'x", max_size=40), st.text(alphabet="abé\n\t 'x", max_size=40))
def test_everything_outside_the_replaced_text_stays_byte_for_byte(before: str, after: str) -> None:
    source = f"{before}MARK{after}".encode()

    found = candidate_of([SearchReplace("m.py", "MARK", "DONE")], {"m.py": source}, "model")

    assert found.applied_to({"m.py": source})["m.py"] == f"{before}DONE{after}".encode()
