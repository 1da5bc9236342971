"""A chat site of our own on loopback: it streams answers, wants a login, and fails in the ways that real ones do."""

from __future__ import annotations

import contextlib
import json
import re
import secrets
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from required import missing

HERE = Path(__file__).parent
BOXES = {
    "textarea": '<textarea id="box"></textarea>',
    "editable": '<div id="box" contenteditable="true"></div>',
    "prosemirror": '<div id="box" data-editor="prosemirror"></div>',
    "quill": '<div id="box" data-editor="quill"></div>',
}
PACKAGES = (
    *("prosemirror-view", "prosemirror-schema-basic", "prosemirror-keymap", "prosemirror-commands"),
    *("marked", "@highlightjs/cdn-assets", "quill"),
)
BUNDLES = {"highlight": "@highlightjs/cdn-assets/es/highlight.min.js", "quill": "quill/dist/quill.core.js"}
"""What some packages give to browsers; the others name it in their package.json."""

PROFILE = """
url = "{url}"
box = ["textarea#box", "#box[contenteditable]", ".ProseMirror", ".ql-editor"]
send = ["#no-such-button", "#send"]
busy = ["#stop"]
answer = [".assistant"]
copy = [".copy"]
failed = [".failed"]
rate_limit = [".rate-limit"]
challenge = [".challenge"]
logged_out = ["#login"]
file_input = ["#file"]
attached = [".attached"]
at_once = 0
prompts_per_minute = 0
"""
"""All that is to be said of this site."""


@dataclass
class ChatSite:
    """A running site. ``answer`` maps prompt and model to what is said; ``prompts`` are those that arrived,
    ``attached`` the text of the file that came with each; ``opened`` chat pages were sent.

    ``tokens_per_second`` paces the stream (0: two parts at once). ``ways`` are habits of the page: frames draws with
    the next animation frame, which never comes for a page that is not looked at; rekeyed replaces the message's element
    at each drawing; late-send shows the send button only beside a text; copy-beside puts the copy button behind the
    message, not into it; virtual takes old messages away; markdown draws with marked and highlight.js; framework draws
    into an element of the page's own kind, with comments as marks; reporting tells when the last token was drawn; deaf
    does nothing when the send button is pressed; forgetful drops most of what is first written into its box, a moment
    later; redrawn replaces all messages when another is sent; no-copy has a mark of another kind in the copy button's
    place; early-copy has a copy button beside an answer that still grows.
    ``fault`` breaks all answers: 401, 403, 429 refuse, challenge stands before every page, and in the middle of an
    answer drop ends the stream, stall says no more and leaves it open, hang and alert come from the page, wait goes on
    only when ``release`` is set; ``faults`` are those of single prompts and pages (``/?so``), for which an address
    leads there.
    ``limit`` is how many prompts are answered; from then on every page has a banner.
    ``wants_login`` sends whoever has no cookie of one of the ``sessions`` to log in; a cookie lasts ``login_s``.
    ``modules`` is a folder with npm's packages. ``arrived_at``, ``finished_at`` (the last byte sent), ``drawn_at`` and
    ``broken_at`` (a fault in the middle) are `time.monotonic` for each prompt.
    """

    kind: str = "textarea"
    answer: Callable[[str, str], str] = lambda prompt, model: f"{model}: {prompt}"
    prompts: list[str] = field(default_factory=list)
    attached: list[str | None] = field(default_factory=list)
    opened: int = 0
    tokens_per_second: float = 0.0
    ways: frozenset[str] = frozenset()
    fault: str = ""
    faults: dict[str, str] = field(default_factory=dict)
    limit: int | None = None
    wants_login: bool = False
    login_s: int = 86400
    sessions: set[str] = field(default_factory=set)
    modules: Path | None = None
    asked: threading.Event = field(default_factory=threading.Event)
    release: threading.Event = field(default_factory=threading.Event)
    arrived_at: dict[str, float] = field(default_factory=dict)
    finished_at: dict[str, float] = field(default_factory=dict)
    drawn_at: dict[str, float] = field(default_factory=dict)
    broken_at: dict[str, float] = field(default_factory=dict)
    address: str = ""

    @property
    def profile(self) -> str:
        """The site's profile in TOML."""
        return PROFILE.format(url=self.address)


