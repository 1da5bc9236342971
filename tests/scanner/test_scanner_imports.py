"""Imports say when they run, and a name is followed to the module that defines it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dreamscape.scanner.facts import FileFacts, When
from dreamscape.scanner.imports import Modules, at_import, at_run_time, import_graph
from dreamscape.scanner.measure import measure


def facts(source: str) -> FileFacts:
    reading = measure(source.encode())
    assert isinstance(reading, FileFacts)
    return reading


def graph_of(files: dict[str, str]) -> dict[str, dict[str, When]]:
    """The graph without files that import nothing."""
    graph = import_graph({path: facts(source) for path, source in files.items()})
    return {path: targets for path, targets in graph.items() if targets}


def origin(files: dict[str, str], path: str, name: str) -> tuple[str, str] | None:
    return Modules({path: facts(source) for path, source in files.items()}).origin(path, name)


@pytest.mark.parametrize(
    ("source", "when"),
    [
        ("import b", When.ALWAYS),
        ("class C:\n import b", When.ALWAYS),
        ("with x:\n import b", When.ALWAYS),
        ("try:\n pass\nfinally:\n import b", When.ALWAYS),
        ("if not TYPE_CHECKING:\n import b", When.ALWAYS),
        ("if TYPE_CHECKING:\n pass\nelse:\n import b", When.ALWAYS),
        ("if sys.version_info >= (3, 9):\n import b", When.MAYBE),
        ("if x:\n pass\nelif y:\n from b import z", When.MAYBE),
        ("try:\n import b\nexcept ImportError:\n b = None", When.MAYBE),
        ("try:\n import json\nexcept* ImportError:\n import b", When.MAYBE),
        ("with contextlib.suppress(ImportError):\n import b", When.MAYBE),
        ("while x:\n import b", When.MAYBE),
        ("match x:\n case 1:\n  import b", When.MAYBE),
        ("def f():\n import b", When.LATER),
        ("async def f():\n class C:\n  if x:\n   import b", When.LATER),
        ("class C:\n def f(self):\n  try:\n   import b\n  except ImportError: pass", When.LATER),
        ("if TYPE_CHECKING:\n import b", When.TYPING),
        ("from typing import TYPE_CHECKING as T\nif typing.TYPE_CHECKING:\n if x:\n  import b", When.TYPING),
        ("def f():\n if TYPE_CHECKING:\n  import b", When.TYPING),
        ("if TYPE_CHECKING:\n import b\ndef f():\n import b", When.LATER),
        ("def f():\n import b\nimport b.c", When.ALWAYS),
    ],
)
def test_an_import_says_when_it_runs_and_the_firmest_counts(source: str, when: When) -> None:
    assert graph_of({"a.py": source, "b.py": ""}) == {"a.py": {"b.py": when}}


def test_what_is_imported_for_type_checkers_breaks_nothing_and_what_is_imported_late_closes_no_circle() -> None:
    sources = {
        "a.py": "if TYPE_CHECKING:\n import b\nimport c",
        "b.py": "def f():\n import a",
        "c.py": "try:\n import b\nexcept ImportError: pass",
    }
    graph = import_graph({path: facts(source) for path, source in sources.items()})

    assert at_run_time(graph) == {"a.py": {"c.py"}, "b.py": {"a.py"}, "c.py": {"b.py"}}
    assert at_import(graph) == {"a.py": {"c.py"}, "b.py": frozenset(), "c.py": {"b.py"}}


def test_a_name_handed_on_leads_to_the_package_and_to_the_module_that_defines_it() -> None:
    files = {
        "p/__init__.py": "from .api import run",
        "p/api.py": "from ._core.engine import start as run",
        "p/_core/__init__.py": "",
        "p/_core/engine.py": "def start(): pass",
        "app.py": "from p import run",
    }

    assert origin(files, "app.py", "run") == ("p/_core/engine.py", "start")
    assert set(graph_of(files)["app.py"]) == {"p/__init__.py", "p/_core/engine.py"}
    assert set(graph_of(files)["p/api.py"]) == {"p/_core/engine.py"}


@pytest.mark.parametrize(
    ("made", "found"),
    [
        ("from .a import *", ("p/a.py", "public")),
        ("from .a import public as other\nfrom .a import *", ("p/a.py", "public")),
        ("from .b import *\nfrom .a import *", ("p/a.py", "public")),
        ("try:\n from third import public\nexcept ImportError:\n from .a import public", ("p/a.py", "public")),
        ("from .a import *\ndef public(): pass", ("p/__init__.py", "public")),
        ("from . import a\npublic = a.public", ("p/__init__.py", "public")),
        ("from third import *", None),
        ("from third import public", None),
    ],
)
def test_a_packages_name_is_found_through_stars_and_fallbacks(made: str, found: tuple[str, str] | None) -> None:
    files = {"p/__init__.py": made, "p/a.py": "public = 1\n_own = 2", "p/b.py": "__all__ = ['x']\npublic = x = 3"}

    assert origin(files, "p/__init__.py", "public") == found


def test_a_star_brings_what_all_names_else_what_is_public() -> None:
    files = {
        "open.py": "public = _private = 1",
        "named.py": "__all__ = ['_private']\n__all__ += ('late',)\n__all__.extend(['more'])\n__all__.append('last')\n"
        "public = _private = late = more = last = 1",
        "made.py": "__all__ = open.__all__ + ['x']\npublic = _private = 1",
    }
    found = {
        (module, name): origin({**files, "a.py": f"from {module} import *"}, "a.py", name)
        for module in ("open", "named", "made")
        for name in ("public", "_private", "late", "more", "last")
    }

    assert {key for key, value in found.items() if value} == {
        *(("open", "public"), ("made", "public"), ("named", "_private")),
        *(("named", "late"), ("named", "more"), ("named", "last")),
    }


def test_a_star_leads_to_the_submodules_that_all_names() -> None:
    files = {"p/__init__.py": "__all__ = ['a', 'f']\nfrom .b import f", "p/a.py": "", "p/b.py": "def f(): pass"}

    assert set(graph_of({**files, "q.py": "from p import *"})["q.py"]) == {"p/__init__.py", "p/a.py"}


def test_a_packages_own_name_comes_before_a_submodule_of_that_name() -> None:
    files = {"p/__init__.py": "from .run import run", "p/run.py": "def run(): pass", "a.py": "from p import run"}

    assert origin(files, "a.py", "run") == ("p/run.py", "run")


def test_names_of_modules_and_namespace_packages_lead_to_files() -> None:
    files = {
        "src/n/p/a.py": "",
        "src/n/p/__init__.py": "",
        "b.py": "import n.p.a as short, n.p\nfrom n.p import a as other\nfrom n import p",
    }

    assert origin(files, "b.py", "short") == origin(files, "b.py", "other") == ("src/n/p/a.py", "")
    assert origin(files, "b.py", "p") == ("src/n/p/__init__.py", "")
    assert origin(files, "src/n/p/__init__.py", "a") == ("src/n/p/a.py", "")


def test_circles_of_hands_end_with_nobody() -> None:
    files = {"a.py": "from b import *\nfrom b import x", "b.py": "from a import *\nfrom a import x"}

    assert origin(files, "a.py", "y") is None
    assert graph_of(files) == {"a.py": {"b.py": When.ALWAYS}, "b.py": {"a.py": When.ALWAYS}}


def test_a_name_handed_on_without_end_costs_no_recursion() -> None:
    files = {f"m{at}.py": f"from m{at + 1} import x\nfrom m{at + 1} import *" for at in range(2_000)}

    assert set(graph_of({**files, "m2000.py": "x = 1"})["m0.py"]) >= {"m1.py"}


@given(
    st.lists(
        st.lists(st.tuples(st.integers(0, 5), st.sampled_from(["x", "y", "x as y", "*", "m1", "m2"])), max_size=4),
        min_size=6,
        max_size=6,
    ),
    st.sampled_from(["x = 1", "__all__ = ['x', 'y']", ""]),
)
def test_whatever_modules_hand_each_other_every_edge_is_a_file_and_none_its_own(
    imports: list[list[tuple[int, str]]], first: str
) -> None:
    files = {
        f"m{at}.py": "\n".join([first if at == 0 else "", *(f"from m{other} import {name}" for other, name in lines)])
        for at, lines in enumerate(imports)
    }
    graph = graph_of(files)

    for path, targets in graph.items():
        assert path not in targets
        assert targets.keys() <= files.keys()
    for at, lines in enumerate(imports):
        assert {f"m{other}.py" for other, _ in lines if other != at} <= set(graph.get(f"m{at}.py", ()))
