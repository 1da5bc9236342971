"""The loaded modules go in; those of the project that came from another copy of it come out."""

from __future__ import annotations

import os
import sys
from typing import List

from .failure import Project


def strangers(project: Project, original: str = "") -> List[str]:
    """Each as ``module: file``: imported from the tree the project was copied from, or from an installed copy.

    A run that tested these has tested something else than the project.
    """
    other = os.path.join(original, "") if original and os.path.abspath(original) != project.root else ""
    found = []
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if not isinstance(file, str) or project.place(file)[1]:
            continue
        if (other and file.startswith(other)) or (_is_installed(file) and _is_ours(project.root, name)):
            found.append("%s: %s" % (name, file))
    return sorted(found)


def _is_installed(file: str) -> bool:
    return "%ssite-packages%s" % (os.sep, os.sep) in file or "%sdist-packages%s" % (os.sep, os.sep) in file


def _is_ours(root: str, name: str) -> bool:
    """Whether the project's tree has this top-level module, flat or below ``src``."""
    if "." in name or name in ("tests", "test", "conftest", "setup"):
        return False
    return any(
        os.path.isfile(os.path.join(root, folder, name, "__init__.py"))
        or os.path.isfile(os.path.join(root, folder, name + ".py"))
        for folder in ("", "src", "lib")
    )
