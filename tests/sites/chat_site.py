"""A chat site of our own on loopback: it streams answers, wants a login, and fails in the ways that real ones do."""

from __future__ import annotations

import contextlib
import json
import shutil
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from required import missing

HERE = Path(__file__).parent
BOXES = {
    "textarea": '<textarea id="box"></textarea>',
    "editable": '<div id="box" contenteditable="true"></div>',
    "prosemirror": '<div id="box" data-editor="true"></div>',
}
PACKAGES = ("prosemirror-view", "prosemirror-schema-basic", "prosemirror-keymap", "prosemirror-commands")

PROFILE = """
url = "{url}"
box = ["textarea#box", "#box[contenteditable]", ".ProseMirror"]
send = ["#no-such-button", "#send"]
busy = ["#stop"]
answer = [".assistant"]
copy = [".copy"]
failed = [".failed"]
rate_limit = [".rate-limit"]
challenge = [".challenge"]
logged_out = ["#login"]
at_once = 0
prompts_per_minute = 0
"""
"""All that is to be said of this site."""


@dataclass
class ChatSite:
    """A running site. ``answer`` maps prompt and model to what is said; ``prompts`` are those that arrived.

    ``fault`` breaks all answers: 401, 403, 429 refuse, drop ends the stream in its middle, hang and alert come there
    from the page, wait goes on only when ``release`` is set. ``wants_login`` sends whoever has no cookie to log in.
    ``modules`` is a folder with ProseMirror's packages.
    """

    kind: str = "textarea"
    answer: Callable[[str, str], str] = lambda prompt, model: f"{model}: {prompt}"
    prompts: list[str] = field(default_factory=list)
    fault: str = ""
    wants_login: bool = False
    modules: Path | None = None
    asked: threading.Event = field(default_factory=threading.Event)
    release: threading.Event = field(default_factory=threading.Event)
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


def prosemirror(folder: Path) -> Path:
    """The folder of ProseMirror's packages, fetched by npm; skips the test where it gives none."""
    npm = shutil.which("npm")
    if npm is None:
        missing("npm", "there is no npm on this machine")
    quiet = ("--silent", "--no-audit", "--no-fund", "--ignore-scripts", "--prefer-offline")
    try:
        subprocess.run([npm, "install", *quiet, *PACKAGES], cwd=folder, check=True, capture_output=True, timeout=120)
    except (subprocess.SubprocessError, OSError) as error:
        missing("npm", f"npm gives no ProseMirror: {error}")
    return folder / "node_modules"


class _Handler(BaseHTTPRequestHandler):
    site: ChatSite

    def do_GET(self) -> None:
        if self.path == "/editor.js":
            self._send(200, (HERE / "editor.js").read_bytes(), "text/javascript")
        elif self.path.startswith("/npm/") and self.site.modules:
            package = self.site.modules / self.path.removeprefix("/npm/")
            module = json.loads((package / "package.json").read_text())["module"]
            self._send(200, (package / module).read_bytes(), "text/javascript")
        elif self.path == "/login":
            self._send(200, b"<p id=login>Log in</p>")
        elif self.path == "/enter":
            self.send_response(303)
            self.send_header("Location", "/")
            self.send_header("Set-Cookie", "session=1; Max-Age=86400")
            self.end_headers()
        elif self.path == "/favicon.ico":
            self._send(404, b"")
        elif self.site.wants_login and "session=1" not in self.headers.get("Cookie", ""):
            self.send_response(303)
            self.send_header("Location", "/login")
            self.end_headers()
        else:
            page = (HERE / "chat.html").read_text().replace("BOX", BOXES[self.site.kind])
            self._send(200, page.replace("IMPORTS", json.dumps({"imports": self._imports()})).encode())

    def _imports(self) -> dict[str, str]:
        names = [path.name for path in self.site.modules.iterdir() if path.is_dir()] if self.site.modules else []
        return {name: f"/npm/{name}" for name in names}

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.site.prompts.append(asked["prompt"])
        self.site.asked.set()
        if self.site.fault in ("401", "403", "429"):
            self._send(int(self.site.fault), b"")
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        text = self.site.answer(asked["prompt"], asked["model"])
        half = len(text) // 2
        self._event(text=text[:half])
        match self.site.fault:
            case "drop":
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            case "hang" | "alert":
                self._event(**{self.site.fault: "x"})
            case "wait":
                self.site.release.wait(60)
        self._event(text=text[half:])
        self._event(done=True)

    def _event(self, **said: object) -> None:
        with contextlib.suppress(OSError):
            self.wfile.write(b"data: " + json.dumps(said).encode() + b"\n\n")

    def _send(self, status: int, body: bytes, kind: str = "text/html; charset=utf-8") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with contextlib.suppress(OSError):
            self.wfile.write(body)

    def log_message(self, *words: object) -> None:
        """Says nothing."""
