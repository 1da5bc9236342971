"""What every run sees of the project."""

from pathlib import Path

from dreamscape.agent.base import Base
from dreamscape.agent.functions import function_finder
from dreamscape.agent.paths import may_be_repaired


def test_the_base_is_head_plus_what_landed(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes(b"edited")
    (tmp_path / "b.py").write_bytes(b"as committed")
    base = Base(tmp_path, lambda: {"a.py": b"as committed"}, ["a.py", "b.py", "gone.py"])

    assert base.sources() == {"a.py": b"as committed", "b.py": b"as committed"}
    base.advance({"b.py": b"repaired"})
    assert base.read("b.py") == b"repaired"
    base.retreat({"b.py": b"repaired"})
    assert base.read("b.py") == b"as committed"


def test_a_function_is_named_with_all_around_it() -> None:
    source = b"def f():\n    def g():\n        pass\n    return g\n\nclass A:\n    x = 1\n"
    source += b"    @cache\n    def m(self):\n        pass\n"
    name_at = function_finder(source)

    assert [name_at(line) for line in (1, 3, 4, 7, 8, 10)] == ["f", "f.g", "f", "", "A.m", "A.m"]
    assert function_finder(b"def (")(1) == ""


def test_tests_and_machinery_are_not_repaired() -> None:
    assert may_be_repaired("src/pkg/core.py")
    assert may_be_repaired("contest.py")
    for path in (
        "tests/helpers.py",
        "pkg/test_core.py",
        "core_test.py",
        "setup.py",
        ".venv/x.py",
        "README.md",
        "../x.py",
    ):
        assert not may_be_repaired(path)
    assert not may_be_repaired("src/pkg/core.py", ["src/"])


def test_who_began_on_an_older_base_goes_on_seeing_it(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes(b"old")
    (tmp_path / "b.py").write_bytes(b"old")
    base = Base(tmp_path, lambda: {"edited.py": b"HEAD's"}, ["a.py", "b.py"])
    base.advance({"b.py": b"landed before"})
    before = base.sources()

    assert base.changes_as_in(before) == base.changes()

    base.advance({"a.py": b"landed meanwhile"})

    assert base.changes_as_in(before) == {"edited.py": b"HEAD's", "a.py": b"old", "b.py": b"landed before"}
    assert base.sources()["a.py"] == b"landed meanwhile"
