"""What a sandbox is asked to do, as it travels from `agent.sandbox` to the launcher."""

from __future__ import annotations

import marshal


class Task:
    """One command with its surroundings and limits.

    ``level`` is namespaces (build the root here), inside (a root was built by bubblewrap) or none; ``source``, where
    not empty, is a tree to be copied to ``project`` first; ``overrides`` maps project-relative paths to contents or
    None; ``hidden`` folders become empty; ``readable`` paths are shown where those would hide them; ``masked`` sockets,
    files and folders are covered; ``mounted`` folders of the project are other file systems, ``uncopied`` ones are only
    read where the project has to be copied; ``user`` and ``group`` are who the command is; the four ``_fd`` are
    inherited file descriptors: the command's two channels, the pipe whose end means that nobody waits any more, and
    where the status goes.
    Not a dataclass: importing what makes one takes longer than starting the interpreter.
    """

    level: str
    own_user_namespace: bool
    network: bool
    argv: list[bytes]
    env: dict[bytes, bytes]
    source: bytes
    project: bytes
    cwd: bytes
    home: bytes
    overrides: dict[bytes, bytes | None]
    files: dict[bytes, bytes]
    files_folder: bytes
    hidden: list[bytes]
    readable: list[bytes]
    masked: list[bytes]
    mounted: list[bytes]
    uncopied: list[bytes]
    user: int
    group: int
    timeout_s: float
    memory_bytes: int
    disk_bytes: int
    output_bytes: int
    processes: int
    requests_fd: int
    reports_fd: int
    lifeline_fd: int
    status_fd: int

    def __init__(self, **values: object) -> None:
        missing = set(Task.__annotations__) ^ set(values)
        if missing:
            raise TypeError(f"a task has exactly its fields, not: {sorted(missing)}")
        self.__dict__.update(values)

    @property
    def tasks(self) -> int:
        """Processes and threads the kernel lets live at once, where it can be told; it takes no pid_max below 301."""
        return 300 + self.processes

    def packed(self) -> bytes:
        """The task for another process of the same interpreter; `unpacked` reads it."""
        return marshal.dumps(self.__dict__)


def unpacked(data: bytes) -> Task:
    """Raises what `marshal` does where the data is not a task."""
    return Task(**marshal.loads(data))
