"""Circles, layers, who stands between others, and which tests exercise what, up to what a user sees of them."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dreamscape.domain.evidence import Exercise, Explanation
from dreamscape.domain.settings import ScanSettings
from dreamscape.scanner import ProjectScanner, structure
from dreamscape.scanner.structure import betweenness, circles, layers

GRAPHS = st.integers(1, 7).flatmap(
    lambda count: st.fixed_dictionaries({node: st.frozensets(st.integers(0, count - 1)) for node in range(count)})
)


def shortest_ways(graph: dict[int, frozenset[int]], start: int, end: int) -> list[list[int]]:
    ways = [[start]]
    for _ in graph:
        if found := [way for way in ways if way[-1] == end]:
            return found
        ways = [[*way, target] for way in ways for target in graph[way[-1]] if target not in way]
    return []


@given(GRAPHS)
def test_betweenness_is_the_share_of_shortest_ways_through_a_node(graph: dict[int, frozenset[int]]) -> None:
    expected = dict.fromkeys(graph, 0.0)
    for start in graph:
        for end in graph:
            ways = shortest_ways(graph, start, end) if start != end else []
            for way in ways:
                for node in way[1:-1]:
                    expected[node] += 1 / len(ways)
    pairs = len(graph) * max(len(graph) - 2, 1)

    assert betweenness(graph) == pytest.approx({node: value / pairs for node, value in expected.items()})


def test_a_large_graph_is_sampled_and_the_same_graph_gives_the_same_shares(monkeypatch: pytest.MonkeyPatch) -> None:
    star = {0: frozenset(range(1, 200))} | {node: frozenset({0}) for node in range(1, 200)}
    exact = betweenness(star)
    monkeypatch.setattr(structure, "STEPS", 10_000)

    assert betweenness(star) == betweenness(star)
    assert betweenness(star)[0] == pytest.approx(exact[0], abs=0.05)


@given(GRAPHS)
def test_circles_are_what_reaches_itself_and_a_layer_lies_above_all_it_points_at(
    graph: dict[int, frozenset[int]],
) -> None:
    reached = {node: set(graph[node]) for node in graph}
    for middle in graph:
        for node in graph:
            if middle in reached[node]:
                reached[node] |= reached[middle]
    together = {
        frozenset({node, *(other for other in graph if node in reached[other] and other in reached[node])})
        for node in graph
    }

    found = circles(graph)
    heights = layers(graph)

    assert {frozenset(circle) for circle in found} == {circle for circle in together if len(circle) > 1}
    assert all(len(one) >= len(other) for one, other in pairwise(found))
    assert min(heights.values()) == 0
    for node in graph:
        for target in graph[node]:
            same = node in reached[target] or node == target
            assert heights[node] == heights[target] if same else heights[node] > heights[target]


SHOP = {
    "shop/__init__.py": "from .cart import total",
    "shop/cart.py": "import shop.tax\ndef total(items): return add(items)\ndef add(items): pass\ndef unused(): pass",
    "shop/tax.py": "import shop.cart\nclass Tax:\n def apply(self): pass",
    "tests/test_cart.py": "import shop\ndef test_total(): shop.total(1)\ndef test_again(): test_total()\ndef h(): pass",
    "tests/test_tax.py": "def test_tax(tax): tax.apply()",
}


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    for path, source in SHOP.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(source)
    return tmp_path


def explained(project: Path, path: str) -> Explanation:
    return ProjectScanner(project, ScanSettings(), cache=None).explain(path)


def test_a_product_file_knows_the_tests_that_reach_it_and_how_many_of_its_functions(shop: Path) -> None:
    cart, tax = explained(shop, "shop/cart.py"), explained(shop, "shop/tax.py")

    assert (cart.functions, cart.tested, cart.tested_by) == (3, 2, (Exercise("tests/test_cart.py", 2, False),))
    assert (tax.functions, tax.tested, tax.tested_by) == (1, 1, (Exercise("tests/test_tax.py", 1, True),))
    assert cart.exercises == ()


def test_a_test_file_knows_what_it_exercises(shop: Path) -> None:
    found = explained(shop, "tests/test_cart.py")

    assert found.exercises == (Exercise("shop/cart.py", 2, False),)
    assert found.tested_by == ()


def test_a_file_knows_its_place_among_the_imports(shop: Path) -> None:
    place = explained(shop, "shop/cart.py").place

    assert (place.imports, place.imported_by, place.importers) == (1, 2, 3)
    assert (place.layer, place.layers, place.circle) == (0, 3, ("shop/tax.py",))
    assert 0 < place.betweenness < 1


def test_the_graph_tells_its_circles_and_a_row_that_it_is_in_one(shop: Path) -> None:
    scanner = ProjectScanner(shop, ScanSettings(), cache=shop / ".dreamscape" / "scan-cache.db")
    first, second = scanner.scan(), scanner.scan()

    assert first.graph.circles == (("shop/cart.py", "shop/tax.py"),)
    assert {row.path for row in first.files if "in an import circle of 2 modules" in row.why} == {
        *("shop/cart.py", "shop/tax.py"),
    }
    assert second.graph == first.graph


def asked(project: Path, *words: str) -> str:
    from dreamscape.cli.app import main

    output = project.parent / f"{project.name}-answer"
    assert main(["scan", "--project", str(project), "--output", str(output), *words]) == 0
    return output.read_text("utf-8")


def test_explaining_a_file_tells_its_place_and_its_tests_in_text_and_json(shop: Path) -> None:
    text = asked(shop, "--explain", "shop/cart.py")
    found: dict[str, Any] = json.loads(asked(shop, "--explain", "shop/cart.py", "--json"))

    assert "place: layer 0 (of 0 to 2; a file of layer 0 imports no other of the project)" in text
    assert "in an import circle with shop/tax.py" in text
    assert "tests that reach 2 of its 3 functions: tests/test_cart.py (2 tests)" in text
    assert "exercises functions of shop/cart.py (2 functions)" in asked(shop, "--explain", "tests/test_cart.py")
    assert "tests: no call of one can be followed to here" not in asked(shop, "--explain", "shop/tax.py")
    assert found["tested_by"] == [{"path": "tests/test_cart.py", "functions": 2, "is_guess": False}]
    assert found["place"]["imported_by"] == 2
