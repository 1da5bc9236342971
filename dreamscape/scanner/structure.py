"""The shape of a graph beyond its centre: circles, layers, and who stands between others."""

from __future__ import annotations

from collections.abc import Mapping, Set

from dreamscape.scanner.centrality import Node, circles_of

STEPS = 3_000_000
"""Edges that betweenness looks at, at most (chosen: about two seconds); smaller graphs are counted exactly."""
FEWEST_STARTS = 20


def circles(graph: Mapping[Node, Set[Node]]) -> list[list[Node]]:
    """Groups of two or more nodes that all reach each other, each in order, the largest first."""
    found, _ = circles_of(sorted(graph), graph)
    return sorted((sorted(circle) for circle in found if len(circle) > 1), key=lambda circle: (-len(circle), circle))


def layers(graph: Mapping[Node, Set[Node]]) -> dict[Node, int]:
    """How many steps each node stands above those that point at nobody: the longest way down, circles counting as one
    node. The lowest layer is 0."""
    groups, group_of = circles_of(sorted(graph), graph)
    heights: list[int] = []
    for at, group in enumerate(groups):  # Tarjan's order: what is pointed at comes first
        below = {group_of[target] for node in group for target in graph[node]} - {at}
        heights.append(1 + max((heights[each] for each in below), default=-1))
    return {node: heights[group_of[node]] for node in graph}


def betweenness(graph: Mapping[Node, Set[Node]]) -> dict[Node, float]:
    """The share of the shortest ways between two other nodes that leads through each node, 0 to 1.

    Counted from every node where that takes at most `STEPS`, else from a sample of them, always the same one.
    Source: Brandes 2001; the sample: Brandes and Pich 2007.
    """
    import random

    nodes = sorted(graph)
    size = len(nodes) + sum(len(graph[node]) for node in nodes)
    starts = nodes
    if size * len(nodes) > STEPS:
        starts = random.Random(0).sample(nodes, min(len(nodes), max(FEWEST_STARTS, STEPS // size)))
    through = dict.fromkeys(nodes, 0.0)
    for start in starts:
        _add_ways(graph, start, through)
    pairs = len(starts) * max(len(nodes) - 2, 1)
    return {node: share / pairs for node, share in through.items()}


def _add_ways(graph: Mapping[Node, Set[Node]], start: Node, through: dict[Node, float]) -> None:
    """Adds to each node the share of the shortest ways from one start that leads through it."""
    distance = {start: 0}
    ways = {start: 1}
    before: dict[Node, list[Node]] = {start: []}
    met = [start]
    for node in met:  # grows while it is gone through
        for target in graph[node]:
            if target not in distance:
                distance[target] = distance[node] + 1
                ways[target] = 0
                before[target] = []
                met.append(target)
            if distance[target] == distance[node] + 1:
                ways[target] += ways[node]
                before[target].append(node)
    leads_on = dict.fromkeys(met, 0.0)
    for node in reversed(met[1:]):
        through[node] += leads_on[node]
        for source in before[node]:
            leads_on[source] += ways[source] / ways[node] * (1 + leads_on[node])
