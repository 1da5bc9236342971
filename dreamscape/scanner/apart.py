"""Tasks go in, their answers come out of processes of their own: what dies or never ends there does so alone."""

from __future__ import annotations

import gc
import os
import select
import signal
import struct
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import NoReturn

from dreamscape.tools.interrupts import ENDING, interrupts_held_back

LONGEST_S = 10
"""CPU seconds for one source (chosen): ten times what honest code of the largest size takes."""

Task = tuple[int, int]
"""Whatever two numbers mean to those who give it."""
_TASK = struct.Struct("=II")
_LENGTH = struct.Struct("=Q")


@dataclass(slots=True)
class _Worker:
    pid: int
    tasks: int
    answers: int
    task: Task | None = None


class Workers:
    """Copies of this process that do what ``work`` does. Use as a context: none of them outlives it."""

    def __init__(self, work: Callable[[Task], bytes]) -> None:
        self._work = work
        self._workers: dict[int, _Worker] = {}
        self._answering = select.poll()

    def __enter__(self) -> Workers:
        return self

    def give(self, task: Task) -> None:
        """Gives the task to one that has nothing to do, or to a new one. Raises OSError where none can be started."""
        worker = next((each for each in self._workers.values() if each.task is None), None) or self._new()
        worker.task = task
        with suppress(BrokenPipeError):  # where it was killed meanwhile, its end will tell
            os.write(worker.tasks, _TASK.pack(*task))

    def next_done(self) -> tuple[Task, bytes, str]:
        """Waits for any of the tasks given: which it is, its answer, and "" or why there is none."""
        while True:
            for stream, _ in self._answering.poll():
                worker = self._workers[stream]
                answer = _answer_from(stream)
                task, worker.task = worker.task, None
                why = "" if answer is not None else self._ended(worker)
                if task is not None:
                    return task, answer or b"", why

    def __exit__(self, *_: object) -> None:
        with interrupts_held_back():
            for worker in list(self._workers.values()):
                with suppress(ProcessLookupError):
                    os.kill(worker.pid, signal.SIGKILL)
                self._ended(worker)

    def _new(self) -> _Worker:
        told, tasks = os.pipe()
        answers, said = os.pipe()
        with interrupts_held_back():
            try:
                pid = os.fork()
            except OSError:
                for stream in (told, tasks, answers, said):
                    os.close(stream)
                raise
            if pid == 0:
                ours = [stream for each in self._workers.values() for stream in (each.tasks, each.answers)]
                _serve(self._work, told, said, (tasks, answers, *ours))
            worker = self._workers[answers] = _Worker(pid, tasks, answers)
        os.close(told)
        os.close(said)
        self._answering.register(answers, select.POLLIN)
        return worker

    def _ended(self, worker: _Worker) -> str:
        """Forgets one that has ended; why it could not answer."""
        with interrupts_held_back():
            self._answering.unregister(worker.answers)
            del self._workers[worker.answers]
            os.close(worker.tasks)
            os.close(worker.answers)
            _, status = os.waitpid(worker.pid, 0)
        if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGXCPU:
            return f"takes longer than {LONGEST_S} s to parse"
        return "is too much for the parser"


def allow_time() -> None:
    """Lets this process work for another ``LONGEST_S`` of CPU time, until it is killed."""
    import resource

    _, most = resource.getrlimit(resource.RLIMIT_CPU)
    end = int(time.process_time()) + 1 + LONGEST_S
    resource.setrlimit(resource.RLIMIT_CPU, (end if most == resource.RLIM_INFINITY else min(end, most), most))


def _serve(work: Callable[[Task], bytes], tasks: int, answers: int, not_ours: Iterable[int]) -> NoReturn:
    """Works until no task comes any more, or nobody is left to answer. What else the parent had open or buffered is
    not the child's to close."""
    try:
        for stream in not_ours:
            os.close(stream)
        for number in ENDING:
            signal.signal(number, signal.SIG_DFL)
        gc.disable()  # trees hold no circles, and looking for some would copy all that is shared with the parent
        with open(answers, "wb") as sink:
            while task := os.read(tasks, _TASK.size):
                answer = work(_TASK.unpack(task))
                sink.write(_LENGTH.pack(len(answer)) + answer)
                sink.flush()
    finally:
        os._exit(1)


def _answer_from(stream: int) -> bytes | None:
    """One whole answer; None where its process ended before."""
    head = _read(stream, _LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(head)
    answer = _read(stream, length)
    return answer if len(answer) == length else None


def _read(stream: int, length: int) -> bytes:
    """So many bytes, or as many as come."""
    parts = []
    while length and (part := os.read(stream, length)):
        parts.append(part)
        length -= len(part)
    return b"".join(parts)
