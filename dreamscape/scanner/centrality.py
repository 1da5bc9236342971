"""How much of a project leans on each node of a graph: directly and by steps."""

from __future__ import annotations

from collections.abc import Mapping, Set
from operator import sub
from typing import TypeVar

Node = TypeVar("Node", bound=str | int)

DAMPING = 0.85
"""Brin and Page 1998."""
ROUNDS = 60
TOLERANCE = 1e-8
"""Chosen to be past any display: 0.85 ** 60 is below one in ten thousand; the tolerance is the sum of changes."""
BLOCK = 4096
"""Nodes counted at once in `importers`: bounds the memory to half a KiB for each node of the graph."""


def centrality(graph: Mapping[Node, Set[Node]]) -> dict[Node, float]:
    """PageRank along the edges (who imports or calls passes its weight on), scaled so that a node on which nobody
    leans has 0 and the one most leant on has 1. ``graph`` holds every node as a key.
    """
    nodes = sorted(graph)
    if not nodes:
        return {}
    index = {node: at for at, node in enumerate(nodes)}
    weights, least = _page_rank([sorted(index[target] for target in graph[node]) for node in nodes])
    span = max(weights.values(), default=least) - least
    return {
        node: (weights[at] - least) / span if at in weights and span > TOLERANCE / len(nodes) else 0.0
        for at, node in enumerate(nodes)
    }


def _page_rank(outgoing: list[list[int]]) -> tuple[dict[int, float], float]:
    """The weights of nodes that somebody points at, and the one weight of all others.

    Most functions are called by nobody we know of; leaving them out of the rounds saves most of the work.
    """
    count = len(outgoing)
    named = sorted({target for targets in outgoing for target in targets})
    place = {node: at for at, node in enumerate(named)}
    sources: list[list[int]] = [[] for _ in named]
    from_others = [0.0] * len(named)
    for node, targets in enumerate(outgoing):
        for target in targets:
            if node in place:
                sources[place[target]].append(place[node])
            else:
                from_others[place[target]] += 1 / len(targets)
    shares = [1 / len(outgoing[node]) if outgoing[node] else 0.0 for node in named]
    ends = [at for at, share in enumerate(shares) if not share]
    other_ends = sum(not targets for targets in outgoing) - len(ends)
    other = 1 / count
    weights = [other] * len(named)
    for _ in range(ROUNDS):
        passed = [weight * share for weight, share in zip(weights, shares, strict=True)]
        lost = sum([weights[at] for at in ends]) + other_ends * other
        following = [
            sum([passed[source] for source in known]) + other * others
            for known, others in zip(sources, from_others, strict=True)
        ]
        other = (1 - DAMPING + DAMPING * lost) / count
        following = [other + DAMPING * inflow for inflow in following]
        change = sum(map(abs, map(sub, following, weights)))
        weights = following
        if change < TOLERANCE:
            break
    return dict(zip(named, weights, strict=True)), other


def importers(graph: Mapping[Node, Set[Node]]) -> dict[Node, int]:
    """How many other nodes reach each node along the edges, in any number of steps."""
    nodes = sorted(graph)
    circles, circle_of = _circles(nodes, graph)
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


def _circles(nodes: list[Node], graph: Mapping[Node, Set[Node]]) -> tuple[list[list[Node]], dict[Node, int]]:
    """Groups of nodes that all reach each other, and each node's group. Source: Tarjan 1972, without recursion."""
    order: dict[Node, int] = {}
    low: dict[Node, int] = {}
    circle_of: dict[Node, int] = {}
    circles: list[list[Node]] = []
    open_nodes: list[Node] = []
    for root in nodes:
        if root in order:
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
