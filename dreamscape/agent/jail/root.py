"""Builds the file system a sandboxed command sees, in a mount namespace that is already the caller's own.

The host's tree becomes read-only; places that hold secrets or sockets become fresh and empty; over the project's own
path lies an overlay whose upper layer lives in memory, so that writes are seen by the command and by nobody else.
"""

from __future__ import annotations

import os
import stat

from . import kernel
from .copy import copy_tree
from .task import Task

_DEVICES = (b"null", b"zero", b"full", b"random", b"urandom", b"tty")
_LINKS = ((b"fd", b"/proc/self/fd"), (b"stdin", b"fd/0"), (b"stdout", b"fd/1"), (b"stderr", b"fd/2"))
_INODES = 400_000
"""Files a sandbox may make; chosen: each costs the kernel about 1 KiB, so this is at most 400 MiB."""


def build_root(task: Task) -> None:
    """Leaves the caller in the finished root, its current folder the project's."""
    umask = os.umask(0o022)
    kernel.make_mounts_private()
    _start_on_scratch(task.disk_bytes)
    kernel.bind(b"/old", b"/new")
    kernel.restrict(b"/new", kernel.READ_ONLY | kernel.NO_SUID | kernel.NO_DEV, below=True)
    places = [place for place in task.hidden if os.path.isdir(b"/old" + place)]
    for place in places:
        _fresh(place, 0o1777 if place.endswith(b"tmp") else 0o755)
    for path in task.readable:
        if _lies_under(path, places):
            _show(path)
    _make_devices()
    _make_proc(task)
    _show_project(task)
    _hand_in_files(task.files_folder, task.files)
    os.makedirs(b"/new" + task.home, 0o700)
    os.chown(b"/new" + task.home, task.user, task.group)
    _leave_old_root()
    os.chdir(task.project)
    for path in task.masked:
        _mask(path)
    os.umask(umask)


def _start_on_scratch(size: int) -> None:
    """Makes a bounded file system in memory the root; the host's tree is then under /old."""
    base = next(place for place in (b"/tmp", b"/run", b"/var", b"/usr") if os.path.isdir(place))
    kernel.mount(b"tmpfs", base, b"mode=755,size=%d,nr_inodes=%d" % (size, _INODES))
    os.chdir(base)
    for name in (b"old", b"new", b"fresh", b"upper", b"work"):
        os.mkdir(name, 0o755)
    kernel.pivot_root(b".", b"old")
    os.chdir(b"/")


def _lies_under(path: bytes, places: list[bytes]) -> bool:
    return any(path == place or path.startswith(place + b"/") for place in places)


def _fresh(place: bytes, mode: int) -> None:
    """Covers a place of the host by an empty folder."""
    folder = b"/fresh/%d" % len(os.listdir(b"/fresh"))
    os.mkdir(folder)
    os.chmod(folder, mode)
    _make_folders(place)
    kernel.bind(folder, b"/new" + place)


def _show(path: bytes) -> None:
    """Lets a folder, file or link of the host be read where a fresh place would hide it."""
    source, target = b"/old" + path, b"/new" + path
    if os.path.lexists(target) or not os.path.lexists(source):
        return
    _make_folders(os.path.dirname(path))
    if os.path.islink(source):
        os.symlink(os.readlink(source), target)
        return
    if os.path.isdir(source):
        os.mkdir(target)
    else:
        _touch(target)
    kernel.bind(source, target)
    kernel.restrict(target, kernel.READ_ONLY | kernel.NO_SUID | kernel.NO_DEV, below=True)


def _make_folders(path: bytes) -> None:
    if not os.path.isdir(b"/new" + path):
        os.makedirs(b"/new" + path, 0o755, exist_ok=True)


def _touch(path: bytes) -> None:
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o644))


