"""The host's end of the candidate server: candidates in, verdicts out, whatever happens to the process inside."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from dreamscape.agent.grouping import grouped
from dreamscape.agent.guest_zip import ZIP_NAME, launch, packed
from dreamscape.agent.interpreter import Interpreter
from dreamscape.agent.sandbox import Command, Sandbox
from dreamscape.agent.server_line import MARGIN_S, STARTUP_S, ServerLine
from dreamscape.domain.failures import Comparison, Failure, Frame
from dreamscape.domain.repair import Behaviour, Candidate, Verdict, VerdictState
from dreamscape.domain.runs import Outcome
from dreamscape.domain.settings import HealSettings

_LONGEST_S = 24 * 3600.0


class TrialServer:
    """Judges candidates in a server that runs inside the sandbox; starts it when needed and again when it dies.

    ``sources`` are the files that candidates may edit, by project-relative path; ``test_files`` hold every test that
    will be asked for; ``workers`` candidates are judged at once.
    """

    def __init__(
        self,
        sandbox: Sandbox,
        interpreter: Interpreter,
        settings: HealSettings,
        sources: Mapping[str, bytes],
        test_files: Sequence[str],
        *,
        workers: int,
        base_overrides: Mapping[str, bytes | None] | None = None,
    ) -> None:
        self._sandbox = sandbox
        self._interpreter = interpreter
        self._settings = settings
        self._sources = dict(sources)
        self._test_files = tuple(test_files)
        self._workers = workers
        self._overrides = dict(base_overrides or {})
        self._wall_s: dict[str, float] = {}
        self._line: ServerLine | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ends the server and all that runs in it."""
        if self._line is not None:
            self._line.close()
        self._line = None

    def judge(
        self,
        candidates: Sequence[Candidate],
        failing: Sequence[str],
        others: Sequence[str] = (),
        *,
        cpu_s_per_test: float | Mapping[str, float],
        deadline: float | None = None,
    ) -> tuple[Verdict, ...]:
        """One verdict each, in order: the failing tests first, then the others, up to the first that does not pass.

        ``deadline`` is a time of `time.monotonic`; what was not judged by then is a TIMEOUT that says so.
        """
        limits = self._limits(cpu_s_per_test)
        common = {"do": "judge", "failing": list(failing), "others": list(others), "limits": limits}
        jobs = [{"n": n, "edits": self._edits(candidate)} for n, candidate in enumerate(candidates)]
        answers = self._answers(common, jobs, deadline)
        for n, answer in answers.items():
            if answer.get("state") == "unfit":
                with self._apart(candidates[n]) as server:
                    answers.update(server._answers(common, [{"n": n, "edits": []}], deadline))
        return tuple(_verdict(candidate, answers.get(n)) for n, candidate in enumerate(candidates))

    def baseline(
        self, tests: Sequence[str], *, cpu_s_per_test: float | Mapping[str, float] = 10.0, together: int = 1
    ) -> dict[str, Outcome]:
        """How each test ends in the server with the code as it is; absent where the server does not know the test.

        ``together`` tests share a process. What hangs or ends the process has FAILED, with all that shared it. Who
        compares this with a fresh run finds the tests that the server cannot judge.
        """
        common = {"do": "run", "others": [], "limits": self._limits(cpu_s_per_test)}
        groups = [list(tests[at : at + together]) for at in range(0, len(tests), together)]
        jobs = [{"n": n, "failing": group} for n, group in enumerate(groups)]
        ends: dict[str, Outcome] = {}
        for number, answer in self._answers(common, jobs, None).items():
            if answer["state"] != "ran":
                ends |= dict.fromkeys(groups[number], Outcome.FAILED)
            for test, end in answer.get("ends", {}).items():
                ends[test] = _OUTCOMES.get(end["status"], Outcome.FAILED)
                self._wall_s[test] = 1.0 + 3.0 * end["wall_s"]
        return ends

    def behaviours(
        self,
        candidates: Sequence[Candidate],
        tests: Sequence[str],
        *,
        inputs: int = 200,
        seed: int = 0,
        seconds: float = 20.0,
    ) -> Behaviour:
        """Which candidates do the same on at least ``inputs`` inputs made from the calls that ``tests`` make.

        Fewer where no more could be made within ``seconds``; candidates that cannot be compared are alone.
        """
        job = {
            "do": "behaviours",
            "candidates": [{"edits": self._edits(candidate)} for candidate in candidates],
            "tests": list(tests),
            "inputs": inputs,
            "seed": seed,
            "seconds": seconds,
            "limits": self._limits(max(1.0, seconds / 10)),
        }
        answer = self._answers(job, [{"n": 0}], time.monotonic() + 2 * seconds + MARGIN_S).get(0, {})
        if answer.get("state") != "recorded":
            return Behaviour(tuple((candidate,) for candidate in candidates), 0)
        try:
            told = dict(answer["told"]) | self._told_apart(candidates, answer, seconds)
            groups, compared, examples = grouped(len(candidates), told, answer["calls"])
        except _NONSENSE:
            return Behaviour(tuple((candidate,) for candidate in candidates), 0)
        return Behaviour(tuple(tuple(candidates[n] for n in group) for group in groups), compared, tuple(examples))

    def _told_apart(
        self, candidates: Sequence[Candidate], recorded: Mapping[str, Any], seconds: float
    ) -> dict[int, list[list[str]]]:
        """What those candidates do on the recorded inputs that have to be imported afresh."""
        common = {"do": "tell", "functions": recorded["functions"], "calls": recorded["portable"], "seconds": seconds}
        apart = recorded["apart"] if recorded["calls"] else []
        jobs = [{"n": number, "edits": self._edits(candidates[number])} for number in apart]
        answers = self._answers(common, jobs, time.monotonic() + 2 * seconds + MARGIN_S)
        return {number: answer["told"] for number, answer in answers.items() if answer["state"] == "told"}

    def _limits(self, cpu_s_per_test: float | Mapping[str, float]) -> dict[str, object]:
        each = {} if isinstance(cpu_s_per_test, int | float) else dict(cpu_s_per_test)
        most = self._settings.test_timeout_s
        default = float(cpu_s_per_test) if isinstance(cpu_s_per_test, int | float) else max(each.values(), default=most)
        return {"cpu": each, "cpu_s": default, "wall": self._wall_s, "wall_s": most}

    def _edits(self, candidate: Candidate) -> list[tuple[str, int, int, str]]:
        return [(edit.path, edit.start, edit.end, edit.replacement.decode("latin-1")) for edit in candidate.edits]

    def _answers(
        self, common: Mapping[str, Any], jobs: Sequence[Mapping[str, Any]], deadline: float | None
    ) -> dict[int, dict[str, Any]]:
        """Answers by number; ``common`` is what all jobs share, sent once. Where the server dies, the rest is asked for
        one by one: only who kills it loses."""
        answers: dict[int, dict[str, Any]] = {}
        batches = [list(jobs)]
        while batches:
            batch = batches.pop(0)
            seconds = _LONGEST_S if deadline is None else deadline - time.monotonic()
            if not batch or seconds <= 0:
                break
            if self._line is None:
                self._line = self._started()
            answers.update({answer["n"]: answer for answer in self._line.ask(common, batch, seconds)})
            if not self._line.is_alive:
                self.close()
                left = [job for job in batch if job["n"] not in answers]
                if len(batch) > 1:
                    batches = [[job] for job in left]
                elif left:
                    answers[left[0]["n"]] = {"state": "crash", "why": "it ended the whole server"}
        return answers

    def _apart(self, candidate: Candidate) -> TrialServer:
        """A server in which the candidate is the base: for changes of what pytest itself loads."""
        changed = candidate.applied_to(self._sources)
        return TrialServer(
            self._sandbox,
            self._interpreter,
            self._settings,
            {**self._sources, **changed},
            self._test_files,
            workers=1,
            base_overrides={**self._overrides, **changed},
        )

    def _started(self) -> ServerLine:
        command = Command(
            launch(self._interpreter.executable, "server"),
            timeout_s=_LONGEST_S,
            # What the warm process compiles, rewritten tests above all, the cold ones then find ready.
            env={"PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": ""},
            overrides=self._overrides,
            files={ZIP_NAME: packed()},
        )
        hello = {
            "arguments": ["-p", "no:cacheprovider", "--capture=sys", *self._settings.pytest_args],
            "test_files": list(self._test_files),
            "sources": {path: data.decode("latin-1") for path, data in self._sources.items()},
            "workers": self._workers,
            "startup_s": STARTUP_S,
            "memory_bytes": self._sandbox.settings.memory_mib * 1024 * 1024 // max(1, self._workers + 1),
        }
        return ServerLine(self._sandbox.start(command), hello)


