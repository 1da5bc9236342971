"""Candidates go in; what each of them does on generated inputs comes out, for the host to group.

Runs in a fork of the warm process: records calls while the tests run on the original code, varies them, and has every
candidate, and the original, answer them in a fork of its own. The calls come out too, for candidates that can only be
asked in a process that imports them afresh.
"""

from __future__ import annotations

import copy
import hashlib
import os
import random
import time
from types import FunctionType
from typing import Any, Dict, Iterator, List, Mapping, Optional, Sequence, Set, Tuple

from .inputs import Call, Variations
from .limits import CpuAlarm, Overtime
from .pool import Channel, Child, Pool, Watch
from .portable import name_of, portable
from .recorder import Recorder, without_iterators
from .shape import Shape, TooLarge
from .swap import CannotSwap, Edit, Live, Swaps, swap
from .trial import Answer, Trial

_PER_CALL_S = 0.2
"""CPU time of one call on a generated input; recorded ones came back, or the test would have been stopped (chosen)."""
_PATIENCE = 3
_IMPATIENT_S = 0.05
"""After so many calls that did not end the next ones get less: where many are endless, the rest tells enough."""
_MOST_ROUNDS = 5
_READABLE = 80
_SILENT_S = 60.0

ORIGINAL = -1
Told = List[Tuple[str, str, str]]
"""For each input how the call ended (returned, raised), a digest of all that can be seen of it, and a short text."""


class Comparison:
    """One comparison of candidates; lives in the process that records."""

    def __init__(self, live: Live, trial: Trial, watch: Watch, workers: int) -> None:
        self.live = live
        self.trial = trial
        self.watch = watch
        self.workers = workers
        self.swaps: Dict[int, Swaps] = {ORIGINAL: []}
        self.functions: List[FunctionType] = []

    def compare(self, job: Mapping[str, Any], edits: Sequence[Sequence[Edit]]) -> Answer:
        """``told`` by each candidate that could be asked; ``apart`` are the others; ``calls`` for them and a person."""
        until = time.monotonic() + job["seconds"]
        self.watch.allow(job["seconds"] + _SILENT_S)
        apart = self._plan(edits)
        outcomes: Dict[int, Told] = {number: [] for number in self.swaps}
        kept: List[Call] = []
        for calls in self._rounds(self._recorded(job, apart, edits, until), job, until):
            told = self._answers(calls, until)
            for number in [number for number in outcomes if number not in told]:
                del outcomes[number]
            kept += calls
            for number, own in outcomes.items():
                own += told[number]
            if ORIGINAL not in outcomes or self._informative(outcomes) >= job["inputs"]:
                break
        return {
            "state": "recorded",
            "retire": True,
            "told": [[number, own] for number, own in outcomes.items() if number != ORIGINAL],
            "apart": apart,
            "calls": [self._written(call) for call in kept],
            "portable": [portable(call) for call in kept] if apart else [],
            "functions": [name_of(function) for function in self.functions],
        }

    def _plan(self, edits: Sequence[Sequence[Edit]]) -> List[int]:
        """Prepares every candidate that can be swapped in; returns the others."""
        apart = []
        for number, own in enumerate(edits):
            try:
                self.swaps[number] = self.live.plan(own)
            except (CannotSwap, SyntaxError, ValueError):
                apart.append(number)
        return apart

    def _recorded(
        self, job: Mapping[str, Any], apart: Sequence[int], edits: Sequence[Sequence[Edit]], until: float
    ) -> List[Call]:
        """Calls of the one function that all candidates change, else of the entries by which tests reach them."""
        changed = [self.live.outermost(swaps) for number, swaps in self.swaps.items() if number != ORIGINAL]
        changed += [self.live.of_files({edit[0] for edit in edits[number]}) for number in apart]
        self.functions = list({id(each): each for own in changed for each in own}.values())
        recorder = self._run(job, until)
        if apart or len({frozenset(map(id, own)) for own in changed}) > 1:
            entries = [each for code in recorder.entered for each in self.live.functions.get(self.live.key(code), [])]
            if entries:
                self.functions = entries
                recorder = self._run(job, until)
        return without_iterators(recorder.calls)

    def _run(self, job: Mapping[str, Any], until: float) -> Recorder:
        recorder = Recorder(self.functions)
        back = recorder.install(lambda name: self.live.real_path(name) in self.live.sources)
        try:
            for key in job["tests"]:
                if time.monotonic() < until - job["seconds"] / 2 and key in self.trial.rerun.items:
                    self.trial.run_limited(key, None, job["limits"])
        finally:
            swap(back)
        self.watch.allow(job["seconds"] + _SILENT_S)
        return recorder

    def _rounds(self, recorded: List[Call], job: Mapping[str, Any], until: float) -> Iterator[List[Call]]:
        """The recorded calls and variations of them, then more variations; no call comes twice."""
        variations = Variations(recorded, job["seed"], [function.__code__ for function in self.functions])
        known: Set[str] = set()
        wanted = job["inputs"]
        fresh = [call for call in recorded if self._is_new(call, known)]
        for _ in range(_MOST_ROUNDS if recorded else 0):
            tries = 0
            while len(fresh) < 1.5 * wanted and tries < 20 * wanted and time.monotonic() < until:
                tries += 1
                try:
                    call = variations.next_call()
                except Exception:
                    continue
                if self._is_new(call, known):
                    fresh.append(call)
                elif tries % 50 == 0:
                    variations.widen()
            if not fresh or time.monotonic() > until:
                return
            yield fresh
            fresh = []

    def _is_new(self, call: Call, known: Set[str]) -> bool:
        try:
            text = Shape().of(call)
        except Exception:
            return False
        is_new = text not in known
        known.add(text)
        return is_new

    def _answers(self, calls: List[Call], until: float) -> Dict[int, Told]:
        """What each candidate, and the original, answers; those that could not be asked are missing."""
        jobs = [{"n": number} for number in self.swaps]
        told: Dict[int, Told] = {}
        try:
            for job, answer in Pool(self.workers, 1, max(1.0, until - time.monotonic())).run(jobs, until):
                if isinstance(answer, dict):
                    told[job["n"]] = [(how, digest, text) for how, digest, text in answer["told"]]
        except Child as child:
            self._tell(child.channel, calls)
        return told

    def _tell(self, channel: Channel, calls: List[Call]) -> None:
        """In a fork: makes the calls with one candidate's code, twice, and tells how they ended."""
        job = channel.receive()[0]
        first, second = copies(calls), copies(calls)
        swap(self.swaps[job["n"]])
        channel.send({"told": Caller(self.functions).called_twice(first, second), "retire": True})
        channel.receive()
        os._exit(0)

    def _informative(self, outcomes: Mapping[int, Told]) -> int:
        """On how many inputs somebody returns."""
        columns = zip(*outcomes.values())  # noqa: B905
        return sum(any(how == "returned" for how, _, _ in column) for column in columns)

    def _written(self, call: Call) -> str:
        function, args, named = call
        parts = [shortly(each) for each in args] + ["%s=%s" % (name, shortly(each)) for name, each in named.items()]
        return "%s(%s)" % (self.functions[function].__qualname__, ", ".join(parts))


