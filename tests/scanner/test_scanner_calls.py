"""Calls resolve to functions where names tell; where they do not, a guess is called one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dreamscape.scanner.calls import CallGraph, Certainty, call_graph
from dreamscape.scanner.facts import FileFacts
from dreamscape.scanner.imports import Modules
from dreamscape.scanner.measure import measure

Edges = set[tuple[str, str]]


def graph_of(files: dict[str, str]) -> tuple[CallGraph, list[str]]:
    facts: dict[str, FileFacts] = {}
    for path, source in files.items():
        reading = measure(source.encode())
        assert isinstance(reading, FileFacts), reading
        facts[path] = reading
    names = [f"{path}:{function.name}" for path, each in facts.items() for function in each.functions]
    return call_graph(facts, Modules(facts)), names


def edges(files: dict[str, str]) -> tuple[Edges, Edges]:
    """Caller and called by file and name: the resolved ones, and the guessed ones."""
    graph, names = graph_of(files)
    resolved, guessed = (
        {(names[caller], names[target]) for caller, targets in found.items() for target in targets}
        for found in (graph.resolved, graph.guessed)
    )
    return resolved, guessed


def called(files: dict[str, str], caller: str = "a.py:f") -> tuple[set[str], set[str]]:
    """What one function calls."""
    resolved, guessed = edges(files)
    return {to for by, to in resolved if by == caller}, {to for by, to in guessed if by == caller}


CLASSES = {
    "shapes.py": "class Shape:\n def __init__(self): self.reset()\n def reset(self): pass\n def area(self): pass\n"
    "class Round(Shape):\n def area(self): return super().area()\n @classmethod\n def make(cls): return cls()",
    "p/__init__.py": "from shapes import Round as Circle\nfrom . import tools",
    "p/tools.py": "def cut(): pass",
}


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("def f():\n def g(): pass\n g()\ndef g(): pass", "a.py:f.g"),
        ("def f(): g()\ndef g(): pass", "a.py:g"),
        ("from p.tools import cut as g\ndef f(): g()", "p/tools.py:cut"),
        ("def f():\n from p.tools import cut\n cut()", "p/tools.py:cut"),
        ("from p.tools import *\ndef f(): cut()", "p/tools.py:cut"),
        ("import p.tools\ndef f(): p.tools.cut()", "p/tools.py:cut"),
        ("import p.tools as t\ndef f(): t.cut()", "p/tools.py:cut"),
        ("from p import tools\ndef f(): tools.cut()", "p/tools.py:cut"),
        ("import p\ndef f(): p.tools.cut()", "p/tools.py:cut"),
        ("from p import Circle\ndef f(): Circle()", "shapes.py:Shape.__init__"),
        ("import p\ndef f(): p.Circle.make()", "shapes.py:Round.make"),
        ("from p import Circle\ndef f(): Circle.reset(x)", "shapes.py:Shape.reset"),
        ("class C:\n def g(self): pass\ndef f(): C.g(x)", "a.py:C.g"),
    ],
)
def test_names_are_followed_to_the_function_they_mean(source: str, target: str) -> None:
    assert called({**CLASSES, "a.py": source}) == ({target}, set())


def test_self_and_super_mean_methods_of_the_class_and_its_bases() -> None:
    source = (
        "from p import Circle\nclass Own(Circle):\n def f(this):\n  this.reset(); this.area(); super().area()\n"
        "  def inner(): this.make()\n  inner()\n def area(self): pass"
    )
    resolved, guessed = edges({**CLASSES, "a.py": source})

    assert {(by, to) for by, to in resolved if by.startswith("a.py")} == {
        *(("a.py:Own.f", "shapes.py:Shape.reset"), ("a.py:Own.f", "a.py:Own.area")),
        *(("a.py:Own.f", "shapes.py:Round.area"), ("a.py:Own.f", "a.py:Own.f.inner")),
        ("a.py:Own.f.inner", "shapes.py:Round.make"),
    }
    assert ("shapes.py:Round.make", "shapes.py:Shape.__init__") in resolved
    assert guessed == set()


def test_of_several_bases_the_one_that_python_would_ask_first_answers() -> None:
    source = (
        "class A:\n def g(self): pass\n def h(self): pass\nclass B(A): pass\nclass C(A):\n def g(self): pass\n"
        "class D(B, C):\n def f(self): self.g(); self.h()"
    )

    assert called({"a.py": source}, "a.py:D.f") == ({"a.py:C.g", "a.py:A.h"}, set())


@pytest.mark.parametrize("source", ["class C(C):\n def f(self): self.g()", "class C(D): pass\nclass D(C): pass"])
def test_classes_that_inherit_in_circles_end(source: str) -> None:
    assert edges({"a.py": source}) == (set(), set())


def test_a_call_on_an_unknown_object_is_a_guess_where_one_method_alone_has_the_name() -> None:
    files = {
        "a.py": "def f(x): x.solve(); ','.join(x); x.run(); y.inner()",
        "b.py": "class C:\n def solve(self):\n  def inner(): pass\n def join(self): pass\n def run(self): pass",
        "c.py": "class D:\n def run(self): pass",
    }

    assert called(files) == (set(), {"b.py:C.solve"})


@pytest.mark.parametrize(
    "source",
    [
        "import numpy\ndef f(): numpy.solve()",
        "import a.b, os.path\ndef f(): os.path.solve()",
        "def f(g): g()\ndef g(): pass",
        "def f():\n g = 1\n g()\ndef g(): pass",
        "class C:\n def g(self): pass\ndef f(): g()",
        "from third import Base\nclass C(Base):\n def f(self): self.solve()",
    ],
)
def test_what_comes_from_elsewhere_or_is_local_is_no_call_of_ours(source: str) -> None:
    assert edges({"a.py": source, "b.py": "class C:\n def solve(self): pass"}) == (set(), set())


def test_a_product_never_guesses_a_method_of_a_test() -> None:
    files = {"a.py": "def f(x): x.solve()", "tests/b.py": "class C:\n def solve(self): pass\ndef t(x): x.solve()"}

    assert edges(files) == (set(), {("tests/b.py:t", "tests/b.py:C.solve")})


def test_a_test_calls_the_fixtures_that_fill_its_parameters() -> None:
    files = {
        "tests/conftest.py": "@pytest.fixture\ndef base(): pass\n@pytest.fixture\ndef far(base): pass",
        "tests/unit/conftest.py": "@pytest.fixture\ndef far(): pass",
        "tests/unit/test_a.py": "@fixture\ndef near(far): pass\ndef test_f(near, far, base, other): pass",
    }

    assert edges(files)[0] == {
        *(("tests/unit/test_a.py:test_f", f"tests/{to}") for to in ("unit/test_a.py:near", "unit/conftest.py:far")),
        *(
            ("tests/unit/test_a.py:test_f", "tests/conftest.py:base"),
            ("tests/conftest.py:far", "tests/conftest.py:base"),
        ),
        ("tests/unit/test_a.py:near", "tests/unit/conftest.py:far"),
    }


def test_every_name_called_is_counted_once_by_what_is_known_of_it() -> None:
    graph, _ = graph_of(
        {"a.py": "import os\nclass C:\n def solve(s): pass\ndef f(x): f(); C(); x.solve(); os.a(); x.b()"}
    )

    assert graph.names == {
        Certainty.RESOLVED: 2,
        Certainty.GUESSED: 1,
        Certainty.OUTSIDE: 1,
        Certainty.UNKNOWN: 1,
    }


NAMES = st.sampled_from(["f", "g", "C", "self.f", "super().g", "m0.f", "m1.C.f", "x.g", "m2", "C.f"])
BODIES = st.lists(NAMES, min_size=1, max_size=4).map(lambda names: "; ".join(f"{name}()" for name in names))
MODULES = st.builds(
    lambda line, body, base, method: f"{line}\ndef f(): {body}\nclass C({base}):\n def g(self): {method}",
    st.sampled_from(["import m0, m1", "from m0 import *", "from m1 import f, C", "from m2 import C as x", ""]),
    BODIES,
    st.sampled_from(["", "C", "x", "m0.C", "m1.C", "object"]),
    BODIES,
)


@given(st.lists(MODULES, min_size=3, max_size=3))
def test_whatever_calls_what_the_graph_has_every_function_and_no_edge_twice(sources: list[str]) -> None:
    graph, names = graph_of({f"m{at}.py": source for at, source in enumerate(sources)})

    assert set(graph.resolved) == set(graph.guessed) == set(range(len(names)))
    for caller in range(len(names)):
        assert not graph.resolved[caller] & graph.guessed[caller]
        assert caller not in graph.edges[caller]
        assert graph.edges[caller] <= set(range(len(names)))
