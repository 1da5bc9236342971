"""WebDriver BiDi over one socket: a command goes in, its result comes out, from as many threads as like.

Selenium's own connection polls for replies, each tenth of a second by default; here a reply wakes the one who waits.
Source: the W3C working draft "WebDriver BiDi", sections 2 and 3 (transport, commands, errors, events).
"""

from __future__ import annotations

import base64
import contextlib
import itertools
import json
import logging
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, InvalidStateError
from concurrent.futures import TimeoutError as NotYet
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

from dreamscape.domain.errors import BrowserGone, PageHung

logger = logging.getLogger(__name__)

CONNECT_S = 20.0

_DIRECT: Mapping[str, Any] = {"http_proxy_host": "unused", "http_proxy_port": 1, "http_no_proxy": ["*"]}
"""No proxy stands between us and the driver, whatever the environment says; where none is named it would be asked."""

Listener = Callable[[Mapping[str, Any]], None]


class Socket(Protocol):
    """What is needed of a web socket; `websocket.WebSocket` keeps it."""

    def send(self, payload: str) -> Any: ...

    def recv(self) -> str | bytes: ...

    def close(self) -> None: ...


class Refused(Exception):
    """The browser cannot do what a command asks; ``code`` as in the draft, for example "no such frame"."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


class BiDi:
    """One connection. A thread of its own reads it; listeners are called there and must be quick."""

    def __init__(self, socket: Socket) -> None:
        self._socket = socket
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._waiting: dict[int, Future[dict[str, Any]]] = {}
        self._listeners: dict[tuple[str, str], Listener] = {}
        self._is_open = True
        self._reader = threading.Thread(target=self._read, name="bidi", daemon=True)
        self._reader.start()

    @classmethod
    def connect(cls, address: str) -> BiDi:
        """Opens a web socket to what a session's capability ``webSocketUrl`` names. Raises BrowserGone."""
        import websocket

        try:
            plain, header = without_password(address)
            socket = websocket.create_connection(
                plain, CONNECT_S, header=header, suppress_origin=True, enable_multithread=True, **_DIRECT
            )
        except (OSError, websocket.WebSocketException) as error:
            raise BrowserGone(f"the browser's connection does not open: {error}", "try again") from error
        socket.settimeout(None)  # a browser may have nothing to say for hours
        return cls(socket)

    def send(self, method: str, /, **params: object) -> Future[dict[str, Any]]:
        """Sends a command; its result will be what the browser gives, or `Refused`, or BrowserGone."""
        reply: Future[dict[str, Any]] = Future()
        with self._lock:
            if not self._is_open:
                raise _gone()
            number = next(self._numbers)
            self._waiting[number] = reply
            try:
                self._socket.send(json.dumps({"id": number, "method": method, "params": params}))
            except Exception as error:  # whatever a broken socket raises
                del self._waiting[number]
                raise _gone() from error
        return reply

    def command(self, method: str, timeout_s: float, /, **params: object) -> dict[str, Any]:
        """A command's result. Raises `Refused`, BrowserGone, and PageHung where none comes in time."""
        try:
            return self.send(method, **params).result(timeout_s)
        except NotYet as error:
            raise PageHung(f"the browser did not react for {timeout_s:.0f} s", "try again") from error

    def listen(self, event: str, key: str, listener: Listener | None) -> None:
        """Hands the events of one kind whose context or channel is ``key`` to ``listener``; None ends it."""
        with self._lock:
            if listener is None:
                self._listeners.pop((event, key), None)
            else:
                self._listeners[event, key] = listener

    def close(self) -> None:
        """Ends the connection; who still waits gets BrowserGone."""
        self._socket.close()
        self._reader.join(CONNECT_S)

    def _read(self) -> None:
        try:
            while said := self._socket.recv():
                self._hear(json.loads(said))
        except Exception as error:  # noqa: BLE001  # whatever ends it, nobody may wait for ever
            logger.debug("the connection to the browser ended: %s", error)
        with self._lock:
            self._is_open = False
            waiting, self._waiting = self._waiting, {}
        for reply in waiting.values():
            fail(reply, _gone())

    def _hear(self, said: dict[str, Any]) -> None:
        if said.get("type") == "event":
            params = said["params"]
            with self._lock:
                listener = self._listeners.get((said["method"], _key(params)))
            if listener:
                listener(params)
            return
        with self._lock:
            reply = self._waiting.pop(said.get("id") or 0, None)
        if reply is None:
            return
        if said["type"] != "success":
            fail(reply, Refused(said["error"], str(said.get("message", "")).partition("\n")[0]))
            return
        with contextlib.suppress(InvalidStateError):
            reply.set_result(said["result"])


def without_password(address: str) -> tuple[str, list[str]]:
    """An address as it may be opened, and the header that tells the name and password it held (RFC 7617)."""
    parts = urlsplit(address)
    if parts.username is None:
        return address, []
    told = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    plain = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
    return plain, [f"Authorization: Basic {base64.b64encode(told.encode()).decode()}"]


def fail(reply: Future[dict[str, Any]], error: Exception) -> None:
    """Ends a wait, unless somebody has ended it already."""
    with contextlib.suppress(InvalidStateError):
        reply.set_exception(error)


def _key(params: Mapping[str, Any]) -> str:
    return str(next((params[name] for name in ("channel", "context", "session") if params.get(name)), ""))


def _gone() -> BrowserGone:
    return BrowserGone("the browser or its driver ended", "try again")
