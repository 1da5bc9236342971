"""How much of a project leans on each node of a graph: directly and by steps."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Set
from typing import TypeVar

Node = TypeVar("Node", bound=str | int)

DAMPING = 0.85
"""Brin and Page 1998."""
ROUNDS = 100
TOLERANCE = 1e-7
"""Chosen to be past any display: 0.85 ** 100 is below one in ten million; the tolerance is relative."""
BLOCK = 4096
"""Nodes counted at once in `importers`: bounds the memory to half a KiB for each node of the graph."""


def centrality(graph: Mapping[Node, Set[Node]]) -> dict[Node, float]:
    """PageRank along the edges (who imports or calls passes its weight on), scaled so that a node on which nobody
    leans has 0 and the one most leant on has 1. ``graph`` holds every node as a key.
    """
    weights = _page_rank(graph)
    most = max(weights.values(), default=1.0) - 1
    return {node: (weight - 1) / most if most > TOLERANCE else 0.0 for node, weight in weights.items()}


def _page_rank(graph: Mapping[Node, Set[Node]]) -> dict[Node, float]:
    """PageRank in units of what a node has on which nobody leans.

    In these units, what nodes without edges would spread over everyone is a common factor and drops out. So a node
    needs only those who point at it: taken in order, each is done at once, and only circles need rounds.
    """
    nodes = sorted(graph)
    circles, _ = circles_of(nodes, graph)
    sources: defaultdict[Node, list[Node]] = defaultdict(list)
    for node in nodes:
        for target in graph[node]:
            sources[target].append(node)
    weights = dict.fromkeys(nodes, 1.0)
    passed = {node: DAMPING / len(targets) if (targets := graph[node]) else 0.0 for node in nodes}
    for circle in reversed(circles):
        first = circle[0]
        if len(circle) == 1 and first not in graph[first]:
            if first in sources:
                weights[first] = 1 + sum([passed[source] for source in sources[first]])
                passed[first] *= weights[first]
            continue
        for _ in range(ROUNDS):
            change = 0.0
            for node in circle:
                weight = 1 + sum([passed[source] for source in sources[node]])
                change = max(change, abs(weight / weights[node] - 1))
                passed[node] *= weight / weights[node]
                weights[node] = weight
            if change < TOLERANCE:
                break
    return weights


def importers(graph: Mapping[Node, Set[Node]]) -> dict[Node, int]:
    """How many other nodes reach each node along the edges, in any number of steps."""
    nodes = sorted(graph)
    circles, circle_of = circles_of(nodes, graph)
    reached = [{circle_of[target] for node in circle for target in graph[node]} for circle in circles]
    counts = [0] * len(circles)
    for start in range(0, len(nodes), BLOCK):
        reaching = [0] * len(circles)
        for bit, node in enumerate(nodes[start : start + BLOCK]):
            reaching[circle_of[node]] |= 1 << bit
        # Tarjan's order puts what is reached before what reaches it, so the way back is from importer to imported.
        for at in range(len(circles) - 1, -1, -1):
            for target in reached[at]:
                reaching[target] |= reaching[at]
            counts[at] += reaching[at].bit_count()
    return {node: counts[circle_of[node]] - 1 for node in nodes}


def circles_of(nodes: list[Node], graph: Mapping[Node, Set[Node]]) -> tuple[list[list[Node]], dict[Node, int]]:
    """Groups of nodes that all reach each other, and each node's group. Source: Tarjan 1972, without recursion."""
    order: dict[Node, int] = {}
    low: dict[Node, int] = {}
    circle_of: dict[Node, int] = {}
    circles: list[list[Node]] = []
    open_nodes: list[Node] = []
    for root in nodes:
        if root in order:
            continue
        if not graph[root]:
            order[root] = len(order)
            circle_of[root] = len(circles)
            circles.append([root])
            continue
        order[root] = low[root] = len(order)
        open_nodes.append(root)
        path = [(root, iter(sorted(graph[root])))]
        while path:
            node, targets = path[-1]
            target = next(targets, None)
            if target is None:
                path.pop()
                if path:
                    low[path[-1][0]] = min(low[path[-1][0]], low[node])
                if low[node] == order[node]:
                    circles.append(_taken_off(open_nodes, node))
                    circle_of.update(dict.fromkeys(circles[-1], len(circles) - 1))
            elif target not in order and not graph[target]:
                order[target] = len(order)
                circle_of[target] = len(circles)
                circles.append([target])
            elif target not in order:
                order[target] = low[target] = len(order)
                open_nodes.append(target)
                path.append((target, iter(sorted(graph[target]))))
            elif target not in circle_of:
                low[node] = min(low[node], order[target])
    return circles, circle_of


def _taken_off(stack: list[Node], last: Node) -> list[Node]:
    """Takes from a stack's end everything down to ``last``."""
    taken = [stack.pop()]
    while taken[-1] != last:
        taken.append(stack.pop())
    return taken
