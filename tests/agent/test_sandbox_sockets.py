"""Which sockets of the machine a sandboxed command could reach."""

from __future__ import annotations

import os
import socket
import tempfile
from pathlib import Path

from required import missing

from dreamscape.agent.sandbox_sockets import reachable_sockets

NOBODY = 65534


def test_a_socket_in_a_folder_closed_to_us_is_out_of_reach_and_no_trouble() -> None:
    if os.geteuid() != 0:
        missing("permissions", "only root can look as somebody else")
    with tempfile.TemporaryDirectory(dir="/tmp") as folder, socket.socket(socket.AF_UNIX) as bound:
        path = Path(folder, "s")
        bound.bind(str(path))
        bound.listen()

        assert path in set(reachable_sockets(()))
        os.seteuid(NOBODY)
        try:
            seen = set(reachable_sockets(()))
        finally:
            os.seteuid(0)
        assert path not in seen
