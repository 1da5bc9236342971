"""A time goes in; when it comes, the connection that is watched ends, whatever the other side is just sending."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress
from types import TracebackType
from typing import Any, Self


class Deadlines:
    """Those of all connections that are open; ends them before their time. For any thread."""

    def __init__(self) -> None:
        self.is_over = False
        self._open: set[Deadline] = set()
        self._lock = threading.Lock()

    def add(self, deadline: Deadline) -> None:
        """Watches over one more."""
        with self._lock:
            self._open.add(deadline)

    def remove(self, deadline: Deadline) -> None:
        """It is over by itself."""
        with self._lock:
            self._open.remove(deadline)

    def end(self) -> None:
        """Ends all that are open now."""
        self.is_over = True
        with self._lock:
            running = list(self._open)
        for deadline in running:
            deadline.end()


class Deadline:
    """Ends one connection of httpx at ``until`` (as in `time.monotonic`), if the block is not over by then.

    httpx bounds each read, but not all of them together: a server that sends one byte now and then would never end.
    """

    def __init__(self, until: float, among: Deadlines) -> None:
        self.is_over = False
        self._among = among
        self._socket: socket.socket | None = None
        self._lock = threading.Lock()
        self._timer = threading.Timer(max(0.0, until - time.monotonic()), self.end)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        self._timer.start()
        self._among.add(self)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._timer.cancel()
        self._among.remove(self)

    def see(self, event: str, info: dict[str, Any]) -> None:
        """What httpx tells as its ``trace`` extension: among other things that it is connected, and by which socket."""
        if event in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
            with self._lock:
                self._socket = info["return_value"].get_extra_info("socket")
            if self.is_over:
                self.end()

    def end(self) -> None:
        """Ends the connection now."""
        with self._lock:
            self.is_over = True
            if self._socket is not None:
                with suppress(OSError):
                    # The plain socket's own: that of TLS would forget its state under the hands of who is reading.
                    socket.socket.shutdown(self._socket, socket.SHUT_RDWR)
