"""Node ids go in, keys come out: names of tests that stay the same from run to run."""

from __future__ import annotations

import os
import re
from typing import Dict, Iterable, List, Tuple

_ADDRESS = re.compile(r"0x[0-9a-fA-F]{6,}")


def masked(nodeid: str) -> str:
    """The node id without memory addresses."""
    return _ADDRESS.sub("0x", nodeid)


def keys_of(nodeids: Iterable[str]) -> List[str]:
    """One key for each node id, in the same order; of several that become equal the second bears ``#2``, and so on.

    Give all that was collected of a file, before anything is deselected: the numbers count.
    """
    seen: Dict[str, int] = {}
    keys = []
    for nodeid in nodeids:
        key = masked(nodeid)
        seen[key] = seen.get(key, 0) + 1
        keys.append(key if seen[key] == 1 else "%s#%d" % (key, seen[key]))
    return keys


def path_of(key: str) -> str:
    """The file a key belongs to, relative to the project."""
    return key.split("::", 1)[0]


def scope_of(key: str) -> str:
    """The file that could not be collected, or the folder that a conftest is for."""
    return os.path.dirname(key) if os.path.basename(key) == "conftest.py" else key


def wanted(keys: List[str], only: List[str]) -> List[int]:
    """Places in ``keys`` of the tests that ``only`` asks for, in its order.

    A key of ``only`` that is no test's, but that of a file or conftest which once could not be collected, stands for
    all tests there.
    """
    places = {key: place for place, key in enumerate(only)}
    scopes = [(place, scope_of(key)) for key, place in places.items() if "::" not in key]
    chosen = [(_place(key, places, scopes), at) for at, key in enumerate(keys)]
    return [at for place, at in sorted(chosen) if place >= 0]


def _place(key: str, places: Dict[str, int], scopes: List[Tuple[int, str]]) -> int:
    if key in places:
        return places[key]
    path = path_of(key)
    around = (place for place, scope in scopes if path == scope or not scope or path.startswith(scope + "/"))
    return next(around, -1)
