"""What doctor tells of the browsers that chat sites are driven with."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from dreamscape_process import Dreamscape

NODE = {"availability": "UP", "sessionTimeout": 300000, "slots": [{"session": None}, {"session": {"sessionId": "1"}}]}
DOWN = {**NODE, "availability": "DOWN"}


class _Hub(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        is_asked_well = self.path == "/status" and self.headers["Authorization"] == "Basic bWU6cHc="
        self.send_response(200 if is_asked_well else 401)
        self.end_headers()
        self.wfile.write(json.dumps({"value": {"ready": True, "nodes": [NODE, DOWN]}}).encode())

    def log_message(self, *words: object) -> None:
        """Says nothing."""


@pytest.fixture
def hub() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), _Hub)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def line_of(text: str, name: str) -> str:
    return next(line for line in text.splitlines() if line.split()[1:2] == [name])


def test_a_grid_is_asked_how_it_is_and_its_password_is_not_shown(
    dreamscape: Dreamscape, project: Path, hub: str
) -> None:
    result = dreamscape("doctor", env={"DREAMSCAPE_CLIENT__GRID": f"http://me:pw@{hub}"})

    told = f"http://{hub} is ready: 1 node up, 1 of 2 slots free, sessions end after 300 s idle"
    assert line_of(result.stdout, "grid").split(maxsplit=2) == ["ok", "grid", told]
    assert ":pw@" not in result.stdout


def test_a_grid_that_is_not_there_is_a_problem(dreamscape: Dreamscape, project: Path) -> None:
    result = dreamscape("doctor", env={"DREAMSCAPE_CLIENT__GRID": "http://127.0.0.1:9"})

    assert result.returncode == 3
    assert line_of(result.stdout, "grid").startswith("problem")
    assert "no Grid answers at http://127.0.0.1:9" in result.stdout


def test_the_licence_of_a_part_that_is_not_ours_is_named(dreamscape: Dreamscape, project: Path) -> None:
    assert "GPL-3.0" in line_of(dreamscape("doctor").stdout, "undetected")
