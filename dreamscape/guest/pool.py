"""Forked children that work off jobs: as many at once as told, each replaced when it dies, hangs or retires."""

from __future__ import annotations

import json
import mmap
import os
import select
import signal
import socket
import struct
import time
from typing import Any, Dict, Iterator, List, Optional, Sequence, Tuple, Union

Job = Dict[str, Any]
Answer = Union[Dict[str, Any], str]

_CELL = struct.Struct("d")


class Child(BaseException):
    """Raised in a new child, to unwind to whoever knows what the child is to do.

    ``channel`` leads to the pool; ``watch`` is a `Watch` by which the child says how long it may stay silent.
    """

    def __init__(self, channel: Channel, watch: Optional[Watch]) -> None:
        BaseException.__init__(self)
        self.channel = channel
        self.watch = watch


class Watch:
    """A place in shared memory that holds when the pool shall kill the child that owns it; 0 means never."""

    def __init__(self, memory: mmap.mmap, offset: int) -> None:
        self.memory = memory
        self.offset = offset

    def allow(self, seconds: float) -> None:
        _CELL.pack_into(self.memory, self.offset, time.monotonic() + seconds)

    def rest(self) -> None:
        _CELL.pack_into(self.memory, self.offset, 0.0)

    def is_over(self) -> bool:
        until: float = _CELL.unpack_from(self.memory, self.offset)[0]
        return 0.0 < until < time.monotonic()


class Channel:
    """JSON lines over a socket."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.buffer = b""

    def send(self, message: Any) -> None:
        self.sock.sendall(json.dumps(message).encode("ascii") + b"\n")

    def receive(self) -> Any:
        """The next message, waiting for it; None when the other end is gone."""
        while b"\n" not in self.buffer:
            if not self._read():
                return None
        line, self.buffer = self.buffer.split(b"\n", 1)
        return json.loads(line.decode("ascii"))

    def received(self) -> Tuple[List[Any], bool]:
        """All messages (dicts) that are here, and whether the other end still is; call it when the socket is readable.

        Who says anything else is as good as gone: a candidate can write here, too.
        """
        is_open = self._read()
        lines = self.buffer.split(b"\n")
        self.buffer = lines.pop()
        messages: List[Any] = []
        for line in lines:
            try:
                message = json.loads(line.decode("ascii"))
            except (ValueError, RecursionError):
                return messages, False
            if not isinstance(message, dict):
                return messages, False
            messages.append(message)
        return messages, is_open

    def close(self) -> None:
        self.sock.close()

    def _read(self) -> bool:
        try:
            data = self.sock.recv(1 << 16)
        except (ConnectionError, OSError):
            return False
        self.buffer += data
        return bool(data)


class _Worker:
    def __init__(self, pid: int, channel: Channel, watch: Watch) -> None:
        self.pid = pid
        self.channel = channel
        self.watch = watch
        self.jobs: List[Job] = []
        self.answered: Optional[int] = None


class Pool:
    """Runs jobs (dicts) in children; a child answers each job it is sent with one dict, in order.

    An answer with ``"retire": True`` ends its child; the jobs it has not answered go to another.
    """

    def __init__(self, size: int, chunk: int, silent_s: float) -> None:
        self.size = size
        self.chunk = chunk
        self.silent_s = silent_s
        self.memory = mmap.mmap(-1, _CELL.size * size)
        self.workers: Dict[int, _Worker] = {}

    def run(self, jobs: Sequence[Job], deadline: float) -> Iterator[Tuple[Job, Answer]]:
        """Yields (job, answer) as they come; the answer is a dict, or "timeout" or "crash" where the child was lost,
        or "late" for the jobs that were not begun at ``deadline`` (monotonic)."""
        waiting = list(reversed(jobs))
        try:
            while waiting or any(worker.jobs for worker in self.workers.values()):
                if time.monotonic() > deadline:
                    yield from self._late(waiting)
                    return
                self._feed(waiting)
                yield from self._hear(waiting)
        finally:
            self.close()

    def close(self) -> None:
        for slot in list(self.workers):
            self._end(slot)

    def _late(self, waiting: List[Job]) -> List[Tuple[Job, Answer]]:
        for worker in self.workers.values():
            waiting.extend(worker.jobs)
            worker.jobs = []
        return [(job, "late") for job in waiting]

    def _feed(self, waiting: List[Job]) -> None:
        for slot in range(self.size):
            if not waiting:
                return
            if slot not in self.workers:
                self.workers[slot] = self._start(slot)
            worker = self.workers[slot]
            if not worker.jobs:
                share = max(1, min(self.chunk, len(waiting) // self.size))
                worker.jobs = [waiting.pop() for _ in range(share)]
                worker.watch.allow(self.silent_s)
                try:
                    worker.channel.send(worker.jobs)
                except OSError:
                    pass

    def _hear(self, waiting: List[Job]) -> Iterator[Tuple[Job, Answer]]:
        readable = select.select([worker.channel.sock for worker in self.workers.values()], [], [], 0.05)[0]
        for slot, worker in list(self.workers.items()):
            is_over = worker.watch.is_over()
            if worker.channel.sock not in readable and not is_over:
                continue
            answers, is_open = worker.channel.received() if worker.channel.sock in readable else ([], True)
            retires = False
            for answer in answers:
                if not worker.jobs or answer.get("n", worker.jobs[0].get("n")) != worker.jobs[0].get("n"):
                    # A candidate spoke in between. Where it had its answer before, the present one is not to blame.
                    retires, is_open = worker.answered == answer.get("n"), False
                    break
                worker.answered = worker.jobs[0].get("n")
                retires = retires or bool(answer.get("retire"))
                yield worker.jobs.pop(0), answer
            if not is_open or is_over or retires:
                self._end(slot)
                left = worker.jobs
                if left and not retires:
                    yield left.pop(0), ("timeout" if is_over else "crash")
                waiting.extend(reversed(left))

    def _start(self, slot: int) -> _Worker:
        ours, theirs = socket.socketpair()
        watch = Watch(self.memory, slot * _CELL.size)
        watch.rest()
        pid = os.fork()
        if pid == 0:
            ours.close()
            for worker in self.workers.values():
                worker.channel.close()
            self.workers = {}
            os.setpgid(0, 0)
            raise Child(Channel(theirs), watch)
        theirs.close()
        return _Worker(pid, Channel(ours), watch)

    def _end(self, slot: int) -> None:
        worker = self.workers.pop(slot)
        worker.channel.close()
        kill(worker.pid)


def kill(pid: int) -> None:
    """Ends a child of ours and its process group for good, and waits for it."""
    for end in (os.killpg, os.kill):
        try:
            end(pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            pass
    try:
        os.waitpid(pid, 0)
    except ChildProcessError:
        pass
