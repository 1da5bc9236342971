"""The address of a Selenium Grid goes in, how it is and what it has free comes out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dreamscape.domain.errors import BrowserMissing

STATUS_S = 5.0
"""How long a Grid may take to tell its status; chosen."""


@dataclass(frozen=True, slots=True)
class GridStatus:
    """What a Grid tells of itself: whether it takes sessions, its nodes that are up, their slots and how many of these
    are free; ``session_timeout_s`` is the shortest of its nodes', None where none tells one.

    A node that was killed counts as up for a minute more: what a session meets is the surer sign.
    """

    is_ready: bool
    nodes: int
    slots: int
    free: int
    session_timeout_s: float | None


def grid_status(grid: str) -> GridStatus:
    """The status of the Grid, or other WebDriver, at an address. Raises BrowserMissing where there is none."""
    import urllib3

    try:
        with urllib3.PoolManager(retries=False, timeout=STATUS_S) as pool:
            parts = urllib3.util.parse_url(grid)
            headers = urllib3.make_headers(basic_auth=parts.auth) if parts.auth else {}
            said = pool.request("GET", f"{grid.rstrip('/')}/status", headers=headers).json()["value"]
        return _read(said)
    except (urllib3.exceptions.HTTPError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BrowserMissing(
            f"no Grid answers at {shown(grid)}", "is it running, and client.grid its address?"
        ) from error


def _read(said: Mapping[str, Any]) -> GridStatus:
    nodes = [node for node in said.get("nodes", ()) if node["availability"] == "UP"]
    slots = [slot for node in nodes for slot in node["slots"]]
    free = sum(not slot["session"] for slot in slots)
    timeouts_s = [node["sessionTimeout"] / 1000 for node in nodes if node.get("sessionTimeout")]
    return GridStatus(bool(said["ready"]), len(nodes), len(slots), free, min(timeouts_s, default=None))


def shown(grid: str) -> str:
    """A Grid's address without the password that may be in it."""
    return re.sub(r"//[^/@]*@", "//", grid)
