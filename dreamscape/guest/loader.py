"""Gives the import system, and whoever reads source lines, other contents for some files; the files stay untouched."""

from __future__ import annotations

import importlib.machinery
import io
import linecache
import os
import sys
import tokenize
from types import CodeType
from typing import Any, Dict, Mapping, Optional

_Loader = importlib.machinery.SourceFileLoader


def serve(sources: Mapping[str, bytes]) -> None:
    """From now on modules at these real paths are made from these bytes. For a process that ends with them."""
    plain_get_data = _Loader.get_data
    plain_get_code = _Loader.get_code
    known: Dict[str, str] = {}

    def served(path: Any) -> Any:
        path = os.fspath(path)
        if path not in known:
            known[path] = os.path.realpath(path)
        return sources.get(known[path])

    def get_data(self: Any, path: Any) -> bytes:
        data = served(path)
        return plain_get_data(self, path) if data is None else data

    def get_code(self: Any, fullname: str) -> Optional[CodeType]:
        path = self.get_filename(fullname)
        data = served(path)
        if data is None:
            return plain_get_code(self, fullname)
        _show_lines(path, data)
        code: CodeType = self.source_to_code(data, path)
        return code

    _Loader.get_data = get_data  # type: ignore[method-assign]
    _Loader.get_code = get_code  # type: ignore[method-assign]


def already_loaded(paths: Mapping[str, bytes]) -> bool:
    """Whether a module of one of these real paths was imported before its contents could be changed."""
    files = (getattr(module, "__file__", None) for module in list(sys.modules.values()))
    return any(isinstance(file, str) and os.path.realpath(file) in paths for file in files)


def _show_lines(path: str, data: bytes) -> None:
    """Tracebacks and `inspect` read lines from this cache; an entry without a time is never checked against disk."""
    encoding = tokenize.detect_encoding(io.BytesIO(data).readline)[0]
    lines = io.TextIOWrapper(io.BytesIO(data), encoding).read().splitlines(True)
    linecache.cache[path] = (len(data), None, lines, path)
