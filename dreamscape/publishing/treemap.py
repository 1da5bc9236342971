"""Sizes by path go in, rectangles come out: a treemap of folders and files whose areas are in proportion.

Source of the layout: the squarified treemap of Bruls, Huizing and van Wijk 2000, which keeps rectangles near squares.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

HEADER = 16.0
"""How much of a folder's height its name takes, as far as there is room (chosen)."""
ROOM = 48.0
"""A folder with less width or height than this bears no name (chosen)."""


@dataclass(frozen=True, slots=True)
class Tile:
    """A rectangle; ``path`` names a file, or the folder whose smallest files it stands for where ``merged`` counts
    them, or a folder drawn around its tiles where ``is_folder``."""

    path: str
    x: float
    y: float
    width: float
    height: float
    is_folder: bool = False
    merged: int = 0


@dataclass(slots=True)
class _Folder:
    path: str
    size: float = 0.0
    files: dict[str, float] = field(default_factory=dict)
    folders: dict[str, _Folder] = field(default_factory=dict)


def treemap(sizes: Mapping[str, float], width: float, height: float, most: int) -> list[Tile]:
    """Tiles for files by their sizes (posix paths, sizes above 0), folders before what lies in them.

    Only the ``most`` largest files get a tile each; the others of a folder share one.
    """
    largest = sorted(sizes, key=lambda path: (-sizes[path], path))[:most]
    root = _tree(sizes)
    return list(_laid(root, frozenset(largest), 0.0, 0.0, width, height)) if root.size else []


def _tree(sizes: Mapping[str, float]) -> _Folder:
    root = _Folder("")
    for path, size in sizes.items():
        folder = root
        folder.size += size
        for part in path.split("/")[:-1]:
            inner = f"{folder.path}/{part}" if folder.path else part
            folder = folder.folders.setdefault(part, _Folder(inner))
            folder.size += size
        folder.files[path] = size
    return root


def _laid(folder: _Folder, shown: frozenset[str], x: float, y: float, width: float, height: float) -> Iterator[Tile]:
    small = [path for path in folder.files if path not in shown]
    parts: list[tuple[float, str, _Folder | int]] = [
        (inner.size, inner.path, inner) for inner in folder.folders.values()
    ]
    parts += [(size, path, 0) for path, size in folder.files.items() if path in shown]
    if small:
        parts.append((sum(folder.files[path] for path in small), folder.path, len(small)))
    parts.sort(key=lambda part: (-part[0], part[1]))
    places = squarified([part[0] for part in parts], x, y, width, height)
    for (_, path, what), (left, top, wide, high) in zip(parts, places, strict=True):
        if isinstance(what, int):
            yield Tile(path, left, top, wide, high, merged=what)
            continue
        yield Tile(path, left, top, wide, high, is_folder=True)
        header = HEADER if wide >= ROOM and high >= ROOM else 0.0
        yield from _laid(what, shown, left, top + header, wide, high - header)


def squarified(
    sizes: Sequence[float], x: float, y: float, width: float, height: float
) -> list[tuple[float, float, float, float]]:
    """A rectangle (left, top, width, height) for each size, which come sorted, the largest first."""
    total = sum(sizes)
    if not total or width <= 0 or height <= 0:
        return [(x, y, 0.0, 0.0)] * len(sizes)
    scale = width * height / total
    areas = [size * scale for size in sizes]
    placed: list[tuple[float, float, float, float]] = []
    at = 0
    while at < len(areas):
        side = min(width, height)
        end = at + 1
        while end < len(areas) and _worst(areas[at : end + 1], side) <= _worst(areas[at:end], side):
            end += 1
        row = areas[at:end]
        depth = sum(row) / side if side else 0.0
        placed += _row(row, x, y, depth, is_column=width >= height)
        if width >= height:
            x, width = x + depth, max(0.0, width - depth)
        else:
            y, height = y + depth, max(0.0, height - depth)
        at = end
    return placed


def _row(
    areas: Iterable[float], x: float, y: float, depth: float, *, is_column: bool
) -> Iterator[tuple[float, float, float, float]]:
    for area in areas:
        length = area / depth if depth else 0.0
        if is_column:
            yield x, y, depth, length
            y += length
        else:
            yield x, y, length, depth
            x += length


def _worst(areas: Sequence[float], side: float) -> float:
    """The largest ratio of a rectangle's sides, if these areas share a row of this length."""
    total = sum(areas)
    if not total or not side:
        return float("inf")
    return max(side * side * max(areas) / (total * total), total * total / (side * side * (min(areas) or 1e-12)))
