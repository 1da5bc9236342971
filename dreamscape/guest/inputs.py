"""Calls that were seen go in, calls much like them come out: the same types, nearly the same sizes and ranges.

What a function was never meant for tells nothing of it, so a value changes by a step, takes another seen in its place,
or loses, repeats or swaps a part; signs and other types appear only where they were seen, None also where the code
itself asks for it.
"""

from __future__ import annotations

import copy
import datetime
import decimal
import dis
import fractions
import random
from types import CodeType
from typing import Any, Callable, Dict, List, Sequence, Set, Tuple, Union

Call = Tuple[int, Tuple[Any, ...], Dict[str, Any]]
"""Number of the function, positional and named arguments."""

_FARTHEST = 256
"""How far beyond the range that was seen a whole number may go at most (chosen)."""

_SIMPLE = (bool, int, float, str, bytes)


def asks_for_none(code: CodeType) -> Set[Union[int, str]]:
    """Parameters that the code compares with None, by place and by name: it means to be given None there."""
    parameters = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    asked: Set[Union[int, str]] = set()
    before: List[str] = ["", ""]
    for step in dis.get_instructions(code):
        name = str(step.argval) if step.opname.startswith("LOAD_FAST") else ""
        loaded = before[1] if "JUMP" in step.opname and "NONE" in step.opname else ""
        if step.opname in ("IS_OP", "COMPARE_OP") and before[1] == _NONE:
            loaded = before[0]
        if loaded in parameters:
            asked |= {parameters.index(loaded), loaded}
        is_none = step.opname == "LOAD_CONST" and step.argval is None
        before = [before[1], _NONE if is_none else name]
    return asked


_NONE = "None"


