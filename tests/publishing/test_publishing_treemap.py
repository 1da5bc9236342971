"""Areas tell sizes, and nothing lies over anything else."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dreamscape.publishing.treemap import squarified, treemap

SIZES = st.lists(st.integers(1, 5000), min_size=1, max_size=40)


@given(SIZES)
def test_areas_are_in_proportion_to_sizes_and_fill_the_whole(sizes: list[int]) -> None:
    ordered = sorted(sizes, reverse=True)

    placed = squarified(ordered, 5.0, 7.0, 300.0, 200.0)

    for size, (x, y, width, height) in zip(ordered, placed, strict=True):
        assert width * height == pytest.approx(size / sum(sizes) * 60_000)
        assert 5 - 1e-6 <= x <= x + width <= 305 + 1e-6
        assert 7 - 1e-6 <= y <= y + height <= 207 + 1e-6


@given(SIZES)
def test_no_two_rectangles_overlap(sizes: list[int]) -> None:
    for (ax, ay, aw, ah), (bx, by, bw, bh) in combinations(squarified(sorted(sizes, reverse=True), 0, 0, 90, 60), 2):
        across = min(ax + aw, bx + bw) - max(ax, bx)
        down = min(ay + ah, by + bh) - max(ay, by)
        assert across < 1e-6 or down < 1e-6


def test_files_lie_in_their_folders_and_the_small_ones_share_a_tile() -> None:
    sizes = {"a/big.py": 100.0, "a/b/one.py": 60.0, "a/b/two.py": 1.0, "a/b/three.py": 2.0, "top.py": 50.0}

    tiles = {(tile.path, tile.is_folder, tile.merged): tile for tile in treemap(sizes, 600, 400, most=3)}

    assert set(tiles) == {
        ("a", True, 0), ("a/big.py", False, 0), ("a/b", True, 0), ("a/b/one.py", False, 0), ("a/b", False, 2),
        ("top.py", False, 0),
    }  # fmt: skip
    folder, inside = tiles["a/b", True, 0], tiles["a/b/one.py", False, 0]
    assert folder.x <= inside.x
    assert inside.x + inside.width <= folder.x + folder.width + 1e-6
    assert folder.y < inside.y


def test_no_files_are_no_tiles() -> None:
    assert treemap({}, 10, 10, most=5) == []
