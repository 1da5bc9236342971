"""The command's side: what the project's files are to be, then no powers left, then the command itself."""

from __future__ import annotations

import errno
import os
import resource
import stat

from . import filter, kernel
from .task import Task

_OPEN_FILES = 4096


def write_overrides(project: bytes, overrides: dict[bytes, bytes | None]) -> None:
    """Gives files of the project other contents, or takes them away (None), with what was compiled from them."""
    real_project = os.path.realpath(project)
    for name, content in overrides.items():
        path = os.path.join(project, name)
        folder = os.path.realpath(os.path.dirname(path))
        if folder != real_project and not folder.startswith(real_project + b"/"):
            raise PermissionError(errno.EPERM, "a link on its way leads out of the project", path)
        mode = _take_away(path)
        _forget_compiled(path)
        if content is not None:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "xb") as file:
                file.write(content)
            os.chmod(path, mode)


def _take_away(path: bytes) -> int:
    """Removes whatever is there; returns the mode a new file should have."""
    try:
        mode = os.lstat(path).st_mode
    except (FileNotFoundError, NotADirectoryError):
        return 0o644
    if stat.S_ISDIR(mode):
        import shutil  # costs more than the rest of the start together, and is rarely needed

        shutil.rmtree(path)
        return 0o644
    os.unlink(path)
    return stat.S_IMODE(mode) if stat.S_ISREG(mode) else 0o644


def _forget_compiled(path: bytes) -> None:
    folder, name = os.path.split(path)
    if name.endswith(b".py"):
        cache = os.path.join(folder, b"__pycache__")
        compiled = os.listdir(cache) if os.path.isdir(cache) else []
        for stale in compiled:
            if stale.startswith(name[:-2]) and stale.endswith(b".pyc"):
                os.unlink(os.path.join(cache, stale))


def become_user(task: Task) -> None:
    """Goes on as the project's owner, the watcher with it, which could not end another user's processes."""
    kernel.drop_bounding_set()
    os.setgroups([])
    os.setgid(task.group)
    os.setuid(task.user)
    kernel.die_with_parent()


def become_command(task: Task, output: int) -> None:
    """Never returns: replaces this process by the command. Raises OSError where that is impossible."""
    os.setsid()
    os.dup2(os.open(b"/dev/null", os.O_RDONLY), 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.chdir(os.path.join(task.project, task.cwd))
    _die_first_when_memory_is_short()
    _set_limits(task)
    kernel.leave_keyring()
    kernel.fix_addresses()
    kernel.drop_capabilities()
    kernel.forbid_new_privileges()
    if task.level != "none":
        filter.install_filter(network=task.network)
    kernel.hear_all_signals()
    for kept in (task.requests_fd, task.reports_fd):
        os.set_inheritable(kept, True)
    os.execve(task.argv[0], task.argv, task.env)


def _die_first_when_memory_is_short() -> None:
    try:
        with open("/proc/self/oom_score_adj", "w") as score:
            score.write("1000")
    except OSError:
        pass


def _set_limits(task: Task) -> None:
    wanted = {
        resource.RLIMIT_AS: task.memory_bytes,
        resource.RLIMIT_FSIZE: task.disk_bytes,
        resource.RLIMIT_NOFILE: _OPEN_FILES,
        resource.RLIMIT_CORE: 0,
    }
    if task.own_user_namespace and task.level != "none" and kernel.release() >= (5, 14):
        # Before, all processes of the user on this machine counted. For root it does not bind at all.
        wanted[resource.RLIMIT_NPROC] = task.tasks
    for which, limit in wanted.items():
        allowed = resource.getrlimit(which)[1]
        limit = limit if allowed == resource.RLIM_INFINITY else min(limit, allowed)
        resource.setrlimit(which, (limit, limit))