_ENDLESS = ("raised", "overtime", "does not end")


class Caller:
    """Makes one call after the other and writes down all that can be seen of it."""

    def __init__(self, functions: Sequence[Optional[FunctionType]]) -> None:
        self.functions = functions
        self.alarm = CpuAlarm()
        self.endless = 0

    def called_twice(self, first: Sequence[Optional[Call]], second: Sequence[Optional[Call]]) -> Told:
        """How the calls ended; "unsteady" where the second time, with other random numbers, was not like the first."""
        told = [self.call(call, 1) for call in first]
        again = [one if one == _ENDLESS else self.call(call, 2) for one, call in zip(told, second)]  # noqa: B905
        pairs = zip(told, again)  # noqa: B905
        return [one if one[:2] == two[:2] else ("unsteady", "", "") for one, two in pairs]

    def call(self, call: Optional[Call], seed: int) -> Tuple[str, str, str]:
        if call is None:
            return "unsteady", "", ""
        function, args, named = call
        random.seed(seed)
        try:
            self.alarm.start(_PER_CALL_S if self.endless < _PATIENCE else _IMPATIENT_S)
            try:
                how, seen, text = self._outcome(self.functions[function], args, named)
                written = "%s %s %s" % (how, seen, Shape().of((args, named)))
            finally:
                self.alarm.stop()
        except Overtime:
            self.endless += 1
            return _ENDLESS
        except TooLarge:
            return "unsteady", "", ""
        except BaseException as error:
            return "raised", "unwritable %s" % type(error).__qualname__, type(error).__name__
        return how, hashlib.sha256(written.encode("utf-8", "surrogatepass")).hexdigest()[:16], text

    def _outcome(self, function: Any, args: Any, named: Any) -> Tuple[str, str, str]:
        try:
            result = function(*args, **named)
            if hasattr(result, "send") and hasattr(result, "cr_frame"):
                result = driven(result)
        except Overtime:
            raise
        except BaseException as error:
            name = type(error).__qualname__
            return "raised", name, "raises %s" % name
        return "returned", Shape().of(result), shortly(result)


def copies(calls: Sequence[Call]) -> List[Optional[Call]]:
    """Calls whose arguments are their own; None where they cannot be copied any more."""
    found: List[Optional[Call]] = []
    for call in calls:
        try:
            found.append(copy.deepcopy(call))
        except Exception:
            found.append(None)
    return found


def driven(coroutine: Any) -> Any:
    """What a coroutine returns that waits for nothing."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        return end.value
    coroutine.close()
    return "waits"


def shortly(value: Any) -> str:
    """A value for a person to read, in at most 80 characters."""
    try:
        text = (
            repr(value) if getattr(type(value), "__repr__", None) is not object.__repr__ else "%s(%s)" % _inside(value)
        )
    except Exception as error:
        text = "<%s whose repr raises %s>" % (type(value).__name__, type(error).__name__)
    return text if len(text) <= _READABLE else text[: _READABLE - 3] + "..."


def _inside(value: Any) -> Tuple[str, str]:
    attributes = getattr(value, "__dict__", {})
    return type(value).__qualname__, ", ".join("%s=%s" % (name, shortly(each)) for name, each in attributes.items())
