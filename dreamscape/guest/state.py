"""What a test may leave behind in a process: notes how things are, and puts them back.

Walks from the project's modules through classes, functions (attributes, defaults, closures), containers and instances
of project classes, within a bound, and keeps a shallow copy of each. What it cannot see (state inside C objects) a
fresh process finds: no verdict from a used process is the last word.
"""

from __future__ import annotations

import collections
import functools
import itertools
import os
import random
import signal
import sys
import threading
from types import FunctionType, MethodType, ModuleType
from typing import Any, Callable, Deque, Iterable, List, Sequence, Set, Tuple

_MOST_ENTRIES = 100000
_LARGEST = 10000
"""Beyond these only lengths are compared (chosen: about 2 ms for each look at everything)."""

_STDLIB_OFTEN_PATCHED = ("builtins", "os", "os.path", "time", "random", "datetime", "socket", "subprocess", "json")
_CACHE = type(functools.lru_cache(maxsize=1)(len))
_EMPTY = object()
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGALRM, signal.SIGCHLD, signal.SIGPIPE)


class CannotRestore(Exception):
    """Something changed that cannot be put back: this process is spent; ``imported`` are modules that came with it."""

    def __init__(self, why: str, imported: Sequence[str] = ()) -> None:
        super().__init__(why)
        self.imported = list(imported)


class State:
    """How the project's modules and the process are now."""

    def __init__(self, modules: Iterable[ModuleType]) -> None:
        modules = list(modules)
        self.nodes: List[Any] = []
        self.caches: List[Any] = []
        self.names = {module.__name__ for module in modules}
        self.entries = 0
        self._seen: Set[int] = set()
        self._waiting: Deque[Any] = collections.deque()
        for module in modules:
            self._add(module)
        for name in _STDLIB_OFTEN_PATCHED:
            if name in sys.modules:
                self._note(_Namespace(sys.modules[name]))
        while self._waiting:
            self._visit(self._waiting.popleft())
        del self._seen
        self.process = _Process()
        self.modules = set(sys.modules)

    def restore(self, is_project_module: Callable[[Any], bool]) -> None:
        """Puts back what changed; raises `CannotRestore` where it cannot."""
        for cache in self.caches:
            cache.cache_clear()
        for node in self.nodes:
            try:
                if not node.is_same():
                    node.put_back()
            except Exception as error:
                raise CannotRestore("%s: %r" % (type(node).__name__, error))
        self.process.restore()
        if len(sys.modules) != len(self.modules):
            fresh = [name for name in list(sys.modules) if name not in self.modules]
            own = [name for name in fresh if is_project_module(sys.modules[name])]
            if own:
                raise CannotRestore("a module of the project was imported", own)
            self.modules.update(fresh)

    def _add(self, value: Any) -> None:
        if id(value) not in self._seen and self.entries < _MOST_ENTRIES:
            self._seen.add(id(value))
            self._waiting.append(value)

    def _note(self, node: Any) -> None:
        self.nodes.append(node)
        self.entries += node.size

    def _visit(self, value: Any) -> None:
        kind = type(value)
        if kind in (int, str, float, bytes, bool, type(None), complex):
            return
        if kind is FunctionType:
            self._visit_function(value)
        elif kind is _CACHE:
            self.caches.append(value)
            self._add(value.__wrapped__)
        elif isinstance(value, ModuleType):
            if value.__name__ in self.names:
                self._note_namespace(_Namespace(value))
        elif isinstance(value, type):
            if value.__module__ in self.names:
                self._note_namespace(_ClassNamespace(value))
        elif kind in (staticmethod, classmethod):
            self._add(value.__func__)
        elif kind is property:
            for each in (value.fget, value.fset, value.fdel):
                self._add(each)
        elif kind is MethodType:
            self._add(value.__func__)
            self._add(value.__self__)
        elif kind in (tuple, frozenset):
            for each in value:
                self._add(each)
        elif kind is itertools.count:
            self._note(_Counter(value))
        else:
            self._visit_container(value)

    def _visit_function(self, function: FunctionType) -> None:
        if function.__module__ not in self.names and not function.__closure__:
            return
        if function.__dict__:
            self._note_namespace(_Namespace(function))
        for default in (function.__defaults__ or ()) + tuple((function.__kwdefaults__ or {}).values()):
            self._add(default)
        for cell in function.__closure__ or ():
            if id(cell) not in self._seen:
                self._seen.add(id(cell))
                self._note(_Cell(cell))
                try:
                    self._add(cell.cell_contents)
                except ValueError:
                    pass

    def _visit_container(self, value: Any) -> None:
        for base, copy in _CONTAINERS:
            if isinstance(value, base):
                if len(value) > _LARGEST or self.entries > _MOST_ENTRIES:
                    self._note(_Length(value))
                else:
                    node = _Container(value, base, copy(value))
                    self._note(node)
                    for each in node.inside():
                        self._add(each)
        if type(value).__module__ in self.names and isinstance(getattr(value, "__dict__", None), dict):
            self._note_namespace(_Namespace(value))

    def _note_namespace(self, node: _Namespace) -> None:
        self._note(node)
        for each in list(node.then.values()):
            self._add(each)


