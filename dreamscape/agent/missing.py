"""A module that was not found goes in; whether the code names it wrongly, or the interpreter lacks it, comes out."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import PurePosixPath

from dreamscape.agent.parsing import parsed
from dreamscape.domain.failures import Failure

NEAR = 0.75
"""How alike (`difflib`'s ratio) a name must be to count as misspelt: one slip in four letters (chosen)."""

_MISSING_MODULE = re.compile(r"No module named '([\w.]+)'")


@dataclass(frozen=True, slots=True)
class Importable:
    """What the code of a project could mean by an import.

    ``sources`` are the files a repair may change; ``manifests`` the text of the files that declare dependencies.
    """

    sources: Mapping[str, bytes] = field(default_factory=dict)
    manifests: str = ""

    def modules(self) -> frozenset[str]:
        """Top-level names the project offers, whether it keeps them at its root or under src/."""
        parts = (PurePosixPath(path).parts for path in self.sources)
        return frozenset(part.removesuffix(".py") for each in parts for part in each[:2])


def missing_module(failure: Failure) -> str | None:
    """The dotted name of the module an import did not find; None for any other failure."""
    missing = _MISSING_MODULE.search(failure.message)
    return missing[1] if missing else None


def is_named_wrongly(failure: Failure, importable: Importable) -> bool:
    """Whether a missing module is the code's own mistake, and so may be repaired.

    It is where the project or the standard library has the package but not the module in it; where a file that may be
    changed misspells a name that exists, and no dependency is called so; and where the project defines what is
    imported elsewhere.
    """
    name = missing_module(failure) or ""
    top, _, inner = name.partition(".")
    modules = importable.modules()
    if top in modules:
        return True
    frame = failure.deepest_project_frame
    source = importable.sources.get(frame.path) if frame else None
    if frame is None or source is None:
        return False
    if top in sys.stdlib_module_names:
        return bool(inner)
    if re.search(rf"\b{re.escape(top)}\b", importable.manifests.replace("-", "_"), re.IGNORECASE):
        return False
    if get_close_matches(top, modules | sys.stdlib_module_names, 1, NEAR):
        return True
    return any(_is_defined(each, importable.sources) for each in _imported(source, frame.line))


def _imported(source: bytes, line: int) -> list[str]:
    return [
        alias.name
        for node in ast.walk(parsed(source))
        if isinstance(node, ast.ImportFrom) and node.lineno <= line <= (node.end_lineno or node.lineno)
        for alias in node.names
    ]


def _is_defined(name: str, sources: Mapping[str, bytes]) -> bool:
    definition = re.compile(rf"^(?:(?:async\s+)?def|class)\s+{re.escape(name)}\b".encode(), re.MULTILINE)
    return any(definition.search(source) for source in sources.values())
