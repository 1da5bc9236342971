"""An OpenAI-compatible endpoint of our own on loopback: it streams what it is told to, and fails as real ones do."""

from __future__ import annotations

import contextlib
import gzip
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

STREAM = "text/event-stream; charset=utf-8"


@dataclass(frozen=True)
class Reply:
    """What one request gets: a status, headers, and the pieces of its body as they are sent.

    Between two pieces it waits ``pause_s``; ``is_cut`` ends the connection behind the last one without the end that
    HTTP wants; ``lasts`` sends the last piece again and again until nobody reads it.
    """

    status: int = 200
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": STREAM})
    pieces: Sequence[bytes] = ()
    pause_s: float = 0.0
    is_cut: bool = False
    lasts: bool = False


@dataclass
class ApiSite:
    """A running endpoint. ``replies`` are given one after the other, the last one from then on; without any,
    ``answer`` says what the model says. ``asked`` are the requests' bodies, ``headers`` their headers."""

    replies: Sequence[Reply] = ()
    answer: Callable[[str, str], str] = lambda prompt, model: f"{model}: {prompt}"
    asked: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    address: str = ""
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def prompts(self) -> list[str]:
        """The texts that arrived."""
        return [asked["messages"][-1]["content"] for asked in self.asked]

    def reply(self, number: int) -> Reply:
        """To the request of this number, 0 first."""
        if self.replies:
            return self.replies[min(number, len(self.replies) - 1)]
        return Reply(pieces=[events(self.answer(self.prompts[number], self.asked[number]["model"]))])


def chunk(text: str = "", end: str | None = None, **more: object) -> dict[str, Any]:
    """One event of a chat completion."""
    choice = {"index": 0, "delta": {"content": text}, "finish_reason": end}
    return {"object": "chat.completion.chunk", "choices": [choice], **more}


def usage(tokens_in: int, tokens_out: int) -> dict[str, Any]:
    """The event that tells tokens, the last one."""
    return {"choices": [], "usage": {"prompt_tokens": tokens_in, "completion_tokens": tokens_out}}


def data(*values: object, end: bytes = b"\n\n") -> bytes:
    """Events as they are sent."""
    return b"".join(b"data: " + json.dumps(value, ensure_ascii=False).encode() + end for value in values)


def events(text: str, end: str = "stop", tokens: tuple[int, int] | None = (7, 5)) -> bytes:
    """A whole stream that says a text in a few events."""
    third = len(text) // 3 + 1
    said = [chunk(text[at : at + third]) for at in range(0, len(text), third)]
    return data(*said, chunk(end=end), *([usage(*tokens)] if tokens else [])) + b"data: [DONE]\n\n"


def refusal(status: int, message: str = "no", **headers: str) -> Reply:
    """A refusal in the usual form; an underscore in a header's name stands for a hyphen."""
    body = json.dumps({"error": {"message": message}}).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status, {"Content-Type": "application/json", **named}, [body])


def zipped(reply: Reply) -> Reply:
    """The same, compressed as a whole."""
    body = gzip.compress(b"".join(reply.pieces))
    return Reply(reply.status, {**reply.headers, "Content-Encoding": "gzip"}, [body[:9], body[9:]])


@contextlib.contextmanager
def served(site: ApiSite, tls: ssl.SSLContext | None = None) -> Iterator[ApiSite]:
    """The endpoint, listening, while the block runs; encrypted where ``tls`` is given."""
    server = _Quiet(("127.0.0.1", 0), type("Handler", (_Handler,), {"site": site}))
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    site.address = f"{'https' if tls else 'http'}://127.0.0.1:{server.server_port}/v1"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Quiet(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that does not trust us leaves in the middle of a word."""


class _Handler(BaseHTTPRequestHandler):
    site: ApiSite
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with self.site.lock:
            number = len(self.site.asked)
            self.site.asked.append(asked)
            self.site.headers.append(dict(self.headers))
            self.site.paths.append(self.path)
        reply = self.site.reply(number)
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.send_response(reply.status)
            for name, value in {**reply.headers, "Transfer-Encoding": "chunked"}.items():
                self.send_header(name, value)
            self.end_headers()
            for piece in self._pieces(reply):
                self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
                time.sleep(reply.pause_s)
            if not reply.is_cut:
                self.wfile.write(b"0\r\n\r\n")
            self.connection.shutdown(socket.SHUT_WR)

    def _pieces(self, reply: Reply) -> Iterable[bytes]:
        yield from filter(None, reply.pieces)
        while reply.lasts:
            yield reply.pieces[-1]

    def log_message(self, *words: object) -> None:
        """Says nothing."""
