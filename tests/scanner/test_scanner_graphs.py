"""Imports resolve to files, and graphs give centrality and reach."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dreamscape.scanner.centrality import centrality, importers
from dreamscape.scanner.facts import FileFacts
from dreamscape.scanner.imports import at_run_time, import_graph
from dreamscape.scanner.measure import measure


def facts(text: str) -> FileFacts:
    reading = measure(text.encode())
    assert isinstance(reading, FileFacts)
    return reading


def graph_of(**sources: str) -> dict[str, set[str]]:
    """Sources by path, ``__`` for a slash; the graph without files that import nothing."""
    files = {name.replace("__", "/").replace("INIT", "__init__") + ".py": text for name, text in sources.items()}
    graph = at_run_time(import_graph({path: facts(text) for path, text in files.items()}))
    assert set(graph) == set(files)
    return {path: set(targets) for path, targets in graph.items() if targets}


def test_absolute_names_mean_modules_and_packages() -> None:
    assert graph_of(p__INIT="", p__a="import p.b", p__b="import p, os", p__c="from p.b import x") == {
        "p/a.py": {"p/b.py"},
        "p/b.py": {"p/__init__.py"},
        "p/c.py": {"p/b.py"},
    }


def test_a_name_imported_from_a_package_means_its_submodule_if_there_is_one() -> None:
    assert graph_of(p__INIT="from .a import f", p__a="", q="from p import a, f") == {
        "p/__init__.py": {"p/a.py"},
        "q.py": {"p/a.py", "p/__init__.py"},
    }


def test_dots_count_from_the_importers_own_folder() -> None:
    graph = graph_of(
        p__INIT="", p__a="", p__s__INIT="", p__s__b="from .. import a\nfrom . import c\nfrom ...x import y", p__s__c=""
    )

    assert graph == {"p/s/b.py": {"p/a.py", "p/s/c.py"}}


def test_dots_that_lead_out_of_the_project_lead_nowhere() -> None:
    assert graph_of(a="from ... import b\nfrom .b import c", b="") == {"a.py": {"b.py"}}


def test_a_project_that_is_itself_a_package_resolves_its_own_dots() -> None:
    assert graph_of(INIT="", a="from . import x") == {"a.py": {"__init__.py"}}


def test_a_src_layout_is_seen_from_inside_and_from_the_tests() -> None:
    assert graph_of(src__p__INIT="", src__p__a="import p.b", src__p__b="", tests__test_a="from p import a") == {
        "src/p/a.py": {"src/p/b.py"},
        "tests/test_a.py": {"src/p/a.py"},
    }


def test_packages_under_any_other_root_are_found_by_their_name() -> None:
    assert graph_of(lib__py__p__INIT="", lib__py__p__a="", app__m="import p.a") == {"app/m.py": {"lib/py/p/a.py"}}


def test_namespace_packages_have_folders_without_a_file() -> None:
    assert graph_of(n__p__a="", b="from n.p import a\nimport n.p.a") == {"b.py": {"n/p/a.py"}}


def test_a_script_finds_its_neighbour_before_a_namesake_elsewhere() -> None:
    assert graph_of(one__run="import helper", one__helper="", two__helper="") == {"one/run.py": {"one/helper.py"}}


def test_a_name_that_ends_in_a_value_means_the_module_that_holds_it() -> None:
    assert graph_of(p__INIT="", p__a="", b="import p.a.value\nfrom p.a.value import x") == {"b.py": {"p/a.py"}}


def test_third_parties_and_oneself_give_no_edge() -> None:
    assert graph_of(a="import a, numpy.linalg\nfrom os import path") == {}


GRAPHS = st.integers(1, 9).flatmap(
    lambda count: st.fixed_dictionaries({node: st.frozensets(st.integers(0, count - 1)) for node in range(count)})
)


@given(GRAPHS)
def test_importers_are_all_nodes_from_which_a_walk_arrives(graph: dict[int, frozenset[int]]) -> None:
    def reached(start: int) -> set[int]:
        seen: set[int] = set()
        pending = [start]
        while pending:
            node = pending.pop()
            if node not in seen:
                seen.add(node)
                pending.extend(graph[node])
        return seen - {start}

    assert importers(graph) == {node: sum(node in reached(other) for other in graph) for node in graph}


@given(GRAPHS)
def test_centrality_is_page_rank_between_nobody_and_the_most_leant_on(graph: dict[int, frozenset[int]]) -> None:
    weights = dict.fromkeys(graph, 1 / len(graph))
    for _ in range(200):
        lost = sum(weights[node] for node in graph if not graph[node])
        weights = {
            node: (0.15 + 0.85 * lost) / len(graph)
            + 0.85 * sum(weights[other] / len(graph[other]) for other in graph if node in graph[other])
            for node in graph
        }
    pointed_at = {target for targets in graph.values() for target in targets}
    least = (0.15 + 0.85 * sum(weights[node] for node in graph if not graph[node])) / len(graph)
    span = max(weights.values()) - least

    found = centrality(graph)

    assert all(0 <= value <= 1 for value in found.values())
    assert all(found[node] == 0 for node in graph if node not in pointed_at)
    if pointed_at:
        assert found == pytest.approx({node: (weight - least) / span for node, weight in weights.items()}, abs=1e-4)


def test_a_graph_without_edges_has_no_centre() -> None:
    assert centrality({"a": frozenset(), "b": frozenset()}) == {"a": 0.0, "b": 0.0}
    assert centrality({}) == {}


def test_a_long_chain_needs_no_recursion() -> None:
    length = 5_000
    chain = {node: frozenset({node + 1} if node + 1 < length else ()) for node in range(length)}

    assert importers(chain)[length - 1] == length - 1
    assert centrality(chain)[length - 1] == 1.0
