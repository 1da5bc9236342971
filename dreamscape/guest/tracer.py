"""Running tests go in, the project's lines each of them ran come out.

On 3.12 and later by `sys.monitoring`: two tools, one that sees every function once and forgets foreign ones, one that
sees each line of the project's once a test. Before that by `sys.settrace`, for the project's code alone. A tracer the
tests set themselves is left alone; what runs under it is not seen.
"""

from __future__ import annotations

import dis
import sys
import threading
from contextlib import contextmanager
from types import CodeType, FrameType
from typing import Any, Dict, Iterator, List, Optional, Set, Tuple

from .failure import Project

Files = Dict[str, List[int]]
"""Path -> first and last line of each run of lines, alternating."""

_TEST_FOLDERS = {"test", "tests", "testing"}


def tracer_for(mode: str, project: Project) -> Tracer:
    """The cheapest tracer for ``none``, ``lines``, or ``files`` (a line of each function entered)."""
    if mode == "none":
        return Tracer()
    if sys.version_info >= (3, 12):
        return MonitoringTracer(project, lines=mode == "lines")
    return SettraceTracer(project, lines=mode == "lines")


class Tracer:
    """Sees nothing; the others keep the same promise."""

    is_paused = False

    @contextmanager
    def paused(self) -> Iterator[None]:
        """What begins to run inside the block is not seen."""
        before, self.is_paused = self.is_paused, True
        try:
            yield
        finally:
            self.is_paused = before

    def start(self) -> None:
        """What runs from now on is to be seen; it belongs to the imports until a test begins."""

    def begin(self) -> None:
        """A test begins."""

    def end(self) -> Files:
        """The test is over; what it ran."""
        return {}

    def stop(self) -> None:
        """Nothing more is to be seen."""

    def at_import(self) -> Files:
        """What ran outside of tests so far."""
        return {}


class _Recorder(Tracer):
    """Keeps lines by path, those of the running test apart from those of all else."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._paths: Dict[str, Optional[str]] = {}
        self._lines: Dict[str, Set[int]] = {}
        self._outside: Dict[str, Set[int]] = {}
        self._in_test = False

    def begin(self) -> None:
        self._keep()
        self._in_test = True
        self._lines = {}
        self._rearm()

    def end(self) -> Files:
        files = packed(self._lines)
        self._in_test = False
        self._lines = {}
        return files

    def at_import(self) -> Files:
        self._keep()
        return packed(self._outside)

    def _keep(self) -> None:
        if not self._in_test:
            for path, lines in self._lines.items():
                self._outside.setdefault(path, set()).update(lines)

    def _rearm(self) -> None:
        """Lines seen before are to be seen again."""

    def _path_of(self, filename: str) -> Optional[str]:
        """The path under which lines of this file are kept, None where it is foreign or a test."""
        try:
            return self._paths[filename]
        except KeyError:
            path, in_project = self._project.place(filename)
            measured = in_project and path.endswith(".py") and not is_test(path)
            self._paths[filename] = path if measured else None
            return self._paths[filename]


def is_test(path: str) -> bool:
    """Whether this file is a test or a helper of tests, whose lines cannot hold the fault we may repair."""
    folders, _, name = path.rpartition("/")
    return (
        name.startswith("test_")
        or name.endswith("_test.py")
        or name in ("conftest.py", "tests.py")
        or not _TEST_FOLDERS.isdisjoint(folders.split("/"))
    )


def packed(lines: Dict[str, Set[int]]) -> Files:
    """The same lines as runs: ``{1, 2, 3, 7}`` becomes ``[1, 3, 7, 7]``."""
    files = {}
    for path, numbers in lines.items():
        runs: List[int] = []
        for number in sorted(numbers):
            if runs and number == runs[-1] + 1:
                runs[-1] = number
            else:
                runs += [number, number]
        if runs:
            files[path] = runs
    return files


class SettraceTracer(_Recorder):
    """By `sys.settrace`: calls of all code, lines of the project's."""

    def __init__(self, project: Project, lines: bool) -> None:
        super().__init__(project)
        self._wants_lines = lines
        self._local: Dict[int, Tuple[CodeType, Any]] = {}
        self._global = self._trace

    def start(self) -> None:
        if sys.gettrace() is None:
            sys.settrace(self._global)
            threading.settrace(self._global)

    def begin(self) -> None:
        super().begin()
        self.start()

    def stop(self) -> None:
        if sys.gettrace() is self._global:
            sys.settrace(None)
            threading.settrace(None)

    def _rearm(self) -> None:
        self._local = {}

    def _trace(self, frame: FrameType, event: str, argument: object) -> Any:
        code = frame.f_code
        path = self._path_of(code.co_filename)
        if path is None or self.is_paused:
            return None
        # By identity: code objects are equal, and hashed, by content without the file's name.
        known = self._local.get(id(code))
        if known is None:
            known = self._local[id(code)] = (code, self._watch(code, path))
        return known[1]

    def _watch(self, code: CodeType, path: str) -> Any:
        seen = self._lines.setdefault(path, set())
        if not self._wants_lines:
            seen.add(code.co_firstlineno)
            return None
        return _line_by_line(code, seen, self._local)


