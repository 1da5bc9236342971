"""Puts a candidate into a process that has the project imported: edits in, live functions with other code out.

Only what runs anew at each call can be changed so: bodies of functions. Everything else raises `CannotSwap`, and the
candidate has to be imported afresh.
"""

from __future__ import annotations
import __future__

import ast
import bisect
import gc
import io
import os
import re
import tokenize
from types import CodeType, FunctionType
from typing import Any, Dict, Iterable, Iterator, List, Mapping, Optional, Sequence, Set, Tuple

Edit = Tuple[str, int, int, bytes]
Swaps = List[Tuple[FunctionType, CodeType]]
Place = Tuple[str, int, str]

_NEWLINE = re.compile(rb"\r\n|\r|\n")
_BOM = b"\xef\xbb\xbf"
_FUTURE = sum(getattr(__future__, name).compiler_flag for name in __future__.all_feature_names)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


class CannotSwap(Exception):
    """This change has no effect, or not its whole effect, on a project that is already imported."""


class Body:
    """An outermost function of a file: the bytes its body may fill, and how to compile it alone.

    ``head`` is what stands before it so that names, mangling and ``__class__`` come out as in the file.
    """

    def __init__(self, start: int, first: int, end: int, line: int, head: Tuple[str, ...]) -> None:
        self.start = start
        self.first = first
        self.end = end
        self.line = line
        self.head = head

    def code(self, text: str, filename: str, flags: int) -> CodeType:
        """The compiled module that holds nothing but this function, at its own lines. Raises SyntaxError."""
        head = "\n" * (self.line - 1 - len(self.head)) + "".join(self.head)
        code: CodeType = compile(head + text, filename, "exec", flags, True)
        return code


