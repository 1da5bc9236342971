"""A ranking goes in, one HTML page comes out that needs nothing beside it: no network, no other file."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dreamscape.domain.report import ReportSource
from dreamscape.domain.rows import FileRow
from dreamscape.publishing.treemap import treemap

WIDTH, HEIGHT = 1200.0, 620.0
"""The treemap's own units; the page scales it to the window."""
MOST_TILES = 1200
MOST_ROWS = 500
MOST_NODES = 36
"""How much a page shows that people still read and browsers still draw at once (all chosen)."""

NODE_WIDTH, NODE_HEIGHT, GAP_X, GAP_Y = 190, 26, 70, 12
SPARK_WIDTH, SPARK_HEIGHT = 64, 16


@dataclass(frozen=True, slots=True)
class _Node:
    path: str
    x: int
    y: int


def report_page(source: ReportSource, template: str) -> str:
    """The page; ``template`` is Jinja2's, which escapes all that comes from the project."""
    import jinja2

    scan = source.scan
    rows = scan.files[:MOST_ROWS]
    highest = max((row.impact for row in scan.files), default=0.0)
    numbers = {row.path: number for number, row in enumerate(rows)}
    nodes, links = _graph(rows, source.imports)
    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    return environment.from_string(template).render(
        project=scan.project,
        at=f"{source.at:%Y-%m-%d %H:%M} UTC",
        scan=scan,
        rows=rows,
        numbers=numbers,
        highest=highest,
        heat={row.path: row.impact / (highest or 1.0) for row in scan.files},
        tiles=_tiles(scan.files, numbers),
        width=WIDTH,
        height=HEIGHT,
        nodes=nodes,
        links=links,
        node_width=NODE_WIDTH,
        node_height=NODE_HEIGHT,
        graph_width=max((node.x for node in nodes), default=0) + NODE_WIDTH + 2,
        graph_height=max((node.y for node in nodes), default=0) + NODE_HEIGHT + 2,
        sparks={path: _spark(values) for path, values in source.trends.items() if len(values) > 1},
        spark_width=SPARK_WIDTH,
        spark_height=SPARK_HEIGHT,
    )


def _tiles(files: Sequence[FileRow], numbers: Mapping[str, int]) -> list[dict[str, Any]]:
    by_path = {row.path: row for row in files}
    laid = treemap({path: max(1.0, row.sloc) for path, row in by_path.items()}, WIDTH, HEIGHT, MOST_TILES)
    return [
        {"tile": tile, "row": None if tile.is_folder or tile.merged else by_path[tile.path],
         "number": numbers.get(tile.path), "name": tile.path.rpartition("/")[2]}
        for tile in laid
    ]  # fmt: skip


def _graph(rows: Sequence[FileRow], imports: Iterable[tuple[str, str]]) -> tuple[list[_Node], list[dict[str, Any]]]:
    """The hottest files that import each other, in columns: whoever imports stands left of what it imports."""
    hot = {row.path for row in rows}
    among = sorted({(a, b) for a, b in imports if a != b and a in hot and b in hot})
    degree = Counter(path for pair in among for path in pair)
    chosen = [row.path for row in rows if degree[row.path]][:MOST_NODES]
    kept = [(a, b) for a, b in among if a in set(chosen) and b in set(chosen)]
    columns = defaultdict[int, list[str]](list)
    for path, layer in _layers(chosen, kept).items():
        columns[layer].append(path)
    nodes = {
        path: _Node(path, 1 + column * (NODE_WIDTH + GAP_X), 1 + at * (NODE_HEIGHT + GAP_Y))
        for column, layer in enumerate(sorted(columns))
        for at, path in enumerate(columns[layer])
    }
    return list(nodes.values()), [{"a": nodes[a], "b": nodes[b]} for a, b in kept]


def _layers(paths: Iterable[str], pairs: Iterable[tuple[str, str]]) -> dict[str, int]:
    """The most imports that lie between a file and one that nobody here imports; an import that closes a circle does
    not count."""
    imports = defaultdict[str, list[str]](list)
    for importer, imported in pairs:
        imports[importer].append(imported)
    order: list[str] = []
    closing: set[tuple[str, str]] = set()
    open_: dict[str, bool] = {}

    def visit(path: str) -> None:
        open_[path] = True
        for imported in imports[path]:
            if open_.get(imported):
                closing.add((path, imported))
            elif imported not in open_:
                visit(imported)
        open_[path] = False
        order.append(path)

    for path in paths:
        if path not in open_:
            visit(path)
    layers = dict.fromkeys(paths, 0)
    for path in reversed(order):
        for imported in imports[path]:
            if (path, imported) not in closing:
                layers[imported] = max(layers[imported], layers[path] + 1)
    return layers


def _spark(values: Sequence[float]) -> str:
    """The points of a line through some values, for SVG."""
    top = max(values) or 1.0
    step = (SPARK_WIDTH - 2) / (len(values) - 1)
    return " ".join(
        f"{1 + at * step:.1f},{1 + (SPARK_HEIGHT - 2) * (1 - value / top):.1f}" for at, value in enumerate(values)
    )
