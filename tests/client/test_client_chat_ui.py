"""Chat pages that others wrote, driven by their shipped profiles alone.

They run where the package can be imported by this interpreter or by one of those that DREAMSCAPE_CHAT_UI names
(separated by colons), as in: python -m venv ui && ui/bin/pip install gradio && export DREAMSCAPE_CHAT_UI=ui/bin/python
"""

from __future__ import annotations

import contextlib
import inspect
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from conversing import converse
from required import missing

from dreamscape.client.sites import SiteProfile, load_site
from dreamscape.client.tabs import Browser
from dreamscape.settings import shipped_file

SITES = Path(__file__).parent.parent / "sites"
STARTS = {
    "gradio": (str(SITES / "gradio_app.py"), "{port}"),
    "chainlit": ("-m", "chainlit", "run", str(SITES / "chainlit_app.py"), "--headless", "--port", "{port}"),
    "streamlit": ("-m", "streamlit", "run", str(SITES / "streamlit_app.py"), "--server.port", "{port}"),
}
QUIET = {
    "GRADIO_ANALYTICS_ENABLED": "False",
    "HF_HUB_OFFLINE": "1",
    "STREAMLIT_BROWSER_GATHER_USAGE_STATS": "false",
    "STREAMLIT_SERVER_HEADLESS": "true",
    "STREAMLIT_SERVER_ADDRESS": "127.0.0.1",
}
START_S = 90

NASTY = (
    "first\n\n\tindented\twith tabs  \n  blanks at the end  \n\U0001f600 \u202eright to left\u202c a\u00a0b\n"
    "<b>&amp;</b> <script>alert(1)</script>\n````md\n```python\ndef f():\n\treturn 1\n```\n````\n| a | b |\n|---|---|\n"
    "| 1 | 2 |\n\nlast"
)
CODE = "```python\ndef f(x):\n\treturn x  # \U0001f600 <b>  \n\n\nprint('`')\n```"
READ = {
    "gradio": {NASTY * 10: inspect.cleandoc(NASTY * 10)},  # which turns tabs into blanks before anybody sees them
    "chainlit": {NASTY * 10: NASTY * 10},
    "streamlit": {f"Look **here**:\n\n{CODE}\n\nUse `f`.": f"Look here:\n\n{CODE}\n\nUse `f`."},  # no copy button
}
"""For each package an answer, and what is read of it."""


def interpreter_with(package: str) -> str:
    named = filter(None, os.environ.get("DREAMSCAPE_CHAT_UI", "").split(os.pathsep))
    probe = f"import importlib.util, sys; sys.exit(importlib.util.find_spec({package!r}) is None)"
    has = (python for python in [sys.executable, *named] if subprocess.run([python, "-c", probe]).returncode == 0)
    found = next(has, None)
    if found is None:
        missing("chat-ui", f"no interpreter with {package}: see DREAMSCAPE_CHAT_UI in {Path(__file__).name}")
    return found


@contextlib.contextmanager
def running(package: str, folder: Path) -> Iterator[str]:
    """The address of a chat page made with the package, which reads and writes in ``folder``."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    command = [interpreter_with(package), *(word.format(port=port) for word in STARTS[package])]
    with (folder / "log").open("wb") as log:
        page = subprocess.Popen(command, cwd=folder, env={**os.environ, **QUIET}, stdout=log, stderr=log)
    try:
        url = f"http://127.0.0.1:{port}/"
        wait_for(url, page, folder / "log")
        yield url
    finally:
        page.terminate()
        page.wait(30)


def wait_for(url: str, page: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and page.poll() is None:
        with contextlib.suppress(urllib.error.URLError, OSError), urllib.request.urlopen(url):
            return
        time.sleep(0.2)
    pytest.fail(f"the page did not start: {log.read_text()[-2000:]}")


def shipped(name: str, url: str) -> SiteProfile:
    return replace(load_site(name, (shipped_file("sites"),)), url=url)


@pytest.mark.slow
@pytest.mark.parametrize("package", STARTS)
def test_a_page_that_others_wrote_is_driven_by_its_profile_alone(tabs: Browser, tmp_path: Path, package: str) -> None:
    prompt = f"{NASTY}\n" + "x" * 20_000
    with running(package, tmp_path) as url:
        for answer, read in {"short": "short", **READ[package]}.items():
            (tmp_path / "answer.md").write_bytes(answer.encode())

            said = converse(tabs, shipped(package, url), url, prompt)

            assert said == read
            assert (tmp_path / "prompt.txt").read_bytes().decode() == prompt
