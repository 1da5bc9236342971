"""A seccomp filter against what namespaces do not confine.

Sockets that belong to no network namespace (a virtual machine's line to its host), user namespaces, which would give
their maker powers again, memory that counts for no process, kernel interfaces no test suite needs and which were the
door of many escapes. On processors whose numbers are not listed nothing is filtered.
"""

from __future__ import annotations

import ctypes
import errno
import os

from . import kernel

_AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_NUMBERS = {
    "x86_64": {
        "socket": 41,
        "clone": 56,
        "add_key": 248,
        "request_key": 249,
        "keyctl": 250,
        "unshare": 272,
        "perf_event_open": 298,
        "memfd_create": 319,
        "bpf": 321,
        "userfaultfd": 323,
    },
    "aarch64": {
        "socket": 198,
        "clone": 220,
        "add_key": 217,
        "request_key": 218,
        "keyctl": 219,
        "unshare": 97,
        "perf_event_open": 241,
        "memfd_create": 279,
        "bpf": 280,
        "userfaultfd": 282,
    },
}
_EVERYWHERE = {"io_uring_setup": 425, "clone3": 435, "memfd_secret": 447}
_REFUSED = {
    "add_key": errno.EPERM,
    "request_key": errno.EPERM,
    "keyctl": errno.EPERM,
    "bpf": errno.EPERM,
    "perf_event_open": errno.EPERM,
    "userfaultfd": errno.ENOSYS,
    "memfd_create": errno.ENOSYS,
    "memfd_secret": errno.ENOSYS,
    "io_uring_setup": errno.ENOSYS,
    # Its flags lie in memory, where no filter can look; the C library then uses clone, whose flags can be seen.
    "clone3": errno.ENOSYS,
}
_LOCAL = 1
_FAMILIES = (_LOCAL, 2, 10, 16)
"""AF_UNIX, AF_INET, AF_INET6, AF_NETLINK: those a network namespace confines."""

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000
_AT_NUMBER, _AT_ARCH, _AT_FIRST_ARGUMENT = 0, 4, 16
_X32 = 0x40000000
"""Numbers from here on are a second way to call everything on x86_64."""

Instruction = tuple[int, int, int, int]


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p)]


def install_filter(*, network: bool) -> None:
    """From here on, for this process and all it starts; needs that no new privileges can be gained.

    In the host's network namespace sockets without a path, which no mount can cover, lead to the host's own daemons;
    so there are no AF_UNIX sockets with ``network`` (pairs, which lead nowhere, are made by another call).
    """
    machine = os.uname().machine
    if machine not in _NUMBERS:
        return
    families = [family for family in _FAMILIES if not (network and family == _LOCAL)]
    words = _program(_AUDIT_ARCH[machine], {**_NUMBERS[machine], **_EVERYWHERE}, families)
    kernel.filter_calls(ctypes.byref(_Program(len(words), b"".join(map(_packed, words)))))


def _program(arch: int, numbers: dict[str, int], families: list[int]) -> list[Instruction]:
    words = [(_LOAD, 0, 0, _AT_ARCH), (_EQUAL, 1, 0, arch), _refuse(errno.ENOSYS)]
    words += [(_LOAD, 0, 0, _AT_NUMBER), (_AT_LEAST, 0, 1, _X32), _refuse(errno.ENOSYS)]
    for name, error in _REFUSED.items():
        words += _when(numbers[name], [_refuse(error)])
    for name in ("clone", "unshare"):
        flags = [(_ANY_BIT, 0, 1, kernel.NEWUSER), _refuse(errno.EPERM), _allow()]
        words += _when(numbers[name], [(_LOAD, 0, 0, _AT_FIRST_ARGUMENT), *flags])
    known = [word for family in families for word in ((_EQUAL, 0, 1, family), _allow())]
    words += _when(numbers["socket"], [(_LOAD, 0, 0, _AT_FIRST_ARGUMENT), *known, _refuse(errno.EAFNOSUPPORT)])
    return [*words, _allow()]


def _when(number: int, then: list[Instruction]) -> list[Instruction]:
    return [(_EQUAL, 0, len(then), number), *then]


def _refuse(error: int) -> Instruction:
    return (_RETURN, 0, 0, _ERRNO | error)


def _allow() -> Instruction:
    return (_RETURN, 0, 0, _ALLOW)


def _packed(word: Instruction) -> bytes:
    code, if_true, if_false, value = word
    return code.to_bytes(2, "little") + bytes([if_true, if_false]) + value.to_bytes(4, "little")
