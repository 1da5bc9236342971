"""Reads from standard input what to run and under which limits, runs it, and writes to the status pipe how it ended.

A status is what `watch.Watcher` returns, or ``{"failed": text, "errno": number}`` where the sandbox could not be
built; the first one written counts. Both ways it is `marshal` between two processes of the same interpreter.
"""

from __future__ import annotations

import marshal
import os

from . import copy, kernel, payload, root, watch
from .task import Task, unpacked


def main() -> None:
    """Ends the process; one status was written."""
    with open(0, "rb", closefd=False) as description:
        task = unpacked(description.read())
    for handle in (task.lifeline_fd, task.status_fd, task.requests_fd, task.reports_fd):
        os.set_inheritable(handle, False)
    try:
        if task.level == "namespaces":
            _run_in_namespaces(task)
        if task.level == "inside":
            kernel.die_with_parent()  # bubblewrap; its own --die-with-parent would die with a thread of ours
        _run_and_watch(task)
    except OSError as error:
        _tell_failure(task, error)


def _tell_failure(task: Task, error: OSError) -> None:
    what = os.fsdecode(error.filename) if error.filename else "sandbox"
    _tell(task, {"failed": f"{what}: {error.strerror}", "errno": error.errno or 0})
    os._exit(1)


def _tell(task: Task, status: dict[str, object]) -> None:
    try:
        os.write(task.status_fd, marshal.dumps(status))
    except BrokenPipeError:
        os._exit(1)


def _run_in_namespaces(task: Task) -> None:
    """Forks the first process of new namespaces, which builds the root and comes back; waits for its end."""
    flags = kernel.NEWNS | kernel.NEWPID | kernel.NEWIPC | kernel.NEWUTS | kernel.NEWCGROUP
    if not task.network:
        flags |= kernel.NEWNET
    if task.own_user_namespace:
        _enter_user_namespace(flags)
    else:
        kernel.unshare(flags)
    first = os.fork()
    if first:
        for handle in (task.lifeline_fd, task.status_fd, task.requests_fd, task.reports_fd):
            os.close(handle)
        os.waitpid(first, 0)
        os._exit(0)
    kernel.die_with_parent()
    if not task.network:
        kernel.bring_loopback_up()
    root.build_root(task)
    if task.user != os.geteuid():
        payload.become_user(task)


def _enter_user_namespace(flags: int) -> None:
    """Enters new namespaces, every user keeping its number; only root may map others than itself."""
    uid, gid = os.geteuid(), os.getegid()
    if uid != 0:
        kernel.unshare(flags | kernel.NEWUSER)
        _write(b"/proc/self/setgroups", b"deny")
        _write(b"/proc/self/uid_map", b"%d %d 1" % (uid, uid))
        _write(b"/proc/self/gid_map", b"%d %d 1" % (gid, gid))
        return
    go_reader, go_writer = os.pipe()
    mapper = os.fork()
    if mapper == 0:
        os.close(go_writer)
        os._exit(0 if os.read(go_reader, 1) and _map_all_users(os.getppid()) else 1)
    kernel.unshare(flags | kernel.NEWUSER)
    os.write(go_writer, b"g")
    if os.waitpid(mapper, 0)[1] != 0:
        raise PermissionError(1, "root may not map users here", "user namespace")


def _map_all_users(pid: int) -> bool:
    """From outside the new namespace: the same users as here."""
    try:
        for name in (b"uid_map", b"gid_map"):
            with open(b"/proc/self/" + name, "rb") as file:
                extents = [line.split() for line in file]
            _write(b"/proc/%d/%s" % (pid, name), b"".join(b"%s %s %s\n" % (i, i, n) for i, _, n in extents))
    except OSError:
        return False
    return True


def _write(path: bytes, content: bytes) -> None:
    handle = os.open(path, os.O_WRONLY)
    try:
        os.write(handle, content)
    finally:
        os.close(handle)


def _run_and_watch(task: Task) -> None:
    kernel.be_deaf_to_interrupts()
    if os.getpid() != 1:
        kernel.adopt_orphans()
    if task.source:
        copy.copy_tree(task.source, task.project)
    if task.level == "none":
        _make_own_folders(task)
    payload.write_overrides(task.project, task.overrides)
    output_reader, output_writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            payload.become_command(task, output_writer)
        except OSError as error:
            _tell_failure(task, error)
    kernel.hide_memory()
    kernel.drop_capabilities()
    for handle in (output_writer, task.requests_fd, task.reports_fd):
        os.close(handle)
    status = watch.Watcher(child, output_reader, task).watch()
    if task.level == "none":
        _remove_copy(task)
    _tell(task, status)
    os._exit(0)


def _make_own_folders(task: Task) -> None:
    os.mkdir(task.home)
    os.mkdir(task.files_folder)
    for name, content in task.files.items():
        with open(os.path.join(task.files_folder, name), "wb") as file:
            file.write(content)


def _remove_copy(task: Task) -> None:
    """Here, since whoever started this may have been killed."""
    import shutil  # costs more than the rest of the start together

    shutil.rmtree(os.path.dirname(task.project), ignore_errors=True)
