"""The interpreter most test projects run with."""

from __future__ import annotations

import subprocess
import sys

from plain_python import plain_python


def test_it_is_our_python_with_our_pytest_and_no_plugin_of_others() -> None:
    told = "import sys, pytest, importlib.metadata as m; print(sys.version_info[:2], pytest.__version__, "
    told += "[e.name for d in m.distributions() for e in d.entry_points if e.group == 'pytest11'])"

    plain = subprocess.run([plain_python(), "-I", "-c", told], capture_output=True, text=True, check=True).stdout
    ours = subprocess.run([sys.executable, "-I", "-c", told], capture_output=True, text=True, check=True).stdout

    assert plain.endswith(" []\n")
    assert plain.split(" [")[0] == ours.split(" [")[0]
