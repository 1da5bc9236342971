"""Calls as text that another process of the same project can make: functions by name, arguments pickled."""

from __future__ import annotations

import gc
import os
import pickle
from types import FunctionType
from typing import List, Optional, Sequence

from .inputs import Call
from .shape import Shape

Name = List[str]
"""Real path of the file, qualified name of the function, name of its code."""


def name_of(function: FunctionType) -> Name:
    """A name by which another process finds the function."""
    code = function.__code__
    return [os.path.realpath(code.co_filename), function.__qualname__, code.co_name]


def named(names: Sequence[Name]) -> List[Optional[FunctionType]]:
    """The functions of this process that bear these names; None where there is none, or more than one."""
    found: List[Optional[FunctionType]] = [None] * len(names)
    wanted = {tuple(name): number for number, name in enumerate(names)}
    doubtful = set()
    for each in gc.get_objects():
        if type(each) is FunctionType:
            number = wanted.get(tuple(name_of(each)))
            if number is not None and found[number] is not None:
                doubtful.add(number)
            elif number is not None:
                found[number] = each
    return [None if number in doubtful else function for number, function in enumerate(found)]


def portable(call: Call) -> Optional[str]:
    """The call as text; None where its arguments cannot travel, or do not arrive as they were."""
    try:
        data = pickle.dumps(call, 4)
        if Shape().of(pickle.loads(data)) == Shape().of(call):
            return data.decode("latin-1")
    except Exception:
        pass
    return None


def arrived(texts: Sequence[Optional[str]], functions: Sequence[Optional[FunctionType]]) -> List[Optional[Call]]:
    """The calls; None where one cannot be made here."""
    calls: List[Optional[Call]] = []
    for text in texts:
        try:
            call = pickle.loads(text.encode("latin-1")) if text is not None else None
        except Exception:
            call = None
        calls.append(call if call is not None and functions[call[0]] is not None else None)
    return calls
