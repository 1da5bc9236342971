"""An interpreter that has pytest and nothing else. What else is installed where these tests run, hypothesis above all,
brings plugins that pytest loads at every start, which takes three times as long as pytest itself."""

from __future__ import annotations

import contextlib
import functools
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path


@functools.cache
def _home() -> tempfile.TemporaryDirectory[str]:
    """Goes with the process that made it."""
    return tempfile.TemporaryDirectory(prefix="dreamscape-python-")


@functools.cache
def plain_python() -> Path:
    """The interpreter of a virtual environment, made once per process: our Python, and copies of our pytest and of what
    it needs."""
    folder = Path(_home().name)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    (packages,) = folder.glob("lib/python*/site-packages")
    for found in _with_what_it_needs("pytest"):
        for file in found.files or ():
            if ".." not in file.parts and Path(str(file.locate())).is_file():
                (packages / file).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(str(file.locate()), packages / file)
    return folder / "bin" / "python"


def _with_what_it_needs(name: str) -> Iterator[Distribution]:
    found = distribution(name)
    yield found
    for asked in found.requires or ():
        if "extra ==" not in asked:
            with contextlib.suppress(PackageNotFoundError):  # of another system or an older Python
                yield from _with_what_it_needs(re.split(r"[^\w.-]", asked, maxsplit=1)[0])
