"""The type of the fixture that runs the command line."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

Dreamscape = Callable[..., "subprocess.CompletedProcess[str]"]
"""``(*args, cwd, env)`` -> the ended process, its output as text."""
