"""A candidate goes in before anything of it runs; a reason to refuse it comes out, or None.

Tests must not be bought: a patch may change only files it was given, and may bring in nothing that looks at the tests,
ends the process, or bends the machinery that judges it.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from dreamscape.agent.paths import may_be_repaired
from dreamscape.domain.repair import Candidate

_EXITS = frozenset({"os._exit", "os.abort", "os.kill", "sys.exit", "exit", "quit", "signal.raise_signal", "os.execv"})
_TEST_MODULES = frozenset({"pytest", "_pytest", "unittest", "doctest", "nose", "mock", "coverage"})
_MACHINERY = frozenset(
    {
        "sys.modules",
        "sys._getframe",
        "sys.settrace",
        "sys.setprofile",
        "sys.meta_path",
        "sys.argv",
        "inspect.stack",
        "inspect.currentframe",
        "gc.get_objects",
        "gc.get_referrers",
        "builtins",
        "__builtins__",
        "atexit.register",
        "ctypes",
        "importlib.reload",
        "traceback.extract_stack",
        "os.fork",
    }
)
_CALLS_THAT_RUN_TEXT = frozenset({"eval", "exec", "compile", "__import__", "globals", "setattr", "delattr"})
_NEEDED_TO_CHEAT = re.compile(
    rb"exit|quit|abort|kill|raise_signal|execv|pytest|unittest|doctest|nose|mock|coverage|modules|_getframe|settrace"
    rb"|setprofile|meta_path|argv|stack|currentframe|get_objects|get_referrers|builtins|register|ctypes|reload|fork"
    rb"|eval|exec|compile|__import__|globals|setattr|delattr|SystemExit|KeyboardInterrupt|GeneratorExit|PYTEST"
    rb"|DREAMSCAPE|conftest|test_|__eq__|__contains__|__instancecheck__|True|\b(sys|os|signal|inspect|gc|atexit"
    rb"|importlib|traceback)\b|coding|[\x80-\xff]"
)
"""An edit that writes none of these words brings in no trait below, so that most candidates need not be parsed.

Names may also be written in letters that Python takes for those of ASCII, or in a coding that the file declares."""
_TEST_WORDS = re.compile(r"PYTEST_|pytest|_pytest|DREAMSCAPE_|\bunittest\b|conftest|test_\w+\.py")


def refusal(candidate: Candidate, sources: Mapping[str, bytes], protected: Sequence[str] = ()) -> str | None:
    """Why this candidate must not run, in words; None where nothing speaks against it."""
    for path in candidate.paths:
        if path not in sources:
            return f"{path} is not among the files that may be changed"
        if not may_be_repaired(path, protected):
            return f"{path} is a test, part of how tests run, or protected, and is never changed"
    try:
        changed = candidate.applied_to(sources)
    except ValueError as error:
        return str(error)
    for path, data in changed.items():
        if not any(_NEEDED_TO_CHEAT.search(edit.replacement) for edit in candidate.edits if edit.path == path):
            continue
        reason = _bought(sources[path], data)
        if reason is not None:
            return f"{path}: {reason}"
    return None


def _bought(before: bytes, after: bytes) -> str | None:
    """What the new source brings in that the old one did not have and no honest repair needs."""
    try:
        old, new = Counter(_traits(ast.parse(before))), Counter(_traits(ast.parse(after)))
    except (SyntaxError, ValueError, RecursionError):
        return None
    for trait in new - old:
        return trait
    return None


def _traits(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from (f"imports {n.name}" for n in names if n.name.split(".", 1)[0] in _TEST_MODULES)
            case ast.ImportFrom(module=str(module)) if module.split(".", 1)[0] in _TEST_MODULES:
                yield f"imports {module}"
            case ast.Constant(value=str(text)) if _TEST_WORDS.search(text):
                yield "speaks of the tests that judge it"
            case ast.Attribute() | ast.Name():
                yield from _named(node)
            case ast.Call(func=ast.Name(id=name)) if name in _CALLS_THAT_RUN_TEXT:
                yield f"calls {name}()"
            case ast.FunctionDef(name=name, body=[*_, ast.Return(value=ast.Constant(value=True))]) if (
                name in ("__eq__", "__contains__", "__instancecheck__") and len(_without_docstring(node.body)) == 1
            ):
                yield f"makes {name} say yes to everything"
            case ast.Raise(exc=exc) if exc is not None and _ends_the_process(exc):
                yield "raises SystemExit or KeyboardInterrupt"
            case _:
                pass


def _named(node: ast.Attribute | ast.Name) -> Iterator[str]:
    name = _dotted(node)
    if name in _EXITS and not (isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)):
        yield f"ends the process with {name}"
    if name in _MACHINERY:
        yield f"reaches for {name}"


def _dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else "?"


def _ends_the_process(exc: ast.expr) -> bool:
    return _dotted(exc.func if isinstance(exc, ast.Call) else exc) in (
        "SystemExit",
        "KeyboardInterrupt",
        "GeneratorExit",
    )


def _without_docstring(body: list[ast.stmt]) -> list[ast.stmt]:
    first = body[0]
    is_docstring = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    return body[1:] if is_docstring and len(body) > 1 else body
