"""An exception goes in, a failure as plain data comes out: type, message, frames, the values compared."""

from __future__ import annotations

import ast
import linecache
import os
import sys
from itertools import islice
from types import CodeType, FrameType, TracebackType
from typing import Any, Dict, Iterable, List, Optional, Tuple

LONGEST_MESSAGE = 4000
LONGEST_VALUE = 2000
MOST_FRAMES = 100

Compared = Tuple[str, Any, Any]
"""Operator, left, right: the values themselves."""

_UNITTEST_OPERATORS = {
    "assertEqual": ("==", "first", "second"),
    "assertNotEqual": ("!=", "first", "second"),
    "assertAlmostEqual": ("==", "first", "second"),
    "assertNotAlmostEqual": ("!=", "first", "second"),
    "assertSequenceEqual": ("==", "seq1", "seq2"),
    "assertListEqual": ("==", "list1", "list2"),
    "assertTupleEqual": ("==", "tuple1", "tuple2"),
    "assertSetEqual": ("==", "set1", "set2"),
    "assertDictEqual": ("==", "d1", "d2"),
    "assertCountEqual": ("==", "first", "second"),
    "assertMultiLineEqual": ("==", "first", "second"),
    "assertIs": ("is", "expr1", "expr2"),
    "assertIsNot": ("is not", "expr1", "expr2"),
    "assertIn": ("in", "member", "container"),
    "assertNotIn": ("not in", "member", "container"),
    "assertLess": ("<", "a", "b"),
    "assertLessEqual": ("<=", "a", "b"),
    "assertGreater": (">", "a", "b"),
    "assertGreaterEqual": (">=", "a", "b"),
}


class Project:
    """Tells the project's own files from all others, and names them relative to its root (posix)."""

    def __init__(self, root: str) -> None:
        self.root = os.path.abspath(root)
        self._roots = sorted({self.root + os.sep, os.path.realpath(self.root) + os.sep})
        self._known: Dict[str, Tuple[str, bool]] = {}

    def place(self, filename: str) -> Tuple[str, bool]:
        """The path to report for a code object's file, and whether it is the project's own."""
        if filename not in self._known:
            self._known[filename] = self._place(filename)
        return self._known[filename]

    def _place(self, filename: str) -> Tuple[str, bool]:
        if filename.startswith("<"):
            return filename, False
        path = os.path.normpath(os.path.join(self.root, filename))
        for root in self._roots:
            if path.startswith(root):
                relative = path[len(root) :].replace(os.sep, "/")
                return relative, not _is_foreign(self.root, relative)
        return path, False


def _is_foreign(root: str, relative: str) -> bool:
    """Whether a path below the root belongs to an environment that merely lives there."""
    folders = relative.split("/")[:-1]
    if "site-packages" in folders or "dist-packages" in folders:
        return True
    return bool(folders) and os.path.exists(os.path.join(root, folders[0], "pyvenv.cfg"))


def describe(
    project: Project,
    test: str,
    phase: str,
    error: BaseException,
    traceback: Optional[TracebackType] = None,
    compared: Optional[Compared] = None,
    duration_s: float = 0.0,
) -> Dict[str, Any]:
    """The failure of one test as JSON values; field names are those of `dreamscape.domain.failures.Failure`.

    ``frames`` are lists of path, line, function, in_project, outermost first, without those of pytest, pluggy,
    unittest and the import system; ``comparison`` a list of operator, left, right, or None.
    """
    cause = _unwrapped(error)
    if cause is not error:
        error, traceback = cause, cause.__traceback__
    tracebacks = list(_tracebacks(traceback or error.__traceback__))
    compared = compared or _unittest_comparison(tracebacks)
    described = {
        "test": test,
        "phase": phase,
        "exception": qualified_name(type(error)),
        "message": message_of(error),
        "frames": _frames(project, error, tracebacks),
        "comparison": comparison(compared) if compared else None,
        "duration_s": duration_s,
    }
    if type(error).__name__ == "DocTestFailure":
        described.update(_of_doctest(project, error))
    return described


def qualified_name(kind: type) -> str:
    """The type's module and name, without ``builtins.``"""
    module = str(getattr(kind, "__module__", "") or "builtins")
    return kind.__qualname__ if module == "builtins" else "%s.%s" % (module, kind.__qualname__)


def message_of(error: BaseException) -> str:
    """What the exception says, cut to 4,000 characters; whatever its own methods raise."""
    try:
        if hasattr(error, "formatrepr"):
            return str(error.formatrepr().errorstring).strip()[:LONGEST_MESSAGE]
        return str(error)[:LONGEST_MESSAGE]
    except BaseException as raised:
        return "<its text raised %s>" % type(raised).__name__


def comparison(compared: Compared) -> List[str]:
    """Operator and both values as text."""
    operator, left, right = compared
    return [operator, shown(left), shown(right)]


