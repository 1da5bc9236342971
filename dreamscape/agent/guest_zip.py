"""The guest package as one zip, and the command line that starts a part of it in the project's interpreter."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable
from functools import cache
from importlib.resources import files as package_files
from pathlib import Path

PACKAGE = "dreamscape_guest"
ZIP_NAME = f"{PACKAGE}.zip"

_BOOT = f"""\
import os, sys
sys.path[:] = [os.path.join(os.environ["DREAMSCAPE_FILES"], "{ZIP_NAME}"), *filter(None, sys.path)]
import importlib
module = importlib.import_module("{PACKAGE}." + sys.argv.pop(1))
sys.path[0] = os.getcwd()
module.main(sys.argv[1:])
"""
# What the guest itself needs is imported before the project's folder is on the path: a `random.py` there is not ours.


@cache
def packed() -> bytes:
    """The zip with the package `dreamscape_guest`; the same bytes for the same sources."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for source in sorted(package_files("dreamscape").joinpath("guest").iterdir(), key=lambda entry: entry.name):
            if source.name.endswith(".py"):
                archive.writestr(zipfile.ZipInfo(f"{PACKAGE}/{source.name}"), source.read_bytes())
    return held.getvalue()


def launch(python: Path | str, module: str, arguments: Iterable[str] = ()) -> tuple[str, ...]:
    """The command that calls ``main(arguments)`` of a guest module.

    The zip must be in the folder named by ``DREAMSCAPE_FILES`` as `ZIP_NAME`. It is on the path only while the module
    is imported, so neither the tests nor their children see it; the folder the command starts in is on the path, as
    with ``python -m``.
    """
    return (str(python), "-c", _BOOT, module, *arguments)
