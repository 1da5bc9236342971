"""A candidate goes in; what it newly reaches for outside of the program comes out.

Honest repairs move values about. One that opens files or descriptors, looks at frames or at other modules' insides
may be honest, too, but it could also speak in the place of those that judge it, so a person has to look at it.
No list of names is complete: this one is a doubt that costs little, beside walls and signed reports, not the wall.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from dreamscape.domain.repair import Candidate


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_CORE = _words(
    "os posix sys io builtins subprocess importlib socket ctypes inspect gc threading thread multiprocessing signal "
    "posixsubprocess"
)
"""Modules by which one gets everywhere; nearly every other module has some of them as attributes."""
_OUTSIDE = _CORE | _words(
    "nt imp cffi concurrent shutil tempfile fcntl mmap select selectors resource atexit pty tty pickle marshal shelve "
    "dill cloudpickle code codeop runpy pkgutil zipimport traceback faulthandler linecache fileinput timeit trace pdb "
    "bdb profile cProfile site http urllib requests httpx ftplib smtplib ssl webbrowser xmlrpc socketserver"
)
_HARMLESS = _words(
    "os.path os.path.join os.path.basename os.path.dirname os.path.splitext os.path.split os.path.normpath "
    "os.path.isabs os.path.commonpath os.path.sep os.sep os.linesep os.pathsep os.fspath os.PathLike sys.maxsize "
    "sys.version_info sys.float_info io.StringIO io.BytesIO threading.Lock threading.RLock urllib.parse inspect.isclass"
)
"""What these modules have that only computes."""
_BUILTINS = _words(
    "open eval exec compile globals locals vars setattr delattr getattr breakpoint __import__ __builtins__ __loader__ "
    "__spec__"
)
_LOOK_UP = _words("getattr attrgetter methodcaller")
"""Called with names that are written out, they are attribute accesses like any other."""
_INSIDES = _words(
    "f_back f_globals f_locals f_builtins f_code gi_frame gi_code cr_frame cr_code ag_frame ag_code tb_frame tb_next "
    "mro write_text write_bytes read_text read_bytes readlink symlink_to hardlink_to unlink tofile fromfile "
    "FileHandler FunctionType CodeType create_subprocess_exec create_subprocess_shell open_connection run_in_executor"
)
"""Attributes that lead to frames, files and other processes."""
_UNUSUAL_OF_ALL = _words(
    "__getattribute__ __reduce__ __reduce_ex__ __getstate__ __setattr__ __delattr__ __subclasshook__"
)
_USUAL = _words(
    "__main__ __name__ __qualname__ __module__ __dict__ __slots__ __annotations__ __all__ __file__ __version__ "
    "__author__ __call__ __enter__ __exit__ __aenter__ __aexit__ __await__ __aiter__ __anext__ __next__ __post_init__ "
    "__missing__ __get__ __set__ __delete__ __cause__ __set_name__ __init_subclass__ __class_getitem__ __copy__ "
    "__deepcopy__ __match_args__ __notes__ __getattr__"
) | {name for kind in (int, float, str, list, dict, set) for name in dir(kind) if name.startswith("__")}.difference(
    _UNUSUAL_OF_ALL
)
"""What classes have by the language's own protocols."""
_DUNDER = re.compile(r"__[a-z]\w*__")
_PLACES = re.compile(r"/(proc|dev)(?:/|$)")


def newly_reached(candidate: Candidate, sources: Mapping[str, bytes]) -> str | None:
    """The first name outside of the program that a changed file uses more often than before; None where there is none.

    Raises ValueError where the candidate does not fit the sources.
    """
    for path, after in candidate.applied_to(sources).items():
        before = sources.get(path, b"")
        try:
            new = Counter(_reached(ast.parse(after))) - Counter(_reached(ast.parse(before)))
        except (SyntaxError, ValueError, RecursionError):
            # What was, or is, in the words of another Python; its names can still be counted.
            new = Counter(_written(after)) - Counter(_written(before))
        if new:
            return next(iter(new))
    return None


def _written(source: bytes) -> Iterator[str]:
    """Suspicious words of a text that cannot be parsed."""
    for word in re.findall(r"\w+", source.decode("utf-8", "replace")):
        if word.lstrip("_") in _CORE or word in _BUILTINS | _INSIDES or _is_unusual(word):
            yield word