class Source:
    """A file as imported: its bytes and the outermost functions in it, in their order."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.encoding = tokenize.detect_encoding(io.BytesIO(data).readline)[0].replace("-sig", "")
        self.offset = len(_BOM) if data.startswith(_BOM) else 0
        self.lines = [self.offset] + [match.end() for match in _NEWLINE.finditer(data, self.offset)]
        self.bodies: List[Body] = []
        self.compiled: Dict[Body, Tuple[str, int, CodeType]] = {}
        self._collect(ast.parse(data).body, ())
        self.bodies.sort(key=lambda body: body.start)
        self.starts = [body.start for body in self.bodies]

    def body_at(self, start: int, end: int) -> Optional[Body]:
        """The function whose body holds these bytes, or None."""
        at = bisect.bisect_right(self.starts, start) - 1
        body = self.bodies[at] if at >= 0 else None
        return body if body and body.first <= start and end <= body.end else None

    def text(self, data: bytes) -> str:
        return data.decode(self.encoding)

    def _collect(self, nodes: Sequence[Any], head: Tuple[str, ...]) -> None:
        for node in nodes:
            if isinstance(node, _FUNCTIONS):
                self.bodies.append(self._body(node, head))
                continue
            lines = self._line_of(node) if isinstance(node, ast.stmt) else None
            kind = "class %s:\n" % node.name if isinstance(node, ast.ClassDef) else "if 1:\n"
            for field in ("body", "orelse", "finalbody", "handlers", "cases"):
                inner = getattr(node, field, None)
                if isinstance(inner, list):
                    self._collect(inner, head if lines is None else (*head, lines + kind))

    def _line_of(self, node: Any) -> str:
        """The white space before a statement."""
        line = self.data[self.lines[node.lineno - 1] :]
        return self.text(line[: len(line) - len(line.lstrip(b" \t\f"))])

    def _body(self, node: Any, head: Tuple[str, ...]) -> Body:
        line = min([node.lineno] + [each.lineno for each in node.decorator_list])
        first = node.body[0]
        first_line = min([first.lineno] + [each.lineno for each in getattr(first, "decorator_list", ())])
        after = self.lines[node.end_lineno] if node.end_lineno < len(self.lines) else len(self.data)
        begins = self._at(first.lineno, first.col_offset)
        start_of_line = self.lines[first_line - 1]
        alone = not self.data[start_of_line:begins].strip() or first_line != first.lineno
        return Body(self.lines[line - 1], start_of_line if alone else begins, after, line, head)

    def _at(self, line: int, column: int) -> int:
        """Offset of a place that the syntax tree gives in bytes of UTF-8."""
        start = self.lines[line - 1]
        stop = self.lines[line] if line < len(self.lines) else len(self.data)
        before = self.text(self.data[start:stop]).encode("utf-8")[:column].decode("utf-8", "ignore")
        return start + len(before.encode(self.encoding))


class Live:
    """Every function object of the project in this process, by the place its code comes from."""

    def __init__(self, sources: Mapping[str, bytes], ran_at_import: Iterable[Place]) -> None:
        """``sources`` maps real paths to bytes, ``ran_at_import`` holds (file name, line, name) of codes that ran."""
        self.sources = sources
        self.parsed: Dict[str, Source] = {}
        self.real: Dict[str, str] = {}
        self.functions: Dict[Optional[Place], List[FunctionType]] = {}
        self.ran: Set[Place] = set()
        self.look(ran_at_import)

    def look(self, ran_at_import: Iterable[Place]) -> None:
        """Takes what functions there are now; more of them have run while modules were imported."""
        self.functions.clear()
        for each in gc.get_objects():
            if type(each) is FunctionType:
                self.functions.setdefault(self.key(each.__code__), []).append(each)
        self.functions.pop(None, None)
        self.ran |= {(self.real_path(name), line, function) for name, line, function in ran_at_import}

    def real_path(self, name: str) -> str:
        if name not in self.real:
            self.real[name] = os.path.realpath(name)
        return self.real[name]

    def key(self, code: CodeType) -> Optional[Place]:
        path = self.real_path(code.co_filename)
        return (path, code.co_firstlineno, code.co_name) if path in self.sources else None

    def source(self, path: str) -> Source:
        if path not in self.parsed:
            self.parsed[path] = Source(self.sources[path])
        return self.parsed[path]

    def plan(self, edits: Sequence[Edit]) -> Swaps:
        """Function objects and the code each is to have, for edits (real path, start, end, replacement).

        Raises `CannotSwap` where the process cannot be changed so, SyntaxError where the change does not compile.
        """
        swaps: Swaps = []
        for (path, body), own in self._by_body(edits).items():
            source = self.source(path)
            old = self._old(path, source, body)
            new = self._new(path, source, body, own, edits)
            if not shells_equal(old, new):
                raise CannotSwap("more than the function's body changes")
            self._pair(inner_codes(old), inner_codes(new), path, swaps, True)
        return swaps

    @staticmethod
    def outermost(swaps: Swaps) -> List[FunctionType]:
        """Of the functions that change, those that are not inside another that changes."""
        inside = {id(code) for _, new in swaps for code in inner_codes(new)}
        return [function for function, new in swaps if id(new) not in inside]

    def of_files(self, paths: Set[str]) -> List[FunctionType]:
        """All functions of these files."""
        return [each for key, found in self.functions.items() if key and key[0] in paths for each in found]

    def prepare(self, edits: Sequence[Edit]) -> None:
        """Does once, before forks, what every `plan` of these edits needs."""
        try:
            for path, body in self._by_body(edits):
                self._old(path, self.source(path), body)
        except (CannotSwap, SyntaxError, ValueError):
            pass

    def _by_body(self, edits: Sequence[Edit]) -> Dict[Tuple[str, Body], List[Tuple[int, int, bytes]]]:
        found: Dict[Tuple[str, Body], List[Tuple[int, int, bytes]]] = {}
        for path, start, end, replacement in edits:
            if path not in self.sources:
                raise CannotSwap("%s was not handed in" % path)
            body = self.source(path).body_at(start, end)
            if body is None:
                raise CannotSwap("outside of any function's body")
            found.setdefault((path, body), []).append((start, end, replacement))
        return found

    def _old(self, path: str, source: Source, body: Body) -> CodeType:
        if body not in source.compiled:
            name = self._file_name(path)
            text = source.text(source.data[body.start : body.end])
            source.compiled[body] = (name, self._flags(path), body.code(text, name, self._flags(path)))
        return source.compiled[body][2]

    def _new(
        self, path: str, source: Source, body: Body, own: List[Tuple[int, int, bytes]], edits: Sequence[Edit]
    ) -> CodeType:
        pieces = []
        at = body.start
        for start, end, replacement in sorted(own):
            if start < at:
                raise CannotSwap("edits overlap")
            pieces += [source.data[at:start], replacement]
            at = end
        text = source.text(b"".join([*pieces, source.data[at : body.end]]))
        name, flags, _ = source.compiled[body]
        try:
            return body.code(text, name, flags)
        except SyntaxError:
            changed = apply(source.data, [edit[1:] for edit in edits if edit[0] == path])
            compile(changed, name, "exec", flags, True)
            raise CannotSwap("the function cannot be compiled alone")

    def _file_name(self, path: str) -> str:
        """The name its code bears, which tracebacks show."""
        return next((name for name, real in self.real.items() if real == path), path)

    def _flags(self, path: str) -> int:
        """Flags of the file's ``from __future__`` lines, read off any of its functions."""
        found = next((each for key, each in self.functions.items() if key and key[0] == path), None)
        return found[0].__code__.co_flags & _FUTURE if found else 0

    def _pair(
        self, olds: List[CodeType], news: List[CodeType], path: str, swaps: Swaps, outermost: bool = False
    ) -> None:
        """Pairs codes by name and order, and notes which live functions need the new one."""
        for old, new in paired(olds, news):
            if old == new:
                continue
            functions = self._living(path, old)
            if outermost and is_function(old) and not functions:
                raise CannotSwap("no function object of %s is alive" % old.co_name)
            same_shell = shells_equal(old, new)
            if not same_shell and (path, old.co_firstlineno, old.co_name) in self.ran:
                raise CannotSwap("%s ran while the project was imported" % old.co_name)
            if functions and old.co_freevars != new.co_freevars:
                raise CannotSwap("%s closes over other names" % old.co_name)
            swaps.extend((function, new) for function in functions)
            inside = outermost and not is_function(old)
            if same_shell:
                self._pair(inner_codes(old), inner_codes(new), path, swaps, inside)
            elif inside:
                raise CannotSwap("more than the function's body changes")
            else:
                self._refuse_living(inner_codes(old), path)

    def _living(self, path: str, code: CodeType) -> List[FunctionType]:
        found = self.functions.get((path, code.co_firstlineno, code.co_name), [])
        if len({id(each.__code__) for each in found}) > 1:
            found = [each for each in found if each.__code__ == code]
        return found

    def _refuse_living(self, codes: List[CodeType], path: str) -> None:
        """Closures made by the old code at import would go on with it while their maker changes."""
        for code in codes:
            if self._living(path, code):
                raise CannotSwap("closures of %s are alive" % code.co_name)
            self._refuse_living(inner_codes(code), path)


