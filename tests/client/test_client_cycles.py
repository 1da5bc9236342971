"""The count of what browsers leave behind can fail: a client that leaves everything behind is found out."""

from __future__ import annotations

import random
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

BENCH = Path(__file__).parents[2] / "scripts" / "bench"

CLIENT = """
import pathlib, subprocess, sys, tempfile

folder = pathlib.Path(sys.argv[1])
if "leaky" in sys.argv[0]:
    listen = "import socket, time; s = socket.create_server(('127.0.0.1', 0)); print(1, flush=True); time.sleep(120)"
    left = subprocess.Popen([sys.executable, "-c", listen], stdout=subprocess.PIPE, start_new_session=True)
    left.stdout.readline()
    tempfile.mkdtemp()
    (folder / "sessions" / "own").mkdir(parents=True)
    (folder / "sessions" / "own" / "SingletonLock").touch()
browser = subprocess.Popen([folder / "chromium", "120"])
print("ready", flush=True)
browser.wait()
print("children:", [left.pid] if "leaky" in sys.argv[0] else [], flush=True)
"""
"""Its browser is only called so; the count kills it, as it does with real ones, and looks at what is there then."""


class AtOnce(random.Random):
    def uniform(self, a: float, b: float) -> float:
        return a


@pytest.fixture
def cycles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The benchmark's module."""
    monkeypatch.syspath_prepend(str(BENCH))
    import client_cycles

    (tmp_path / "tmp").mkdir()
    (tmp_path / "chromium").symlink_to(shutil.which("sleep") or "/bin/sleep")
    return client_cycles


@pytest.mark.parametrize("name", ["leaky.py", "clean.py"])
def test_what_a_client_leaves_behind_is_counted(cycles: Any, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(CLIENT)
    told = SimpleNamespace(count=1)
    site = SimpleNamespace(forget=lambda: None, prepare=lambda *words: None, noted=lambda prompt: told)
    counted = cycles.Cycles(site, tmp_path, AtOnce(), tmp_path / name)

    counted.run(0, cycles.BROWSER)

    found = [what.removeprefix("0, browser killed: ").split() for what in counted.left]
    for process in (psutil.Process(int(words[1])) for words in found if words[0] == "process"):
        process.kill()
    leaks = ["it", "lock", "port", "process", "temporary"]  # it: what the client says of its own children
    assert sorted(words[0] for words in found) == (leaks if name == "leaky.py" else [])