class _Namespace:
    """The attributes of a module, function or instance."""

    def __init__(self, owner: Any) -> None:
        self.owner = owner
        self.then = dict(vars(owner))
        self.size = len(self.then)

    def is_same(self) -> bool:
        return bool(vars(self.owner) == self.then)

    def put_back(self) -> None:
        now = vars(self.owner)
        for name in [name for name in now if name not in self.then]:
            del now[name]
        now.update(self.then)


class _ClassNamespace(_Namespace):
    def put_back(self) -> None:
        now = dict(vars(self.owner))
        for name in now:
            if name not in self.then and name not in ("__dict__", "__weakref__", "__doc__"):
                type.__delattr__(self.owner, name)
        for name, value in self.then.items():
            if now.get(name, self) is not value:
                type.__setattr__(self.owner, name, value)


class _Container:
    def __init__(self, value: Any, base: Any, then: Any) -> None:
        self.value = value
        self.base = base
        self.then = then
        self.size = len(then)

    def inside(self) -> List[Any]:
        return list(self.then.values()) if self.base is dict else list(self.then)

    def is_same(self) -> bool:
        return len(self.value) == self.size and self.base.__eq__(self.value, self.then) is True

    def put_back(self) -> None:
        if self.base in (list, bytearray):
            self.base.__setitem__(self.value, slice(None), self.then)
        else:
            self.base.clear(self.value)
            (self.base.extend if self.base is collections.deque else self.base.update)(self.value, self.then)


_CONTAINERS: Tuple[Tuple[Any, Callable[[Any], Any]], ...] = (
    (dict, dict.copy),
    (list, list.copy),
    (set, set.copy),
    (collections.deque, collections.deque.copy),
    (bytearray, bytearray.copy),
)


class _Length:
    """A container too large to be compared each time."""

    size = 1

    def __init__(self, value: Any) -> None:
        self.value = value
        self.then: Any = len(value)

    def is_same(self) -> bool:
        return bool(len(self.value) == self.then)

    def put_back(self) -> None:
        raise CannotRestore("a large container changed")


class _Counter(_Length):
    def __init__(self, value: Any) -> None:
        self.value = value
        self.then = repr(value)

    def is_same(self) -> bool:
        return bool(repr(self.value) == self.then)


class _Cell:
    """A name that a closure holds."""

    size = 1

    def __init__(self, cell: Any) -> None:
        self.cell = cell
        self.then = self._now()

    def is_same(self) -> bool:
        return self._now() is self.then

    def put_back(self) -> None:
        if self.then is _EMPTY:
            del self.cell.cell_contents
        else:
            self.cell.cell_contents = self.then

    def _now(self) -> Any:
        try:
            return self.cell.cell_contents
        except ValueError:
            return _EMPTY


class _Process:
    """Folder, environment, search path, random numbers, signals and the like."""

    def __init__(self) -> None:
        self.folder = os.getcwd()
        self.environ = os.environ.copy()
        self.data = dict(getattr(os.environ, "_data", {}))
        self.path = list(sys.path)
        self.argv = list(sys.argv)
        self.random = random.getstate()
        self.recursion = sys.getrecursionlimit()
        self.signals = [signal.getsignal(each) for each in _SIGNALS]
        self.threads = threading.active_count()
        self.meta_path = list(sys.meta_path)
        logging = sys.modules.get("logging")
        self.logging = (logging.root.level, logging.root.manager.disable, logging.root.handlers[:]) if logging else None

    def restore(self) -> None:
        if threading.active_count() > self.threads:
            raise CannotRestore("threads were left behind")
        try:
            is_elsewhere = os.getcwd() != self.folder
        except OSError:
            is_elsewhere = True
        if is_elsewhere:
            os.chdir(self.folder)
        if getattr(os.environ, "_data", None) != self.data:
            for name in [name for name in os.environ if name not in self.environ]:
                del os.environ[name]
            os.environ.update(self.environ)
        sys.path[:] = self.path
        sys.argv[:] = self.argv
        if sys.meta_path != self.meta_path:
            sys.meta_path[:] = self.meta_path
        random.setstate(self.random)
        if sys.getrecursionlimit() != self.recursion:
            sys.setrecursionlimit(self.recursion)
        for each, handler in zip(_SIGNALS, self.signals):  # noqa: B905
            if signal.getsignal(each) is not handler and handler is not None:
                signal.signal(each, handler)
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        if sys.gettrace() or sys.getprofile():
            sys.settrace(None)
            sys.setprofile(None)
        if self.logging:
            root = sys.modules["logging"].root
            if root.level != self.logging[0]:
                root.setLevel(self.logging[0])
            root.manager.disable = self.logging[1]
            root.handlers[:] = self.logging[2]
