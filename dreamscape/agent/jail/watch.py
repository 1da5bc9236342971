"""Holds a running command to its limits: time, memory, processes and output of all it started, taken together."""

from __future__ import annotations

import os
import select
import time

from .kernel import SIGKILL
from .task import Task

_TICK_S = 0.05
_TAIL_BYTES = 64 * 1024
_PAGE = os.sysconf("SC_PAGE_SIZE")


class Watcher:
    """Watches one child and everything below it until one reason to end comes up."""

    def __init__(self, child: int, output: int, task: Task) -> None:
        self._child = child
        self._output = output
        self._task = task
        self._started = time.monotonic()
        self._exit_code: int | None = None
        self._printed = 0
        self._tail = b""
        self._ask_again = self._started

    def watch(self) -> dict[str, object]:
        """Returns why it ended (a word of `RunEnd`), exit code, seconds and the end of what was printed."""
        poll = select.poll()
        os.set_blocking(self._output, False)
        for handle in (self._output, self._task.lifeline_fd, os.pidfd_open(self._child)):
            poll.register(handle, select.POLLIN)
        end, next_tick = "", self._started
        while not end:
            ready = {handle for handle, _ in poll.poll(1000 * max(0.0, next_tick - time.monotonic()))}
            if self._output in ready and not self._drain():
                poll.unregister(self._output)
            self._reap()
            end = self._end(lost=self._task.lifeline_fd in ready)
            if not end and time.monotonic() >= next_tick:
                end = self._end_by_use()
                next_tick = time.monotonic() + _TICK_S
        self._kill_all()
        self._drain()
        return {
            "end": end,
            "exit_code": self._exit_code if end == "exited" else None,
            "seconds": time.monotonic() - self._started,
            "tail": self._tail,
        }

    def _drain(self) -> bool:
        """Reads what was printed; False at the end of it."""
        for _ in range(16):
            try:
                data = os.read(self._output, 65536)
            except BlockingIOError:
                return True
            if not data:
                return False
            self._printed += len(data)
            self._tail = (self._tail + data)[-_TAIL_BYTES:]
        return True

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if pid == self._child:
                self._exit_code = os.waitstatus_to_exitcode(status)

    def _end(self, lost: bool) -> str:
        if self._exit_code is not None:
            self._drain()
        if self._printed > self._task.output_bytes:
            return "output"
        if self._exit_code is not None:
            return "exited"
        if lost:
            return "killed"
        if time.monotonic() - self._started >= self._task.timeout_s:
            return "timeout"
        return ""

    def _end_by_use(self) -> str:
        pids = self._pids()
        if len(pids) > self._task.processes:
            return "processes"
        limit = self._task.memory_bytes
        # Forked processes share pages, which the cheap sum counts once for each: ask exactly only where it is over.
        if sum(map(_resident_bytes, pids)) > limit and self._exact_bytes(pids) > limit:
            return "memory"
        return ""

    def _exact_bytes(self, pids: list[int]) -> int:
        """Memory in use; 0 as long as asking again would take more than a tenth of a processor's time."""
        asked = time.monotonic()
        if asked < self._ask_again:
            return 0
        total = sum(map(_proportional_bytes, pids))
        now = time.monotonic()
        self._ask_again = now + 10 * (now - asked)
        return total

    def _pids(self) -> list[int]:
        """All processes that the command started, directly or not."""
        if os.getpid() == 1:
            return [pid for pid in _all_pids() if pid != 1]
        return _descendants(os.getpid())

    def _kill_all(self) -> None:
        """Kills until nothing is left; what a dying process starts meanwhile is found the next time round."""
        while pids := self._pids():
            for pid in pids:
                try:
                    os.kill(pid, SIGKILL)
                except ProcessLookupError:
                    continue
            self._reap()
            time.sleep(0.001)


def _all_pids() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def _descendants(ancestor: int) -> list[int]:
    found, waiting = [], _children(ancestor)
    while waiting:
        pid = waiting.pop()
        found.append(pid)
        waiting += _children(pid)
    return found


def _children(pid: int) -> list[int]:
    """From the kernel's own lists where it keeps them, else by looking at every process of the machine."""
    try:
        lists = [f"/proc/{pid}/task/{thread}/children" for thread in os.listdir(f"/proc/{pid}/task")]
    except OSError:
        return []
    if not os.path.exists(f"/proc/self/task/{os.getpid()}/children"):
        return [other for other in _all_pids() if _parent(other) == pid]
    return [int(child) for name in lists for child in _words(name)]


def _words(path: str) -> list[bytes]:
    try:
        with open(path, "rb") as file:
            return file.read().split()
    except OSError:
        return []


def _parent(pid: int) -> int:
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return int(file.read().rpartition(b")")[2].split()[1])
    except OSError:
        return 0


def _resident_bytes(pid: int) -> int:
    try:
        with open(f"/proc/{pid}/statm", "rb") as file:
            return int(file.read().split()[1]) * _PAGE
    except OSError:
        return 0


def _proportional_bytes(pid: int) -> int:
    """Memory of a process with what it shares divided among those who share it; resident where that is not told."""
    try:
        with open(f"/proc/{pid}/smaps_rollup", "rb") as file:
            line = next(line for line in file if line.startswith(b"Pss:"))
    except (OSError, StopIteration):
        return _resident_bytes(pid)
    return int(line.split()[1]) * 1024