_NONSENSE = (KeyError, TypeError, ValueError, IndexError, AttributeError)
"""What comes of reading an answer that a candidate wrote."""
_OUTCOMES = {outcome.value: outcome for outcome in Outcome}
_STATES = {state.value: state for state in VerdictState}


def _verdict(candidate: Candidate, answer: Mapping[str, Any] | None) -> Verdict:
    if answer is None or answer.get("state") == "late":
        return Verdict(candidate, VerdictState.TIMEOUT, "not judged: the time was over")
    try:
        return Verdict(
            candidate,
            _STATES.get(answer["state"], VerdictState.CRASH),
            answer["why"],
            _failure(answer.get("failure")),
            int(answer.get("tests_run", 0)),
            float(answer.get("cpu_s", 0.0)),
        )
    except _NONSENSE:
        return Verdict(candidate, VerdictState.CRASH, "it answered in the server's place, and nonsense")


def _failure(found: Mapping[str, Any] | None) -> Failure | None:
    if found is None:
        return None
    comparison = found["comparison"]
    return Failure(
        found["test"],
        found["phase"],
        found["exception"],
        found["message"],
        tuple(Frame(*frame) for frame in found["frames"]),
        Comparison(*comparison) if comparison else None,
        float(found["duration_s"]),
    )
