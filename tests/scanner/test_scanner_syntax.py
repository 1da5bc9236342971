"""Complexity is radon's, functions are all there, lines are right."""

from __future__ import annotations

import ast
import sysconfig
import textwrap
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from radon.complexity import add_inner_blocks
from radon.metrics import h_visit_ast
from radon.visitors import ComplexityVisitor, Function

from dreamscape.scanner.facts import ClassFacts, FunctionFacts, Import, When
from dreamscape.scanner.syntax import Syntax, read_syntax

LIBRARY = Path(sysconfig.get_path("stdlib"))
INSTALLED = Path(sysconfig.get_path("purelib"))


def read(source: str) -> Syntax:
    return read_syntax(ast.parse(textwrap.dedent(source)))


def complexities(source: str) -> dict[str, int]:
    return {function.name: function.complexity for function in read(source).functions}


def radon_functions(tree: ast.Module) -> list[Function]:
    blocks = add_inner_blocks(ComplexityVisitor.from_ast(tree).blocks)
    return [block for block in blocks if isinstance(block, Function)]


def differences(tree: ast.Module) -> list[tuple[str, int, int, int | None]]:
    """Functions radon reports with another number than ours; more than one of a name on a line share the last."""
    ours = {(f.line, f.name.rpartition(".")[2]): f.complexity for f in read_syntax(tree).functions}
    return [
        (block.name, block.lineno, block.complexity, found)
        for block in radon_functions(tree)
        if (found := ours.get((block.lineno, block.name.rpartition(".")[2]))) != block.complexity
    ]


def trees(folder: Path, every: int) -> Iterator[tuple[Path, ast.Module]]:
    here = (path for path in folder.rglob("*.py") if "site-packages" not in path.relative_to(folder).parts)
    for path in sorted(here)[::every]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                yield path, ast.parse(path.read_bytes())
            except (SyntaxError, ValueError, RecursionError):
                continue


def assert_like_radon(folder: Path, every: int) -> None:
    compared = 0
    for path, tree in trees(folder, every):
        if any(isinstance(node, ast.TryStar) for node in ast.walk(tree)):
            continue
        syntax = read_syntax(tree)
        try:
            different, total = differences(tree), ComplexityVisitor.from_ast(tree).total_complexity
            volume = h_visit_ast(tree).total.volume
        except RecursionError:  # radon's visitor recurses, ours does not: a long sum is too deep for radon alone
            continue
        assert different == [], path
        assert syntax.total == total, path
        assert syntax.volume == pytest.approx(volume), path
        compared += len(syntax.functions)
    assert compared > 100


def test_a_sample_of_the_standard_library_has_radons_numbers() -> None:
    assert_like_radon(LIBRARY, every=150)


@pytest.mark.slow
def test_much_of_the_standard_library_and_of_the_installed_packages_has_radons_numbers() -> None:
    assert_like_radon(LIBRARY, every=4)
    assert_like_radon(INSTALLED, every=4)


def test_every_function_of_a_sample_is_found_with_its_own_lines() -> None:
    for path, tree in trees(INSTALLED, every=100):
        there = sorted(
            (node.lineno, node.end_lineno)
            for node in ast.walk(tree)
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        )

        assert sorted((f.line, f.end_line) for f in read_syntax(tree).functions) == there, path


def test_closures_and_methods_of_inner_classes_have_qualified_names() -> None:
    source = """
        class Outer:
            class Inner:
                def method(self):
                    def closure():
                        class Local:
                            async def deep(self): ...
        """

    assert list(complexities(source)) == [
        "Outer.Inner.method",
        "Outer.Inner.method.closure",
        "Outer.Inner.method.closure.Local.deep",
    ]


def test_lines_run_from_def_to_the_last_line_even_of_a_multi_line_text() -> None:
    (function,) = read('@decorated\ndef f():\n    """one\n    two\n    """\n').functions

    assert (function.line, function.end_line) == (2, 5)


@pytest.mark.parametrize(
    ("body", "points"),
    [
        ("pass", 0),
        ("if a: pass\nelif b: pass\nelse: pass", 2),
        ("a if b else c", 1),
        ("a and b or c", 2),
        ("for a in b: pass\nelse: pass", 2),
        ("while a: pass", 1),
        ("try: pass\nexcept A: pass\nexcept B: pass\nelse: pass\nfinally: pass", 3),
        ("with a, b: pass", 0),
        ("[a for a in b if c if d]", 3),
        ("lambda: a if b else c", 1),
        ("assert a and b, c or d", 1),
        ("match a:\n case 1: pass\n case 2 | 3: pass\n case _: pass", 2),
        ("match a:\n case 1 if b and c: pass\n case other: pass", 2),
        ("def inner(a=b or c):\n  if a: pass", 0),
        ("class Inner(a or b):\n  if a: pass", 0),
    ],
)
def test_decision_points_count_as_radon_counts_them(body: str, points: int) -> None:
    source = "def f():\n" + textwrap.indent(body, " ")

    assert complexities(source)["f"] == 1 + points
    assert differences(ast.parse(source)) == []


def test_handlers_of_exception_groups_count_where_radon_forgets_them() -> None:
    source = "def f():\n try: pass\n except* A: pass\n except* B: pass"

    assert complexities(source) == {"f": 3}


