"""What this machine and the Grid of the settings have to drive chat sites with, in words."""

from __future__ import annotations


def local_browser() -> str:
    """Browser and driver of this machine with their versions. Raises BrowserMissing where they are not there or do not
    fit together."""
    from dreamscape.client.driver_versions import fitting_programs, version_of

    return ", ".join(f"{path} {version_of(path)}".strip() for path in fitting_programs())


def grid_in_words(grid: str) -> tuple[bool, str]:
    """Whether the Grid at an address takes a session now, and how it is. Raises BrowserMissing where none answers."""
    from dreamscape.client.grid_status import grid_status, shown

    status = grid_status(grid)
    nodes = f"{status.nodes} node{'' if status.nodes == 1 else 's'} up, {status.free} of {status.slots} slots free"
    timeout = f", sessions end after {status.session_timeout_s:.0f} s idle" if status.session_timeout_s else ""
    # Whatever speaks WebDriver tells that it is ready; only a Grid tells of its nodes.
    details = f": {nodes}{timeout}" if status.slots else ""
    return status.is_ready, f"{shown(grid)} {'is ready' if status.is_ready else 'is not ready'}{details}"