@contextlib.contextmanager
def served(site: ChatSite) -> Iterator[ChatSite]:
    """The site, listening, while the block runs."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"site": site}))
    server.daemon_threads = True
    site.address = f"http://127.0.0.1:{server.server_port}/"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield site
    finally:
        site.release.set()
        server.shutdown()
        thread.join()
        server.server_close()


def npm_modules(folder: Path) -> Path:
    """The folder of the packages that pages are made of, fetched by npm; skips the test where it gives none."""
    npm = shutil.which("npm")
    if npm is None:
        missing("npm", "there is no npm on this machine")
    quiet = ("--silent", "--no-audit", "--no-fund", "--ignore-scripts", "--prefer-offline")
    try:
        subprocess.run([npm, "install", *quiet, *PACKAGES], cwd=folder, check=True, capture_output=True, timeout=120)
    except (subprocess.SubprocessError, OSError) as error:
        missing("npm", f"npm gives no packages: {error}")
    return folder / "node_modules"


class _Handler(BaseHTTPRequestHandler):
    site: ChatSite
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path in ("/prosemirror.js", "/quill.js"):
            self._send(200, (HERE / path[1:]).read_bytes(), "text/javascript")
        elif path.startswith("/npm/") and self.site.modules:
            self._send(200, _module(self.site.modules, path.removeprefix("/npm/")), "text/javascript")
        elif path == "/login":
            self._send(200, b"<p id=login>Log in</p>")
        elif path == "/enter":
            self.site.sessions.add(session := secrets.token_hex(8))
            self._redirect("/", f"session={session}; Max-Age={self.site.login_s}")
        elif (fault := self._fault(self.path)).startswith("http"):
            self._redirect(fault)
        elif path == "/favicon.ico":
            self._send(404, b"")
        elif not self._is_logged_in():
            self._redirect("/login")
        else:
            self.site.opened += 1
            self._send(200, self._page().encode())

    def _page(self) -> str:
        if self._fault(self.path) == "challenge":
            return "<p class=challenge>Are you human?</p>"
        page = (HERE / "chat.html").read_text().replace("BOX", BOXES[self.site.kind])
        page = page.replace("WAYS", " ".join(sorted(self.site.ways)))
        page = page.replace("IMPORTS", json.dumps({"imports": _imports(self.site.modules)}))
        return page + ("<aside class=rate-limit>Too many requests</aside>" if self._is_over_limit() else "")

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/drawn":
            self.site.drawn_at[body["prompt"]] = body["at"] / 1000 - time.time() + time.monotonic()
            self._send(204, b"")
            return
        if not self._is_logged_in() or self._is_over_limit():
            self._send(401 if not self._is_logged_in() else 429, b"")
            return
        prompt = body["prompt"]
        self.site.arrived_at[prompt] = time.monotonic()
        self.site.prompts.append(prompt)
        self.site.attached.append(body["attached"])
        self.site.asked.set()
        fault = self._fault(prompt)
        if fault in ("401", "403", "429"):
            self._send(int(fault), b"")
            return
        self._stream(prompt, self.site.answer(prompt, body["model"]))
        self.site.finished_at[prompt] = time.monotonic()

    def _stream(self, prompt: str, text: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        pace = self.site.tokens_per_second
        half = len(text) // 2
        pieces = re.findall(r"\s*\S+|\s+$", text) if pace else [text[:half], text[half:]]
        started = time.monotonic()
        for at, piece in enumerate(pieces):
            if at == len(pieces) // 2 and (fault := self._fault(prompt)):
                self.site.broken_at[prompt] = time.monotonic()
                if self._is_broken(fault):
                    return
            self._event(text=piece)
            if pace:
                time.sleep(max(0.0, started + (at + 1) / pace - time.monotonic()))
        self._event(done=True)
        self._chunk(b"")

    def _fault(self, what: str) -> str:
        return self.site.faults.get(what, self.site.fault)

    def _is_broken(self, fault: str) -> bool:
        """What a fault does in the middle of an answer; whether the answer ends there."""
        match fault:
            case "drop":
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
                return True
            case "stall":
                self.close_connection = True
                self.site.release.wait()
                return True
            case "hang" | "alert":
                self._event(**{fault: "x"})
            case "wait":
                self.site.release.wait(60)
        return False

    def _is_logged_in(self) -> bool:
        cookie = self.headers.get("Cookie", "")
        return not self.site.wants_login or any(f"session={session}" in cookie for session in self.site.sessions)

    def _is_over_limit(self) -> bool:
        return self.site.limit is not None and len(self.site.prompts) >= self.site.limit

    def _event(self, **said: object) -> None:
        self._chunk(b"data: " + json.dumps(said).encode() + b"\n\n")

    def _chunk(self, data: bytes) -> None:
        with contextlib.suppress(OSError):  # the page may be gone
            self.wfile.write(b"%x\r\n%b\r\n" % (len(data), data))

    def _redirect(self, address: str, cookie: str | None = None) -> None:
        self.send_response(303)
        self.send_header("Location", address)
        self.send_header("Content-Length", "0")
        if cookie:
            self.send_header("Set-Cookie", cookie)
        self.end_headers()

    def _send(self, status: int, body: bytes, kind: str = "text/html; charset=utf-8") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with contextlib.suppress(OSError):
            self.wfile.write(body)

    def log_message(self, *words: object) -> None:
        """Says nothing."""


def _imports(modules: Path | None) -> dict[str, str]:
    """Where the page finds each package."""
    names = [path.name for path in modules.iterdir() if (path / "package.json").exists()] if modules else []
    return {name: f"/npm/{name}" for name in {*names, *BUNDLES}}


def _module(modules: Path, name: str) -> bytes:
    if name in BUNDLES:
        return (modules / BUNDLES[name]).read_bytes()
    about = json.loads((modules / name / "package.json").read_text())
    return (modules / name / about["module"]).read_bytes()
