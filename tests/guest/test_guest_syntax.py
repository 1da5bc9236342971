"""What runs in a project's own interpreter asks little of it."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

import dreamscape.agent.jail
import dreamscape.guest

FILES = [
    path
    for package in (dreamscape.guest, dreamscape.agent.jail)
    for path in sorted(Path(str(package.__file__)).parent.glob("*.py"))
]


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_it_is_python_3_8_and_imports_the_standard_library_alone(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 8))

    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and not node.level}
    roots = {name.partition(".")[0] for name in imported}
    assert roots <= sys.stdlib_module_names | {"_pytest", "pytest"}
