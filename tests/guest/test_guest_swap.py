"""Swapping code does what importing the changed file would do, or refuses."""

from __future__ import annotations

import importlib.util
import itertools
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dreamscape.guest.swap import CannotSwap, Edit, Live, swap

_numbers = itertools.count()


def loaded(folder: Path, source: bytes) -> ModuleType:
    path = folder / f"swapped_{next(_numbers)}.py"
    path.write_bytes(source)
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


def live(module: ModuleType, ran: Iterator[tuple[str, int, str]] | tuple[tuple[str, int, str], ...] = ()) -> Live:
    path = str(Path(str(module.__file__)).resolve())
    return Live({path: Path(path).read_bytes()}, ran)


def edit(module: ModuleType, old: str, new: str, encoding: str = "utf-8") -> Edit:
    path = Path(str(module.__file__)).resolve()
    start = path.read_bytes().index(old.encode(encoding))
    return (str(path), start, start + len(old.encode(encoding)), new.encode(encoding))


SOURCE = b"""from __future__ import annotations
import functools

def plain(n):
    return n + 1

def outer():
    def inner(n):
        return n + 10
    return inner

made = outer()

class Base:
    def __private(self):
        return "base"

    def name(self):
        return self.__private()

class Thing(Base):
    factor = 2

    def __init__(self, n):
        self._n = n

    def name(self):
        return super().name() + "!"

    @property
    def size(self):
        return self._n * self.factor

    @staticmethod
    def fixed():
        return 1

    @classmethod
    def built(cls, n=3):
        return cls(n)

    @functools.lru_cache(maxsize=None)
    def cached(self):
        return 5

    class Inner:
        def deep(self):
            return "deep"

if True:
    def guarded():
        return [x for x in range(3)]

async def waits():
    return 1

def yields():
    yield 1

def one_line(n): return n

shared = plain
"""


def test_every_kind_of_function_gets_its_new_body(tmp_path: Path) -> None:
    module = loaded(tmp_path, SOURCE)
    functions = live(module, ((str(module.__file__), 7, "outer"),))
    thing = module.Thing(4)
    changes = [
        ("n + 1\n", "n + 2\n", lambda: module.shared(1), 3),
        ("n + 10", "n + 20", lambda: module.made(1), 21),
        ('"base"', '"ground"', thing.name, "ground!"),
        ('super().name() + "!"', 'super().name() + "?"', thing.name, "base?"),
        ("self._n * self.factor", "self._n - self.factor", lambda: thing.size, 2),
        ("return 1", "return 2", thing.fixed, 2),
        ("return cls(n)", "return cls(n + 1)", lambda: module.Thing.built()._n, 4),
        ("return 5", "return 6", thing.cached, 6),
        ('"deep"', '"deeper"', lambda: thing.Inner().deep(), "deeper"),
        ("x for x in", "x + 1 for x in", module.guarded, [1, 2, 3]),
        ("yield 1", "yield 1\n    yield 2", lambda: list(module.yields()), [1, 2]),
        ("return n\n", "return -n\n", lambda: module.one_line(1), -1),
    ]

    for old, new, seen, expected in changes:
        module.Thing.cached.cache_clear()
        back = swap(functions.plan([edit(module, old, new)]))
        assert seen() == expected, old
        swap(back)
        module.Thing.cached.cache_clear()
        assert seen() != expected, old


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("factor = 2", "factor = 3"),
        ("n=3", "n=4"),
        ("@staticmethod", "@classmethod"),
        ("shared = plain", "shared = None"),
        ("return n + 1\n", "return n + 1\n\ndef another():\n    pass\n"),
        ("return self._n * self.factor", "return 1\n\n    extra = 1"),
        ("return n + 1", "return n + 1\nmore = 2"),
        ("def plain(n):", "def plain(n, m=1):"),
        ("import functools", "import functools, os"),
    ],
)
def test_what_a_swap_would_not_do_in_full_is_refused(tmp_path: Path, old: str, new: str) -> None:
    module = loaded(tmp_path, SOURCE)

    with pytest.raises(CannotSwap):
        live(module).plan([edit(module, old, new)])


