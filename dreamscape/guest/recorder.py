"""Functions go in; the arguments of their calls come out, copied as they were when the call began."""

from __future__ import annotations

import copy
import sys
from types import CodeType, FunctionType
from typing import Any, Callable, Dict, Iterable, List, Sequence, Set, Tuple

from .inputs import Call
from .shape import Shape
from .swap import Swaps, swap

_MOST_CALLS = 300
_LONGEST = 20000
"""Calls whose arguments take more characters to write down are left out (chosen)."""


def _trampoline(*args: Any, **named: Any) -> Any:
    return "hook"(args, named)  # type: ignore[operator]


def _leading_to(hook: Callable[[Tuple[Any, ...], Dict[str, Any]], Any], like: CodeType) -> CodeType:
    """Code that hands its arguments to ``hook``, with as many closed-over names as the code it stands in for."""
    consts = tuple(hook if const == "hook" else const for const in _trampoline.__code__.co_consts)
    return _trampoline.__code__.replace(co_consts=consts, co_freevars=like.co_freevars, co_name=like.co_name)


class Recorder:
    """Watches functions of this process: what they are called with, and by which entries tests reach them."""

    def __init__(self, functions: Sequence[FunctionType]) -> None:
        self.functions = list(functions)
        self.calls: List[Call] = []
        self.entered: Set[CodeType] = set()
        self._known: Set[Tuple[int, str]] = set()
        self._is_busy = False

    def install(self, is_source: Callable[[str], bool]) -> Swaps:
        """Puts itself between callers and functions; `swap.swap` with the answer takes it out again."""
        swaps = []
        for number, function in enumerate(self.functions):
            code = function.__code__
            original = FunctionType(
                code, function.__globals__, code.co_name, function.__defaults__, function.__closure__
            )
            original.__kwdefaults__ = function.__kwdefaults__
            swaps.append((function, _leading_to(self._hook(number, original, is_source), code)))
        return swap(swaps)

    def _hook(self, number: int, original: FunctionType, is_source: Callable[[str], bool]) -> Any:
        def hook(args: Tuple[Any, ...], named: Dict[str, Any]) -> Any:
            if not self._is_busy:
                self._is_busy = True
                try:
                    self._note_entry(sys._getframe(1), original.__code__, is_source)
                    self._note_call(number, args, named)
                finally:
                    self._is_busy = False
            return original(*args, **named)

        return hook

    def _note_entry(self, frame: Any, own: CodeType, is_source: Callable[[str], bool]) -> None:
        """The outermost function of the project's sources that is running."""
        entry = own
        while frame is not None:
            if is_source(frame.f_code.co_filename) and frame.f_code.co_name != "<module>":
                entry = frame.f_code
            frame = frame.f_back
        self.entered.add(entry)

    def _note_call(self, number: int, args: Tuple[Any, ...], named: Dict[str, Any]) -> None:
        if len(self.calls) >= _MOST_CALLS:
            return
        try:
            text = Shape().of((args, named))
            if len(text) > _LONGEST or (number, text) in self._known:
                return
            own_args, own_named = copy.deepcopy((args, named))
            copied = Shape().of((own_args, own_named))
            # A copy may lack what does not belong to it (the time a timer keeps), but its own copies must be like it.
            if copied != text and Shape().of(copy.deepcopy((own_args, own_named))) != copied:
                return
        except Exception:
            return
        self._known.add((number, text))
        self.calls.append((number, own_args, own_named))


def without_iterators(calls: Iterable[Call]) -> List[Call]:
    """Calls that can be made again: an iterator among the arguments is used up by the first."""
    return [
        call for call in calls if not any(hasattr(type(each), "__next__") for each in (*call[1], *call[2].values()))
    ]
