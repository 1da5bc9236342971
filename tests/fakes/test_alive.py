"""A process is alive until it has ended, waited for or not."""

from __future__ import annotations

import subprocess
import sys
from unittest.mock import patch

import psutil
from alive import is_alive


def test_a_process_is_alive_until_it_ends() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        process = psutil.Process(child.pid)
        assert is_alive(process)
        child.kill()
        process.wait(20)

    assert not is_alive(process)


def test_a_process_that_ends_while_it_is_looked_at_is_not_alive() -> None:
    process = psutil.Process()
    with patch.object(psutil.Process, "status", side_effect=psutil.NoSuchProcess(process.pid)):
        assert not is_alive(process)
