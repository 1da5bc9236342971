"""A small honest judge for single-file programs: forked children run the tests under a CPU timer.

Only for the repairer's own tests and figures; the product judges in its sandbox.
"""

from __future__ import annotations

import ast
import faulthandler
import io
import os
import pickle
import resource
import select
import signal
import struct
import sys
import traceback
import types
import warnings
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from math import sqrt
from pathlib import Path
from typing import Any

from dreamscape.domain.failures import Comparison, Failure, FailureClass, Frame, fingerprint
from dreamscape.domain.repair import Candidate, RepairCase, Suspect, Verdict, VerdictState

PATH = "buggy.py"
_CPU_S = 0.02


class _TooLong(BaseException):
    pass


class _Different(AssertionError):
    """A failed ``assert left == right`` with both values."""

    def __init__(self, left: object, right: object) -> None:
        super().__init__(f"assert {left!r} == {right!r}")
        self.left, self.right = left, right


class _Compared(ast.NodeTransformer):
    """Makes ``assert a == b`` tell both values."""

    def visit_Assert(self, node: ast.Assert) -> ast.stmt:
        match node.test:
            case ast.Compare(left=left, ops=[ast.Eq()], comparators=[right]):
                call = ast.Call(ast.Name("_equal", ast.Load()), [left, right], [])
                return ast.copy_location(ast.fix_missing_locations(ast.Expr(ast.copy_location(call, node))), node)
        return node


def _equal(left: object, right: object) -> None:
    if not left == right:
        raise _Different(left, right)


def load(source: bytes, name: str = "buggy") -> types.ModuleType:
    """The program as a module that the tests can import."""
    module = types.ModuleType(name)
    sys.modules[name] = module
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exec(compile(source, PATH, "exec"), module.__dict__)
    return module


def tests_of(visible: str) -> dict[str, Callable[[], None]]:
    """The test functions of a file, bound to whatever ``buggy`` now is."""
    tree = ast.fix_missing_locations(_Compared().visit(ast.parse(visible)))
    space: dict[str, Any] = {"_equal": _equal}
    exec(compile(tree, "visible.py", "exec"), space)
    return {name: each for name, each in space.items() if name.startswith("test_")}


def limited(call: Callable[[], object], cpu_s: float = _CPU_S) -> object:
    """Runs something under a CPU timer; raises what it raises, `_TooLong` at the end of its time."""

    def stop(*_: object) -> None:
        raise _TooLong

    signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, cpu_s, 0.05)
    try:
        with redirect_stdout(io.StringIO()):
            return call()
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def failure_of(test: str, error: BaseException) -> Failure:
    """What a failing test tells."""
    frames = tuple(
        Frame(frame.filename, frame.lineno or 0, frame.name, frame.filename in (PATH, "visible.py"))
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename in (PATH, "visible.py")
    )
    frames = frames[:20] + frames[-5:] if len(frames) > 25 else frames
    if frames and frames[-1].path == "visible.py":
        frames = frames[:1]
    comparison = None
    if isinstance(error, _Different):
        comparison = Comparison("==", repr(error.left)[:2000], repr(error.right)[:2000])
    kind = "AssertionError" if isinstance(error, AssertionError) else type(error).__name__
    return Failure(test, "call", kind, str(error)[:300], frames, comparison)


def run(source: bytes, visible: str, first: Sequence[str] = (), *, stop: bool = True) -> dict[str, Failure | None]:
    """Each test's failure (None: passed), the named ones first, to the first failure."""
    sys.setrecursionlimit(400)
    load(source)
    tests = tests_of(visible)
    found: dict[str, Failure | None] = {}
    for name in [*first, *(name for name in tests if name not in first)]:
        try:
            limited(tests[name])
            found[name] = None
        except (_TooLong, Exception) as error:  # noqa: BLE001 - the program may raise anything
            found[name] = failure_of(name, error)
            if stop:
                break
    return found


def in_child(call: Callable[[], object], wall_s: float = 2.0) -> object:
    """The picklable result of something done in a fork; None where the child died or ran out of time."""
    return next(iter(streamed([call], wall_s)), None)


def streamed(calls: Sequence[Callable[[], object]], wall_s: float = 2.0) -> list[object]:
    """The results of several calls, each in the same child until it dies; then a new one goes on behind it."""
    results: list[object] = []
    while len(results) < len(calls):
        results += _one_child(calls[len(results) :], wall_s)
        if len(results) < len(calls):
            results.append(None)
    return results