def apply(data: bytes, edits: Iterable[Tuple[int, int, bytes]]) -> bytes:
    """The bytes with the edits (start, end, replacement) done. Raises ValueError where they overlap."""
    pieces = []
    at = 0
    for start, end, replacement in sorted(edits):
        if not at <= start <= end <= len(data):
            raise ValueError("edits overlap or lie outside the file")
        pieces += [data[at:start], replacement]
        at = end
    return b"".join([*pieces, data[at:]])


def inner_codes(code: CodeType) -> List[CodeType]:
    return [each for each in code.co_consts if isinstance(each, CodeType)]


def is_function(code: CodeType) -> bool:
    """Whether this is a function's code, not a class body's or that of type parameters."""
    return bool(code.co_flags & 0x01) and not code.co_name.startswith("<generic")


def paired(olds: Iterable[CodeType], news: Iterable[CodeType]) -> Iterator[Tuple[CodeType, CodeType]]:
    """Old and new codes of the same name, in order; what is only old or only new has no pair."""
    waiting: Dict[str, List[CodeType]] = {}
    for code in news:
        waiting.setdefault(code.co_name, []).append(code)
    for code in olds:
        if waiting.get(code.co_name):
            yield code, waiting[code.co_name].pop(0)


def shells_equal(old: CodeType, new: CodeType) -> bool:
    """Whether two codes do the same but for the codes of functions and classes they hold."""
    if old.co_code != new.co_code or old.co_names != new.co_names or len(old.co_consts) != len(new.co_consts):
        return False
    if (old.co_varnames, old.co_freevars, old.co_cellvars) != (new.co_varnames, new.co_freevars, new.co_cellvars):
        return False
    skips_tuples = "__static_attributes__" in old.co_names
    pairs = zip(old.co_consts, new.co_consts)  # noqa: B905
    return all(_consts_equal(a, b, skips_tuples) for a, b in pairs)


def _consts_equal(a: Any, b: Any, skips_tuples: bool) -> bool:
    if isinstance(a, CodeType) or isinstance(b, CodeType):
        return isinstance(a, CodeType) and isinstance(b, CodeType) and a.co_name == b.co_name
    if skips_tuples and isinstance(a, tuple) and isinstance(b, tuple):
        # From Python 3.13 on a class body lists the attributes that its methods assign; nothing reads the list.
        return True
    return type(a) is type(b) and repr(a) == repr(b)


def swap(swaps: Swaps) -> Swaps:
    """Gives each function its new code; the answer, given to `swap`, undoes it."""
    back = [(function, function.__code__) for function, _ in swaps]
    for function, code in swaps:
        function.__code__ = code
    return back