def _reached(tree: ast.AST) -> Iterator[str]:
    """Every use of something outside, in the order of `ast.walk`, which meets what is outer first."""
    names = _Names(tree)
    told: set[int] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=aliases):
                # An import alone does nothing, its uses are counted; behind another name they could hide.
                yield from (a.name for a in aliases if a.asname and _is_outside(a.name) and a.name not in _HARMLESS)
            case ast.ImportFrom(module=module, names=aliases, level=level):
                inside = ["."] if level else []
                for alias in aliases:
                    yield from _through([*inside, *(module or "").split("."), alias.name])
            case ast.Call(func=ast.Name() | ast.Attribute() as function):
                called = _last(function)
                if called in _LOOK_UP:
                    told.update(id(node) for node in ast.walk(function))
                    yield from _looked_up(called, node.args[1:2] if called == "getattr" else node.args)
                elif called == "open" and isinstance(function, ast.Attribute):
                    yield "open()"
            case ast.Attribute() | ast.Name(ctx=ast.Load()) if id(node) not in told:
                told.update(id(inner) for inner in _chain(node))
                yield from _named(node, names)
            case ast.Constant(value=str(text)):
                yield from (f"/{place}" for place in _PLACES.findall(text))
                yield from filter(_is_unusual, _DUNDER.findall(text))
            case ast.MatchClass(kwd_attrs=attributes):
                yield from _through(["?", *attributes])
            case _:
                pass


def _named(node: ast.Attribute | ast.Name, names: _Names) -> Iterator[str]:
    parts = _parts(node)
    yield from _through(names.resolved(parts))
    is_handed_on = len(parts) == 1 or parts[1] == "__dict__" or not isinstance(node.ctx, ast.Load)
    if names.is_module(parts[0]) and is_handed_on:
        yield f"the inside of {parts[0]}"


class _Names:
    """What the names of one file stand for."""

    def __init__(self, tree: ast.AST) -> None:
        self._meant: dict[str, str] = {}
        self._modules: set[str] = set()
        self._local: set[str] = set()
        has_star = False
        for node in ast.walk(tree):
            match node:
                case ast.Import(names=aliases):
                    for each in aliases:
                        name = each.asname or each.name.split(".", 1)[0]
                        self._meant[name] = each.name if each.asname else name
                        self._modules.add(name)
                case ast.ImportFrom(module=str(module), names=aliases, level=0):
                    self._meant |= {each.asname or each.name: f"{module}.{each.name}" for each in aliases}
                    has_star = has_star or any(each.name == "*" for each in aliases)
                case ast.ImportFrom(names=aliases):
                    has_star = has_star or any(each.name == "*" for each in aliases)
                case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name) | ast.FunctionDef(name=name):
                    self._local.add(name)
                case _:
                    pass
        if has_star:
            self._local.clear()

    def is_module(self, name: str) -> bool:
        """Whether it was bound by ``import``."""
        return name in self._modules

    def resolved(self, parts: Sequence[str]) -> list[str]:
        """The dotted name in full; a local variable that bears a module's name is no module."""
        first, *others = parts
        if first in self._local and first not in self._meant and first not in _BUILTINS:
            return ["?", *others]
        return [*self._meant.get(first, first).split("."), *others]


def _through(parts: Sequence[str]) -> Iterator[str]:
    """What a dotted name reaches for."""
    at = 1
    if _is_outside(parts[0]):
        at = next((n for n in range(len(parts), 1, -1) if ".".join(parts[:n]) in _HARMLESS), 0)
        if not at:
            yield ".".join(parts[:3])
            return
    elif parts[0] in _BUILTINS:
        yield f"{parts[0]}()"
    for name in parts[at:]:
        if name.lstrip("_") in _CORE or name in _INSIDES or _is_unusual(name):
            yield name


def _looked_up(called: str, arguments: Sequence[ast.expr]) -> Iterator[str]:
    for argument in arguments:
        match argument:
            case ast.Constant(value=str(text)):
                yield from _through(["?", *text.split(".")])
            case ast.Constant():
                pass
            case _:
                yield f"{called}() of a computed name"


def _is_outside(name: str) -> bool:
    return name.split(".", 1)[0].lstrip("_") in _OUTSIDE


def _is_unusual(name: str) -> bool:
    return _DUNDER.fullmatch(name) is not None and name not in _USUAL


def _chain(node: ast.expr) -> Iterator[ast.expr]:
    """An attribute access and those it starts from, down to a name."""
    while isinstance(node, ast.Attribute):
        yield node
        node = node.value
    if isinstance(node, ast.Name):
        yield node


def _parts(node: ast.expr) -> list[str]:
    names = [_last(each) for each in _chain(node)]
    return names[::-1] if isinstance([*_chain(node)][-1], ast.Name) else ["?", *names[::-1]]


def _last(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else "?"