def test_a_function_that_ran_at_import_is_refused_but_not_the_closure_it_made(tmp_path: Path) -> None:
    module = loaded(tmp_path, SOURCE)
    functions = live(module, ((str(module.__file__), 7, "outer"),))

    with pytest.raises(CannotSwap, match="ran while"):
        functions.plan([edit(module, "return inner", "return plain")])
    assert functions.plan([edit(module, "n + 10", "n + 11")])


def test_a_closed_over_name_more_is_refused(tmp_path: Path) -> None:
    module = loaded(tmp_path, b"class A:\n    def f(self):\n        return 1\n")

    with pytest.raises(CannotSwap):
        live(module).plan([edit(module, "return 1", "return super().__init__()")])


def test_a_syntax_error_is_one(tmp_path: Path) -> None:
    module = loaded(tmp_path, SOURCE)

    with pytest.raises(SyntaxError):
        live(module).plan([edit(module, "return n + 1", "return n +")])


@pytest.mark.parametrize(
    ("head", "encoding", "newline"),
    [
        (b"", "utf-8", "\n"),
        (b"\xef\xbb\xbf", "utf-8", "\r\n"),
        (b"# -*- coding: latin-1 -*-\n", "latin-1", "\n"),
        (b"# coding: cp1252\r\n", "cp1252", "\r\n"),
    ],
)
def test_encodings_and_line_ends_do_not_move_the_places(
    tmp_path: Path, head: bytes, encoding: str, newline: str
) -> None:
    text = 'def f(é):\n    "ü"; ö = "äöü"; return ö + é\n\nclass K:\n\tdef g(self): return "ß"; "x"\n'
    module = loaded(tmp_path, head + text.replace("\n", newline).encode(encoding))

    swap(live(module).plan([edit(module, "return ö + é", "return é + ö", encoding)]))
    swap(live(module).plan([edit(module, '"ß"', '"ss"', encoding)]))

    assert (module.f("!"), module.K().g()) == ("!äöü", "ss")


def test_lines_in_tracebacks_stay_true(tmp_path: Path) -> None:
    module = loaded(tmp_path, SOURCE)

    swap(live(module).plan([edit(module, "return n + 1", "x = n\n    return 1 // 0")]))

    with pytest.raises(ZeroDivisionError) as caught:
        module.plain(1)
    assert caught.traceback[-1].lineno + 1 == 6
    assert caught.traceback[-1].frame.code.raw.co_filename == module.__file__


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_cut_behaves_as_an_import_of_the_cut_file_or_is_refused(tmp_path: Path, data: st.DataObject) -> None:
    source = b"def f(n):\n    if n > 1:\n        n = n + 2\n    return n * 3\n\ndef g(n):\n    return f(n) - 1\n"
    start = data.draw(st.integers(0, len(source)))
    end = data.draw(st.integers(start, min(len(source), start + 12)))
    replacement = data.draw(st.sampled_from([b"", b"n", b" ", b"\n", b"1", b"+", b"\n    ", b"\n\n", b"pass"]))
    module = loaded(tmp_path, source)

    try:
        changes = live(module).plan([(str(Path(str(module.__file__)).resolve()), start, end, replacement)])
    except CannotSwap:
        return
    except (SyntaxError, ValueError):
        with pytest.raises((SyntaxError, ValueError)):
            compile(source[:start] + replacement + source[end:], "cut", "exec")
        return

    fresh = loaded(tmp_path, source[:start] + replacement + source[end:])
    swap(changes)
    for n in range(4):
        assert result(module.g, n) == result(fresh.g, n)


def result(function: object, n: int) -> object:
    try:
        found = function(n)  # type: ignore[operator]
    except (ArithmeticError, LookupError, NameError, RecursionError, TypeError, ValueError) as error:
        return type(error)
    return found.__name__ if callable(found) else found