def _one_child(calls: Sequence[Callable[[], object]], wall_s: float) -> list[object]:
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        faulthandler.disable()  # that a program crashes is no news
        used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + (300 << 20),) * 2)
        for call in calls:
            try:
                data = pickle.dumps(call())
            except BaseException:  # noqa: BLE001 - the program may raise anything
                data = pickle.dumps(None)
            os.write(writing, struct.pack("<I", len(data)))
            sent = 0
            while sent < len(data):
                sent += os.write(writing, data[sent:])
        os._exit(0)
    os.close(writing)
    results: list[object] = []
    buffer = b""
    while len(results) < len(calls):
        ready, _, _ = select.select([reading], [], [], wall_s)
        data = os.read(reading, 1 << 16) if ready else b""
        if not data:
            break
        buffer += data
        while len(buffer) >= 4 and len(buffer) >= 4 + struct.unpack("<I", buffer[:4])[0]:
            size = struct.unpack("<I", buffer[:4])[0]
            results.append(pickle.loads(buffer[4 : 4 + size]))
            buffer = buffer[4 + size :]
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    os.close(reading)
    return results


def judged(case: RepairCase, candidates: Sequence[Candidate], visible: str) -> tuple[Verdict, ...]:
    """One verdict per candidate, in order."""

    def one(candidate: Candidate) -> Callable[[], object]:
        def call() -> object:
            source = candidate.applied_to(case.sources)[PATH]
            try:
                return run(source, visible, case.tests)
            except (_TooLong, Exception) as error:  # noqa: BLE001 - the program may raise anything
                return repr(error)

        return call

    outcomes = streamed([one(each) for each in candidates])
    return tuple(_verdict(case, each, outcome) for each, outcome in zip(candidates, outcomes, strict=True))


def _verdict(case: RepairCase, candidate: Candidate, outcome: object) -> Verdict:
    if not isinstance(outcome, dict):
        return Verdict(candidate, VerdictState.CRASH if outcome is None else VerdictState.INVALID, str(outcome))
    failed = [(name, failure) for name, failure in outcome.items() if failure]
    if not failed:
        return Verdict(candidate, VerdictState.PLAUSIBLE)
    name, failure = failed[0]
    state = VerdictState.STILL_FAILS if name in case.tests else VerdictState.BREAKS_OTHERS
    return Verdict(candidate, VerdictState.TIMEOUT if failure.exception == "_TooLong" else state, failure=failure)


def case_of(source: bytes, visible: str) -> RepairCase:
    """Runs the tests with a line tracer and makes the case: failures, class, suspects by Ochiai."""
    found = in_child(lambda: _traced(source, visible), 30.0)
    assert isinstance(found, dict), "the program cannot be traced"
    failing = {name: failure for name, (failure, _) in found.items() if failure}
    suspects = _ochiai([(failure is not None, lines) for failure, lines in found.values()])
    failures = tuple(failing.values())
    passing = tuple(name for name in found if name not in failing)
    first = failures[0] if failures else Failure("", "call", "", "")
    return RepairCase("c", failures, _class_of(first), fingerprint(first), suspects, {PATH: source}, passing, passing)


def _traced(source: bytes, visible: str) -> dict[str, tuple[Failure | None, set[int]]]:
    sys.setrecursionlimit(400)
    load(source)
    found: dict[str, tuple[Failure | None, set[int]]] = {}
    for name, test in tests_of(visible).items():
        lines: set[int] = set()

        def trace(frame: types.FrameType, event: str, _: object, lines: set[int] = lines) -> Any:
            if frame.f_code.co_filename != PATH:
                return None
            if event == "line":
                lines.add(frame.f_lineno)
            return trace

        failure: Failure | None = None
        sys.settrace(trace)
        try:
            limited(test, 0.3)
        except (_TooLong, Exception) as error:  # noqa: BLE001 - the program may raise anything
            sys.settrace(None)
            failure = failure_of(name, error)
        sys.settrace(None)
        found[name] = (failure, lines)
    return found


def _ochiai(runs: Sequence[tuple[bool, set[int]]]) -> tuple[Suspect, ...]:
    failed = sum(has_failed for has_failed, _ in runs)
    scores: dict[int, float] = {}
    for line in set().union(*(lines for _, lines in runs)):
        bad = sum(has_failed and line in lines for has_failed, lines in runs)
        good = sum(not has_failed and line in lines for has_failed, lines in runs)
        if bad:
            scores[line] = bad / sqrt(failed * (bad + good))
    return tuple(
        Suspect(PATH, line, "", score) for line, score in sorted(scores.items(), key=lambda each: (-each[1], each[0]))
    )


def _class_of(failure: Failure) -> FailureClass:
    if "DID NOT RAISE" in failure.message:
        return FailureClass.DID_NOT_RAISE
    return {
        "AssertionError": FailureClass.WRONG_VALUE,
        "TypeError": FailureClass.NONE_OR_TYPE,
        "AttributeError": FailureClass.NONE_OR_TYPE,
        "IndexError": FailureClass.INDEX_OR_KEY,
        "KeyError": FailureClass.INDEX_OR_KEY,
        "RecursionError": FailureClass.RECURSION,
        "_TooLong": FailureClass.TIMEOUT,
        "NameError": FailureClass.IMPORT,
        "UnboundLocalError": FailureClass.IMPORT,
    }.get(failure.exception, FailureClass.WRONG_EXCEPTION)
