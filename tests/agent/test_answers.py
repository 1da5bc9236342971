"""Answers in words, in the forms models choose."""

from dreamscape.agent.answers import SearchReplace, WholeCode, proposals

BLOCK = """The comparison is off by one.

lib/ranges.py
<<<<<<< SEARCH
    while low < high:
=======
    while low <= high:
>>>>>>> REPLACE
Hope this helps!
"""


def test_a_search_replace_block_names_its_file_on_the_line_above() -> None:
    assert proposals(BLOCK) == (SearchReplace("lib/ranges.py", "    while low < high:\n", "    while low <= high:\n"),)


def test_blocks_inside_a_fence_are_read_too() -> None:
    fenced = "Here:\n\nlib/ranges.py\n```python\n<<<<<<< SEARCH\na = 1\n=======\na = 2\n>>>>>>> REPLACE\n```\n"

    assert proposals(fenced) == (SearchReplace("lib/ranges.py", "a = 1\n", "a = 2\n"),)


def test_a_unified_diff_becomes_the_text_before_and_after_whatever_its_line_numbers() -> None:
    diff = (
        "```diff\n--- a/m.py\n+++ b/m.py\n@@ -999,3 +999,3 @@\n def f(a):\n-    return a\n+    return a + 1\n \n```\n"
    )

    (found,) = proposals(diff)

    assert found == SearchReplace("m.py", "def f(a):\n    return a\n\n", "def f(a):\n    return a + 1\n\n")


def test_fenced_code_is_a_whole_function() -> None:
    answer = "In `pkg/m.py` the sign is wrong:\n\n```python\ndef f(a):\n    return -a\n```\n"

    assert proposals(answer) == (WholeCode("pkg/m.py", "def f(a):\n    return -a\n"),)


def test_prose_alone_proposes_nothing() -> None:
    assert proposals("I am not sure. Try adding a check for None?") == ()


def test_a_shell_fence_is_no_proposal() -> None:
    assert proposals("Run this:\n```bash\npytest -q\n```\n") == ()


def test_an_answer_with_windows_line_ends_reads_the_same() -> None:
    assert proposals(BLOCK.replace("\n", "\r\n")) == proposals(BLOCK)
