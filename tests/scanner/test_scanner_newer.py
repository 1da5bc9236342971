"""A tree that went through words is the tree it was."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import dreamscape.scanner
from dreamscape.guest.trees import told
from dreamscape.scanner.newer import tree_of

OWN = sorted(Path(str(dreamscape.scanner.__file__)).parent.glob("*.py"))


@pytest.mark.parametrize("path", OWN, ids=lambda path: path.name)
def test_a_tree_told_and_built_again_is_the_same(path: Path) -> None:
    tree = ast.parse(path.read_bytes())

    built = tree_of(told(tree))

    assert built is not None
    assert ast.dump(built, include_attributes=True) == ast.dump(tree, include_attributes=True)


@given(st.one_of(st.integers(), st.binary(), st.text(), st.floats(allow_nan=False), st.complex_numbers(allow_nan=False),
                 st.none(), st.booleans(), st.just(...)))  # fmt: skip
def test_constants_keep_their_kind_and_value(value: object) -> None:
    built = tree_of(told(ast.Module([ast.Expr(ast.Constant(value))], [])))

    assert built is not None
    (statement,) = built.body
    assert isinstance(statement, ast.Expr)
    assert isinstance(statement.value, ast.Constant)
    assert (type(statement.value.value), statement.value.value) == (type(value), value)


def test_what_this_python_has_no_node_for_keeps_its_children() -> None:
    name = {"_": "Name", "id": "inside", "ctx": {"_": "Load"}, "@": [1, 0, 1, 6]}
    new = {"_": "TwiceNewer", "parts": [name], "@": [1, 0, 1, 6]}

    built = tree_of({"_": "Module", "body": [new], "type_ignores": []})

    assert built is not None
    assert [node.id for node in ast.walk(built) if isinstance(node, ast.Name)] == ["inside"]


@pytest.mark.parametrize("nonsense", [None, 3, [], {}, {"_": "Name"}, {"b": "zz"}, {"$": "now"}])
def test_nonsense_is_no_tree(nonsense: object) -> None:
    assert tree_of(nonsense) is None