def _line_by_line(code: CodeType, seen: Set[int], local: Dict[int, Tuple[CodeType, Any]]) -> Any:
    """A local trace function that goes silent, for this test, once every line of a function was seen."""
    add = seen.add
    if code.co_name == "<module>":
        left = {-1}
    else:
        left = {line for _, line in dis.findlinestarts(code) if line} - {code.co_firstlineno}

    def trace(frame: FrameType, event: str, argument: object) -> Any:
        if event == "line":
            line = frame.f_lineno
            add(line)
            left.discard(line)
            if not left:
                local[id(code)] = (code, None)
                frame.f_trace_lines = False
        return trace

    return trace


if sys.version_info >= (3, 12):
    _monitoring = sys.monitoring

    class MonitoringTracer(_Recorder):
        """By `sys.monitoring`: each place reports once and is then switched off, for a test or for ever."""

        def __init__(self, project: Project, lines: bool) -> None:
            super().__init__(project)
            self._event = _monitoring.events.LINE if lines else _monitoring.events.PY_START
            self._callback = self._line if lines else self._entered
            self._seen: Dict[int, CodeType] = {}
            self._tools: List[int] = []

        def start(self) -> None:
            free = [number for number in (4, 3, 2, 5, 1, 0) if _monitoring.get_tool(number) is None]
            if len(free) < 2:
                return
            self._tools = finder, watcher = free[:2]
            for number in self._tools:
                _monitoring.use_tool_id(number, "dreamscape")
            _monitoring.register_callback(finder, _monitoring.events.PY_START, self._found)
            _monitoring.register_callback(watcher, self._event, self._callback)
            _monitoring.set_events(finder, _monitoring.events.PY_START)

        def stop(self) -> None:
            for number in self._tools:
                _monitoring.set_events(number, 0)
                _monitoring.free_tool_id(number)
            self._tools = []

        def _rearm(self) -> None:
            # Only these functions are armed anew: `restart_events` would make all code of the process pay.
            seen, self._seen = self._seen, {}
            for code in seen.values():
                _monitoring.set_local_events(self._tools[1], code, 0)
                _monitoring.set_local_events(self._tools[1], code, self._event)

        def _found(self, code: CodeType, offset: int) -> Any:
            if self._path_of(code.co_filename) is not None:
                _monitoring.set_local_events(self._tools[1], code, self._event)
                if self._event == _monitoring.events.PY_START:
                    self._entered(code, offset)
            return _monitoring.DISABLE

        def _line(self, code: CodeType, line: int) -> Any:
            if self.is_paused:
                return None
            self._seen[id(code)] = code
            self._lines.setdefault(self._path_of(code.co_filename) or "", set()).add(line)
            return _monitoring.DISABLE

        def _entered(self, code: CodeType, offset: int) -> Any:
            if self.is_paused:
                return None
            self._seen[id(code)] = code
            self._lines.setdefault(self._path_of(code.co_filename) or "", set()).add(code.co_firstlineno)
            return _monitoring.DISABLE
