"""Node ids go in, keys come out: names of tests that stay the same from run to run."""

from __future__ import annotations

import re
from typing import Dict, Iterable, List

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
