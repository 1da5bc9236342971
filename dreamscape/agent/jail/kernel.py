"""What of Linux the standard library does not offer: namespaces, mounts, capabilities; failures raise OSError."""

from __future__ import annotations

import ctypes
import os

NEWNS = 0x00020000
NEWCGROUP = 0x02000000
NEWUTS = 0x04000000
NEWIPC = 0x08000000
NEWUSER = 0x10000000
NEWPID = 0x20000000
NEWNET = 0x40000000

SIGKILL = 9
READ_ONLY, NO_SUID, NO_DEV = 1, 2, 4
_BIND, _REC, _PRIVATE = 4096, 16384, 1 << 18
_DETACH = 2
_SIGINT, _SIGPIPE, _SIGXFSZ = 2, 13, 25
_AT_RECURSIVE, _AT_FDCWD = 0x8000, -100
_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_CAPBSET_DROP = 1, 4, 24
_PR_SET_CHILD_SUBREAPER, _PR_SET_NO_NEW_PRIVS, _PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL = 36, 38, 47, 4
_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER = 22, 2
_CAPABILITY_VERSION_3 = 0x20080522
_SYS_MOUNT_SETATTR = 442
_ADDR_NO_RANDOMIZE = 0x0040000
_SYS_KEYCTL = {"x86_64": 250, "aarch64": 219}
_KEYCTL_JOIN_SESSION_KEYRING = 1
_SIOCSIFFLAGS, _IFF_UP_RUNNING = 0x8914, 0x41
_AF_INET, _SOCK_DGRAM_CLOEXEC = 2, 2 | 0o2000000

_libc = ctypes.CDLL(None, use_errno=True)


class _MountAttr(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint64) for name in ("attr_set", "attr_clr", "propagation", "userns_fd")]


def _checked(result: int, what: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), what)
    return result


def unshare(flags: int) -> None:
    """Leaves the caller's namespaces for new ones."""
    _checked(_libc.unshare(flags), "unshare")


def make_mounts_private() -> None:
    """Nothing mounted from now on is seen outside."""
    _checked(_libc.mount(b"none", b"/", None, _REC | _PRIVATE, None), "mount --make-rprivate /")


def mount(kind: bytes, target: bytes, options: bytes = b"", flags: int = NO_SUID | NO_DEV) -> None:
    """Mounts a new file system of this kind."""
    _checked(_libc.mount(kind, target, kind, flags, options), f"mount {kind.decode()} on {os.fsdecode(target)}")


def bind(source: bytes, target: bytes) -> None:
    """Shows a folder or file, with all mounted below it, in a second place."""
    _checked(_libc.mount(source, target, None, _BIND | _REC, None), f"bind {os.fsdecode(source)}")


def restrict(target: bytes, attributes: int, *, below: bool) -> None:
    """Takes abilities away from a mount, and with ``below`` from all under it (Linux 5.12)."""
    wanted = _MountAttr(attr_set=attributes)
    size = ctypes.c_size_t(ctypes.sizeof(wanted))
    flags = _AT_RECURSIVE if below else 0
    result = _libc.syscall(_SYS_MOUNT_SETATTR, _AT_FDCWD, target, flags, ctypes.byref(wanted), size)
    _checked(result, f"mount_setattr {os.fsdecode(target)}")


def pivot_root(new_root: bytes, old_root: bytes) -> None:
    """Makes a mount the root and puts the present root at ``old_root``."""
    _checked(_libc.pivot_root(new_root, old_root), "pivot_root")


def detach(target: bytes) -> None:
    """Takes a mount and all below it out of sight."""
    _checked(_libc.umount2(target, _DETACH), "umount")


def bring_loopback_up() -> None:
    """Lets processes of a new network namespace talk to each other over 127.0.0.1 and ::1."""
    handle = _checked(_libc.socket(_AF_INET, _SOCK_DGRAM_CLOEXEC, 0), "socket")
    request = b"lo".ljust(16, b"\0") + _IFF_UP_RUNNING.to_bytes(2, "little") + bytes(22)
    try:
        _checked(_libc.ioctl(handle, _SIOCSIFFLAGS, ctypes.create_string_buffer(request)), "loopback")
    finally:
        os.close(handle)


def die_with_parent() -> None:
    """Has the kernel kill this process when its parent is gone."""
    _checked(_libc.prctl(_PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0), "prctl PDEATHSIG")


def be_deaf_to_interrupts() -> None:
    """Takes Python's own handler away: the first process of a namespace hears only signals it has a handler for."""
    _libc.signal(_SIGINT, None)


def hear_all_signals() -> None:
    """Undoes what Python ignores for itself, which a program started from here would inherit."""
    for number in (_SIGPIPE, _SIGXFSZ):
        _libc.signal(number, None)


def release() -> tuple[int, ...]:
    """The kernel's version, as (6, 14)."""
    return tuple(int(part) for part in os.uname().release.split("-", 1)[0].split(".")[:2])


def adopt_orphans() -> None:
    """Makes every orphan among the descendants a child of this process."""
    _checked(_libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), "prctl CHILD_SUBREAPER")


def hide_memory() -> None:
    """Forbids processes of the same user to trace this one or to read it under /proc."""
    _checked(_libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0), "prctl DUMPABLE")


def forbid_new_privileges() -> None:
    """No program started from here gains anything by a set-user-ID bit or file capabilities."""
    _checked(_libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl NO_NEW_PRIVS")


def drop_capabilities() -> None:
    """Gives up every capability for good; a process without any may call it too."""
    _libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
    drop_bounding_set()
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    _checked(_libc.capset(header, (ctypes.c_uint32 * 6)()), "capset")


def filter_calls(program: object) -> None:
    """Installs a seccomp filter, a pointer to a ``sock_fprog``."""
    _checked(_libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, program, 0, 0), "prctl SECCOMP")


def drop_bounding_set() -> None:
    """No program can bring capabilities back; needs some itself, and does nothing without."""
    for capability in range(64):
        if _libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0) < 0:
            break


def fix_addresses() -> None:
    """Lays memory out alike in every process from the next execve on (personality(2), ADDR_NO_RANDOMIZE): what hashes
    by address, ``None`` before Python 3.12 among it, then orders
    its sets alike in each run. Refused in some containers."""
    _libc.personality(_ADDR_NO_RANDOMIZE)


def leave_keyring() -> None:
    """Starts an empty session keyring, so that the user's kernel keys are out of reach."""
    number = _SYS_KEYCTL.get(os.uname().machine)
    if number is not None:
        _libc.syscall(number, _KEYCTL_JOIN_SESSION_KEYRING, None)