def _make_devices() -> None:
    _fresh(b"/dev", 0o755)
    for name in _DEVICES:
        _touch(b"/new/dev/" + name)
        kernel.bind(b"/old/dev/" + name, b"/new/dev/" + name)
    for name, goal in _LINKS:
        os.symlink(goal, b"/new/dev/" + name)
    os.mkdir(b"/new/dev/shm")
    _fresh(b"/dev/shm", 0o1777)
    os.mkdir(b"/new/dev/pts")
    kernel.mount(b"devpts", b"/new/dev/pts", b"newinstance,ptmxmode=0666,mode=620", kernel.NO_SUID)
    os.symlink(b"pts/ptmx", b"/new/dev/ptmx")
    kernel.restrict(b"/new/dev", kernel.READ_ONLY, below=False)


def _make_proc(task: Task) -> None:
    """A /proc of the new process namespace in which no kernel setting can be written."""
    kernel.mount(b"proc", b"/new/proc")
    _write_setting(b"kernel/pid_max", task.tasks)
    _write_setting(b"kernel/shmall", task.memory_bytes // os.sysconf("SC_PAGE_SIZE"))
    if task.own_user_namespace:
        # A user namespace inside would give its maker the power to mount a second, writable /proc.
        _write_setting(b"user/max_user_namespaces", 0)
    for name in os.listdir(b"/new/proc"):
        entry = b"/new/proc/" + name
        mode = os.lstat(entry).st_mode
        if not name.isdigit() and (stat.S_ISDIR(mode) or (stat.S_ISREG(mode) and mode & 0o222)):
            kernel.bind(entry, entry)
            kernel.restrict(entry, kernel.READ_ONLY, below=True)


def _write_setting(name: bytes, value: int) -> None:
    """Best effort: pid_max belongs to the namespace only from Linux 6.14 on, else this is refused or harmful."""
    if name == b"kernel/pid_max" and kernel.release() < (6, 14):
        return
    try:
        with open(b"/new/proc/sys/" + name, "w") as setting:
            setting.write(str(value))
    except OSError:
        pass


def _show_project(task: Task) -> None:
    """Over its own path, writable: by an overlay, else as a copy; what is mounted inside it stays to be read."""
    _make_folders(task.project)
    in_place = task.mounted
    try:
        _lay_overlay(task)
    except OSError:
        _fresh(task.project, 0o755)
        os.chown(b"/new" + task.project, task.user, task.group)
        in_place = [*in_place, *task.uncopied]
        for path in in_place:
            _make_folders(path)
        copy_tree(b"/old" + task.project, b"/new" + task.project)
    for path in in_place:
        kernel.bind(b"/old" + path, b"/new" + path)
        kernel.restrict(b"/new" + path, kernel.READ_ONLY | kernel.NO_SUID | kernel.NO_DEV, below=True)


def _lay_overlay(task: Task) -> None:
    was = os.stat(b"/old" + task.project)
    os.chmod(b"/upper", stat.S_IMODE(was.st_mode))
    os.chown(b"/upper", was.st_uid, was.st_gid)
    os.chdir(b"/old" + task.project)
    options = b"lowerdir=.,upperdir=/upper,workdir=/work" + (b",userxattr" if task.own_user_namespace else b"")
    try:
        kernel.mount(b"overlay", b"/new" + task.project, options)
    finally:
        os.chdir(b"/")


def _hand_in_files(folder: bytes, files: dict[bytes, bytes]) -> None:
    os.makedirs(b"/new" + folder)
    for name, content in files.items():
        with open(b"/new" + folder + b"/" + name, "wb") as file:
            file.write(content)
    kernel.bind(b"/new" + folder, b"/new" + folder)
    kernel.restrict(b"/new" + folder, kernel.READ_ONLY | kernel.NO_SUID | kernel.NO_DEV, below=True)


def _leave_old_root() -> None:
    os.chdir(b"/new")
    kernel.pivot_root(b".", b".")
    kernel.detach(b".")
    os.chdir(b"/")


def _mask(path: bytes) -> None:
    """Covers a socket, file or folder of the host that nothing inside may reach."""
    try:
        mode = os.lstat(path).st_mode
    except OSError:
        return
    if stat.S_ISSOCK(mode) or stat.S_ISREG(mode):
        kernel.bind(b"/dev/null", path)
    elif stat.S_ISDIR(mode):
        kernel.mount(b"tmpfs", path, b"mode=755,size=4096", kernel.NO_SUID | kernel.NO_DEV | kernel.READ_ONLY)
