"""A time goes in; when it comes, the connection that is watched ends, whatever the other side is just sending."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress
from types import TracebackType
from typing import Any, Self


class Deadline:
    """Ends one connection of httpx at ``until`` (as in `time.monotonic`), if the block is not over by then.

    httpx bounds each read, but not all of them together: a server that sends one byte now and then would never end.
    """

    def __init__(self, until: float) -> None:
        self.is_over = False
        self._socket: socket.socket | None = None
        self._lock = threading.Lock()
        self._timer = threading.Timer(max(0.0, until - time.monotonic()), self._end)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._timer.cancel()

    def see(self, event: str, info: dict[str, Any]) -> None:
        """What httpx tells as its ``trace`` extension: among other things that it is connected, and by which socket."""
        if event in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
            with self._lock:
                self._socket = info["return_value"].get_extra_info("socket")
            if self.is_over:
                self._end()

    def _end(self) -> None:
        with self._lock:
            self.is_over = True
            if self._socket is not None:
                with suppress(OSError):
                    # The plain socket's own: that of TLS would forget its state under the hands of who is reading.
                    socket.socket.shutdown(self._socket, socket.SHUT_RDWR)