def test_imports_are_found_wherever_they_stand() -> None:
    source = "import a.b, c\ndef f():\n from ..d import e as x, g\nif h:\n from . import i"

    assert sorted(read(source).imports, key=str) == sorted(
        [
            Import("a.b", (), 0),
            Import("c", (), 0),
            Import("d", ("e", "g"), 2, ("x", "g"), When.LATER),
            Import("", ("i",), 1, (), When.MAYBE),
        ],
        key=str,
    )


def test_calls_are_noted_as_written_once_each() -> None:
    (function,) = read("def f():\n  g(); g(); self.h(m.n()); a.b.c(); x[0].y()\n  assert k()").functions

    assert function == FunctionFacts("f", 1, 3, 2, (".y", "a.b.c", "g", "k", "m.n", "self.h"))


@pytest.mark.parametrize(
    ("source", "calls"),
    [
        ("class C:\n def f(this): this.g(); this.x.g(); super().h()", (".g", "self.g", "super().h")),
        ("class C:\n @classmethod\n def f(cls, a): cls(); cls.g(); a.h()", (".h", "self.__init__", "self.g")),
        ("class C:\n @staticmethod\n def f(a): a.g()", (".g",)),
        ("class C:\n def f(self):\n  self = x()\n  self.g()", (".g", "x")),
        ("def f(a, /, b, *c, d, **e): a(); b.g(); c.h(); d(); e()", (".g", ".h")),
        ("def f():\n for a, (b, *c) in x():\n  a(); b(); c.d()", (".d", "x")),
        ("def f():\n with x() as a:\n  a.b()\n if (c := y()): c()", (".b", "x", "y")),
    ],
)
def test_what_is_local_is_no_name_of_the_module_and_a_methods_first_parameter_is_its_object(
    source: str, calls: tuple[str, ...]
) -> None:
    (function,) = read(source).functions

    assert function.calls == calls


def test_an_inner_function_knows_the_locals_and_the_object_of_those_around_it() -> None:
    functions = read("class C:\n def f(self, a):\n  b = 1\n  def g(c): self.h(); a(); b(); c(); d()\n  d()").functions

    assert {function.name: function.calls for function in functions} == {"C.f": ("d",), "C.f.g": ("d", "self.h")}


def test_tests_and_fixtures_call_what_fills_their_parameters() -> None:
    functions = read("def test_a(x): y()\n@pytest.fixture\ndef b(z): pass\ndef c(x): pass").functions

    assert {function.name: function.calls for function in functions} == {"test_a": ("@x", "y"), "b": ("@z",), "c": ()}


def test_a_module_tells_its_names_its_classes_and_its_all() -> None:
    found = read("__all__ = ['a']\na: int = 1\nif b:\n c, d = e\ndef f(): g = 1\nclass H(I[T], j.K, l()):\n m = 1")

    assert found.names == ("H", "__all__", "a", "c", "d", "f")
    assert found.exports == ("a",)
    assert found.classes == [ClassFacts("H", ("I", "j.K", ""))]


def test_a_thousand_nested_branches_need_no_recursion() -> None:
    tree = ast.parse("def f():\n pass")
    function = tree.body[0]
    assert isinstance(function, ast.FunctionDef)
    for _ in range(20_000):
        function.body = [ast.If(test=ast.Name("a", ast.Load()), body=function.body, orelse=[], col_offset=0)]

    assert read_syntax(tree).functions[0].complexity == 20_001
    while function.body and isinstance(function.body[0], ast.If):
        function.body = function.body[0].body  # taken apart by hand: Python frees nested trees by recursion


def _blocks(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    heads = st.sampled_from(
        [
            "if a and b:",
            "for x in [y for y in z if y]:",
            "while not a:",
            "with a as b:",
            "def g(p=1 or 2):",
            "async def h():",
            "class C(a or b):",
            "try:\n  pass\nexcept A:",
            "try:\n  pass\nfinally:",
            "match a:\n case _:\n  pass\n case 1:\n  pass\nif a:",
        ]
    )
    body = st.lists(inner, min_size=1, max_size=3).map("\n".join)
    return st.builds(lambda head, lines: f"{head}\n{textwrap.indent(lines, '  ')}", heads, body)


_STATEMENTS = st.sampled_from(
    ["pass", "a = b or c", "assert a and b", "a.b(c if d else e)", "x = lambda: a and b", "a += -b"]
)
PROGRAMS = st.lists(st.recursive(_STATEMENTS, _blocks, max_leaves=12), min_size=1, max_size=4).map("\n".join)


@given(PROGRAMS)
@settings(max_examples=80)
def test_any_program_has_radons_numbers_and_all_its_functions(source: str) -> None:
    tree = ast.parse(source)
    syntax = read_syntax(tree)

    assert differences(tree) == []
    assert syntax.total == ComplexityVisitor.from_ast(tree).total_complexity
    assert syntax.volume == pytest.approx(h_visit_ast(tree).total.volume)
    there = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    assert len(syntax.functions) == len(there)


@given(PROGRAMS)
@settings(max_examples=50)
def test_one_more_branch_adds_one_and_touches_no_other_function(source: str) -> None:
    whole = f"def host():\n{textwrap.indent(source, '  ')}\n"
    before = read(whole).functions
    after = read(f"{whole}  if one_more: pass\n").functions

    assert after[0].complexity == before[0].complexity + 1
    assert [f.complexity for f in after[1:]] == [f.complexity for f in before[1:]]