class Variations:
    """Makes calls from recorded ones; the same seed makes the same calls."""

    def __init__(self, recorded: Sequence[Call], seed: int, codes: Sequence[CodeType] = ()) -> None:
        """``codes`` are those of the functions that calls bear the numbers of."""
        self.recorded = list(recorded)
        self.may_be_none = [asks_for_none(code) for code in codes]
        self.dice = random.Random(seed)
        self.reach = 1
        self.seen: Dict[type, List[Any]] = {}
        for _, args, named in self.recorded:
            for value in (*args, *named.values()):
                self._note(value, 0)

    def widen(self) -> None:
        """From now on values may lie further from those that were seen, since the near ones are used up."""
        self.reach = min(2 * self.reach, _FARTHEST)

    def next_call(self) -> Call:
        """A recorded call with one to three changes, more when the near ones are used up.

        Raises whatever copying its arguments raises.
        """
        function, args, named = copy.deepcopy(self.dice.choice(self.recorded))
        places: List[Any] = [*range(len(args)), *named]
        changed = list(args)
        for _ in range(self.dice.choice((1, 1, 1, 2, 2, 3)) + self.reach // 16 if places else 0):
            place = self.dice.choice(places)
            holder: Any = named if isinstance(place, str) else changed
            if function < len(self.may_be_none) and place in self.may_be_none[function] and self.dice.random() < 0.2:
                holder[place] = None
            elif self.dice.random() < 0.25:
                holder[place] = self._from_another_call(function, place, holder[place])
            else:
                holder[place] = self.varied(holder[place])
        return function, tuple(changed), named

    def varied(self, value: Any, depth: int = 0) -> Any:
        """Another value of the same type, near to this one; mutable values change in place."""
        if depth > 4:
            return value
        change = _CHANGES.get(type(value))
        if change is not None:
            return change(self, value, depth)
        attributes = getattr(value, "__dict__", None)
        if isinstance(attributes, dict) and attributes and not callable(value):
            name = self.dice.choice(sorted(attributes, key=str))
            if type(attributes[name]) in _CHANGES:
                attributes[name] = self.varied(attributes[name], depth + 1)
        return value

    def _note(self, value: Any, depth: int) -> None:
        if type(value) in _SIMPLE:
            self.seen.setdefault(type(value), []).append(value)
        elif depth < 4 and isinstance(value, (list, tuple, set, frozenset)):
            for each in list(value)[:200]:
                self._note(each, depth + 1)
        elif depth < 4 and isinstance(value, dict):
            for each in list(value.values())[:200]:
                self._note(each, depth + 1)

    def _from_another_call(self, function: int, place: Any, value: Any) -> Any:
        """What another call of the same function had in this place."""
        _, args, named = self.dice.choice([call for call in self.recorded if call[0] == function])
        if isinstance(place, str):
            return copy.deepcopy(named.get(place, value))
        return copy.deepcopy(args[place]) if place < len(args) else value

    def _bool(self, value: bool, depth: int) -> bool:
        return not value

    def _int(self, value: int, depth: int) -> int:
        seen = self.seen.get(int, [value])
        low, high = min(seen), max(seen)
        near = [value + 1, value - 1, value + 2, value * 2, 0, 1, high + 1, self.dice.choice(seen)]
        if high - low < 1 << 20:
            near.append(self.dice.randint(low, high + 1 + self.reach))
        if low < 0:
            near += [-value, low - 1]
        chosen: int = self.dice.choice([each for each in near if each >= 0 or low < 0])
        return chosen

    def _float(self, value: float, depth: int) -> float:
        seen = self.seen.get(float, [value])
        near = [
            value + 1.0,
            value - 1.0,
            value * 2.0,
            value / 2.0,
            0.0,
            self.dice.choice(seen),
            value + self.reach * 0.1,
        ]
        if min(seen) < 0:
            near.append(-value)
        chosen: float = self.dice.choice([each for each in near if each >= 0 or min(seen) < 0] or [value])
        return chosen

    def _text(self, value: Any, depth: int) -> Any:
        others = self.seen.get(type(value), [value])
        at = self.dice.randrange(len(value) + 1)
        other = self.dice.choice(others)
        letter = other[(start := self.dice.randrange(len(other))) : start + 1] if other else value[:1]
        changes: List[Callable[[], Any]] = [
            lambda: value[:at] + letter + value[at:],
            lambda: value[:at] + value[at + 1 :],
            lambda: value[:at] + letter + value[at + 1 :],
            lambda: value[:at] + value[at : at + 1] + value[at:],
            lambda: value[:at],
            lambda: value[at:],
            lambda: value.swapcase(),
            lambda: value.upper(),
            lambda: other,
            lambda: value[:0] if self.dice.random() < 0.3 else value + letter,
        ]
        return self.dice.choice(changes)()

    def _list(self, value: List[Any], depth: int) -> List[Any]:
        if not value:
            return value
        at = self.dice.randrange(len(value))
        other = self.dice.randrange(len(value))
        choice = self.dice.randrange(8)
        if choice == 0:
            del value[at]
        elif choice == 1:
            value.insert(at, copy.deepcopy(value[other]))
        elif choice == 2:
            value[at], value[other] = value[other], value[at]
        elif choice == 3:
            value.reverse()
        elif choice == 4 and self.dice.random() < 0.3:
            value.clear()
        elif choice == 5:
            try:
                value.sort()
            except TypeError:
                self.dice.shuffle(value)
        else:
            value[at] = self.varied(value[at], depth + 1)
        return value

    def _tuple(self, value: Tuple[Any, ...], depth: int) -> Tuple[Any, ...]:
        # A tuple's places have meanings, so it keeps its length unless all its parts are alike.
        if len({type(each) for each in value}) == 1 and len(value) > 2:
            return tuple(self._list(list(value), depth))
        changed = list(value)
        if changed:
            at = self.dice.randrange(len(changed))
            changed[at] = self.varied(changed[at], depth + 1)
        return tuple(changed)

    def _dict(self, value: Dict[Any, Any], depth: int) -> Dict[Any, Any]:
        if value:
            key = self.dice.choice(list(value))
            if self.dice.random() < 0.25:
                del value[key]
            elif self.dice.random() < 0.2 and type(key) in _SIMPLE:
                value[self.varied(key, depth + 1)] = value.pop(key)
            else:
                value[key] = self.varied(value[key], depth + 1)
        return value

    def _set(self, value: Any, depth: int) -> Any:
        items = self._list(sorted(value, key=repr), depth)
        return type(value)(items)

    def _moment(self, value: Any, depth: int) -> Any:
        if isinstance(value, datetime.datetime) and self.dice.random() < 0.2:
            return self._other_zone(value)
        return value + datetime.timedelta(days=self.dice.choice((-1, 1, 7, 30)))

    def _time(self, value: Any, depth: int) -> Any:
        if self.dice.random() < 0.2:
            return self._other_zone(value)
        return value.replace(hour=(value.hour + self.dice.choice((0, 1, 23))) % 24, minute=self.dice.randrange(60))

    def _other_zone(self, value: Any) -> Any:
        """With a zone where it had none, without where it had one: both are of the same type."""
        return value.replace(tzinfo=datetime.timezone.utc if value.tzinfo is None else None)

    def _count(self, value: Any, depth: int) -> Any:
        return value + self.dice.choice((-1, 1, 2)) if value >= 1 else value + 1


_CHANGES: Dict[type, Callable[[Variations, Any, int], Any]] = {
    bool: Variations._bool,
    int: Variations._int,
    float: Variations._float,
    str: Variations._text,
    bytes: Variations._text,
    list: Variations._list,
    tuple: Variations._tuple,
    dict: Variations._dict,
    set: Variations._set,
    frozenset: Variations._set,
    datetime.date: Variations._moment,
    datetime.datetime: Variations._moment,
    datetime.time: Variations._time,
    decimal.Decimal: Variations._count,
    fractions.Fraction: Variations._count,
}