def shown(value: Any) -> str:
    """The value's repr, cut to 2,000 characters; never raises, and never shows all of something huge."""
    try:
        kind = type(value)
        if kind in (str, bytes, list, tuple) and len(value) > LONGEST_VALUE:
            value = value[:LONGEST_VALUE]
        elif kind in (dict, set, frozenset) and len(value) > LONGEST_VALUE:
            value = kind(islice(value.items() if kind is dict else value, LONGEST_VALUE))
        return repr(value)[:LONGEST_VALUE]
    except BaseException as raised:
        return "<%s whose repr raised %s>" % (type(value).__name__, type(raised).__name__)


def stack(project: Project, frame: Optional[FrameType]) -> List[List[Any]]:
    """A running frame and its callers as frames of a failure, outermost first."""
    found = []
    while frame is not None:
        found.append((frame.f_code, frame.f_lineno))
        frame = frame.f_back
    return _listed(project, reversed(found))


def _unwrapped(error: Any) -> Any:
    """What happened, where pytest and doctest put it into an error of their own."""
    name = type(error).__name__
    if name in ("CollectError", "ConftestImportFailure") and error.__cause__ is not None:
        return error.__cause__
    if name == "MultipleDoctestFailures":
        return _unwrapped(error.failures[0])
    if name == "UnexpectedException" and hasattr(error, "exc_info"):
        return error.exc_info[1]
    return error


def _of_doctest(project: Project, error: Any) -> Dict[str, Any]:
    """A doctest compares texts, and its place is in the docstring."""
    test, example = error.test, error.example
    got, want = error.got.strip(), example.want.strip()
    path, in_project = project.place(str(test.filename))
    module = str(test.globs.get("__name__", "")) + "."
    function = test.name[len(module) :] if test.name.startswith(module) else test.name
    return {
        "message": ("expected %s, got %s" % (want, got))[:LONGEST_MESSAGE],
        "frames": [[path, (test.lineno or 0) + example.lineno + 1, function, in_project]],
        "comparison": ["==", got[:LONGEST_VALUE], want[:LONGEST_VALUE]],
    }


def _tracebacks(traceback: Optional[TracebackType]) -> Iterable[TracebackType]:
    while traceback is not None:
        yield traceback
        traceback = traceback.tb_next


def _unittest_comparison(tracebacks: Iterable[TracebackType]) -> Optional[Compared]:
    for traceback in tracebacks:
        code = traceback.tb_frame.f_code
        entry = _UNITTEST_OPERATORS.get(code.co_name)
        if entry and code.co_filename.endswith(os.path.join("unittest", "case.py")):
            operator, left, right = entry
            values = traceback.tb_frame.f_locals
            if left in values and right in values:
                return operator, values[left], values[right]
    return None


def _frames(project: Project, error: BaseException, tracebacks: Iterable[TracebackType]) -> List[List[Any]]:
    frames = _listed(project, ((t.tb_frame.f_code, t.tb_lineno) for t in tracebacks))
    if isinstance(error, SyntaxError) and error.filename and error.lineno:
        path, in_project = project.place(str(error.filename))
        frames.append([path, error.lineno, "<module>", in_project])
    return frames


def _listed(project: Project, places: Iterable[Tuple[CodeType, int]]) -> List[List[Any]]:
    kept = [(code, line) for code, line in places if not _is_machinery(code.co_filename)]
    if len(kept) > MOST_FRAMES:
        kept = kept[: MOST_FRAMES // 4] + kept[-(MOST_FRAMES - MOST_FRAMES // 4) :]
    frames = []
    for code, line in kept:
        path, in_project = project.place(code.co_filename)
        frames.append([path, line, qualified_function(code), in_project])
    return frames


_MACHINERY = tuple(
    os.sep + part for part in ("_pytest" + os.sep, "pluggy" + os.sep, os.path.join("unittest", "case.py"))
)
_GUEST = os.path.dirname(os.path.abspath(__file__)) + os.sep


def _is_machinery(filename: str) -> bool:
    """Whether this file stands between the test and us and explains nothing."""
    return (
        filename.startswith(("<frozen", _GUEST))
        or any(part in filename for part in _MACHINERY)
        or filename.endswith((os.path.join("pytest", "__main__.py"), os.path.join("importlib", "__init__.py")))
    )


def qualified_function(code: CodeType) -> str:
    """The function's name within its file, as ``__qualname__`` has it."""
    if sys.version_info >= (3, 11):
        return code.co_qualname
    return _qualified_in(code.co_filename).get((code.co_firstlineno, code.co_name), code.co_name)


def _qualified_in(filename: str) -> Dict[Tuple[int, str], str]:
    if filename not in _NAMES:
        try:
            tree = ast.parse("".join(linecache.getlines(filename)))
        except (SyntaxError, ValueError, RecursionError):
            return {}
        _NAMES[filename] = dict(_named(tree, ""))
    return _NAMES[filename]


_NAMES: Dict[str, Dict[Tuple[int, str], str]] = {}


def _named(node: ast.AST, prefix: str) -> Iterable[Tuple[Tuple[int, str], str]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)):
            first = min([child.lineno] + [decorator.lineno for decorator in child.decorator_list])
            yield (first, child.name), prefix + child.name
            yield from _named(child, prefix + child.name + ".<locals>.")
        elif isinstance(child, ast.ClassDef):
            yield from _named(child, prefix + child.name + ".")
        else:
            yield from _named(child, prefix)
