"""The wire to a candidate server: questions go in, answers come out as they are given, until either end hangs up."""

from __future__ import annotations

import contextlib
import json
import os
import select
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dreamscape.agent.sandbox import Confined
from dreamscape.domain.errors import CannotGoOn

STARTUP_S = 120.0
"""What the import of the project and the collection of its tests may take; beyond, every candidate is cold (chosen)."""
MARGIN_S = 30.0
"""How long after its deadline the server may still be silent before it is taken for dead (chosen)."""
_FAREWELL_S = 2.0
"""How long the server may take to end by itself (chosen)."""


class ServerLine:
    """The wire to one server process.

    Raises CannotGoOn, with the server's last words, where it does not greet in time.
    """

    def __init__(self, confined: Confined, hello: Mapping[str, object]) -> None:
        self._confined = confined
        self._buffer = b""
        self.is_alive = True
        self._send(hello)
        first = self._receive(STARTUP_S)
        if first is None or first["type"] != "hello":
            ended = confined.wait(0.0)
            self.close()
            raise CannotGoOn(
                f"the candidate server did not start: {ended.end.value} {ended.exit_code}",
                f"its last words were: {ended.output_tail.strip()[-800:]}",
            )

    def ask(
        self, common: Mapping[str, Any], jobs: Sequence[Mapping[str, Any]], seconds: float
    ) -> Iterator[dict[str, Any]]:
        """Answers as they come; ends early, no longer alive, where the server is lost."""
        until = time.monotonic() + seconds + MARGIN_S
        self._send({"common": common, "jobs": list(jobs), "seconds": seconds})
        while True:
            message = self._receive(until - time.monotonic())
            if message is None:
                self.is_alive = False
                return
            if message["type"] == "done":
                return
            yield message

    def close(self) -> None:
        """Ends the server: by hanging up, and by force where that is not enough."""
        self.is_alive = False
        with self._confined as confined, contextlib.suppress(OSError, CannotGoOn):
            confined.requests.close()
            confined.wait(_FAREWELL_S)

    def _send(self, message: Mapping[str, object]) -> None:
        try:
            self._confined.requests.write(json.dumps(message).encode("ascii") + b"\n")
            self._confined.requests.flush()
        except OSError:
            self.is_alive = False

    def _receive(self, seconds: float) -> dict[str, Any] | None:
        number = self._confined.reports.fileno()
        until = time.monotonic() + seconds
        while b"\n" not in self._buffer:
            if not self.is_alive or not select.select([number], [], [], max(0.0, until - time.monotonic()))[0]:
                return None
            data = os.read(number, 1 << 16)
            if not data:
                return None
            self._buffer += data
        line, self._buffer = self._buffer.split(b"\n", 1)
        message: dict[str, Any] = json.loads(line)
        return message
