# ruff: noqa
"""What a hostile test suite would try, all in one process inside a sandbox; prints what each attempt came to as JSON.

Run as ``python -c <this file's text> <JSON of what the host has prepared>``.
"""

import json
import os
import socket
import subprocess
import sys

HOST = json.loads(sys.argv[1])
RESULTS = {}


def attempt(name, action):
    try:
        RESULTS[name] = "done: %s" % (action(),)
    except BaseException as error:
        RESULTS[name] = "refused: %s" % type(error).__name__


def write(path):
    with open(path, "a") as file:
        file.write("gotcha")


def connect(family, kind, address):
    with socket.socket(family, kind) as connection:
        connection.settimeout(3)
        connection.connect(address)
        connection.send(b"gotcha")


def overwrite_by_tracing_the_first_process():
    with open("/proc/1/mem", "r+b"):
        return "opened"


def signal_everyone_above():
    for number in (1, 2, 9, 15, 19):
        os.kill(1, number)


def mount_something():
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(b"none", b"/tmp", b"tmpfs", 0, None) != 0:
        raise OSError(ctypes.get_errno(), "mount")


def new_user_namespace():
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(0x10000000) != 0:
        raise OSError(ctypes.get_errno(), "unshare")


def talk_over_localhost():
    with socket.create_server(("127.0.0.1", 0)) as server:
        with socket.create_connection(server.getsockname(), timeout=5) as client:
            accepted, _ = server.accept()
            client.sendall(b"hello")
            return accepted.recv(5).decode()


def remount_root_writable():
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(None, b"/", None, 32 | 4096, None) != 0:
        raise OSError(ctypes.get_errno(), "remount")
    write("/etc/dreamscape-gotcha")


attempt("read beside the project", lambda: open(HOST["sibling"]).read())
attempt("write beside the project", lambda: write(HOST["sibling"]))
attempt("read a secret in the real home", lambda: open(HOST["secret"]).read())
attempt("write to the real home", lambda: write(HOST["secret"]))
attempt("write to /etc", lambda: write("/etc/dreamscape-gotcha"))
attempt("write to /usr", lambda: write("/usr/dreamscape-gotcha"))
attempt("write to the root folder", lambda: write("/dreamscape-gotcha"))
attempt("write through a link in the project", lambda: write("link-out/victim"))
attempt("write a kernel setting", lambda: os.close(os.open("/proc/sys/kernel/core_pattern", os.O_WRONLY)))
attempt("write to /sys", lambda: os.close(os.open("/sys/power/state", os.O_WRONLY)))
for disk in ("sda", "vda", "nvme0n1", "mem", "kmsg", "fuse", "kvm", "net/tun"):
    attempt("open /dev/" + disk, lambda disk=disk: open("/dev/" + disk, "rb").close())
attempt("make a device", lambda: os.mknod("disk", 0o60600, os.makedev(8, 0)))
attempt("tcp to the outside", lambda: connect(socket.AF_INET, socket.SOCK_STREAM, ("192.0.2.1", 80)))
attempt("udp to the outside", lambda: connect(socket.AF_INET, socket.SOCK_DGRAM, ("192.0.2.1", 53)))
attempt("tcp6 to the outside", lambda: connect(socket.AF_INET6, socket.SOCK_STREAM, ("2001:db8::1", 80)))
attempt("tcp to the host's loopback", lambda: connect(socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", HOST["port"])))
for name, path in HOST["sockets"].items():
    attempt("unix socket " + name, lambda path=path: connect(socket.AF_UNIX, socket.SOCK_STREAM, path))
attempt("vsock to the hypervisor", lambda: socket.socket(40, socket.SOCK_STREAM).close())
attempt("resolve a name", lambda: socket.getaddrinfo("example.com", 80))
attempt("signal the first process", signal_everyone_above)
attempt("open the watcher's memory", overwrite_by_tracing_the_first_process)
attempt("read the watcher's environment", lambda: open("/proc/1/environ").read())
attempt("read the watcher's files", lambda: os.readlink("/proc/1/fd/0"))
attempt("mount", mount_something)
attempt("make the root writable again", remount_root_writable)
attempt("enter a new user namespace", new_user_namespace)
attempt("become another user", lambda: os.setuid(12345))
attempt("raise a limit", lambda: __import__("resource").setrlimit(4, (-1, -1)))
attempt("talk over localhost", talk_over_localhost)
attempt("write to /tmp", lambda: write("/tmp/x"))
attempt("write to HOME", lambda: write(os.path.expanduser("~/x")))
attempt("write to /dev/shm", lambda: write("/dev/shm/x"))
attempt("write to /dev/null", lambda: write("/dev/null"))
attempt("write in the project", lambda: write("new-file"))
attempt("change a file of the project", lambda: write("kept.txt"))
attempt("open a pseudo terminal", lambda: [os.close(end) for end in os.openpty()] and None)
attempt("fork", lambda: subprocess.run(["/bin/true"], check=True).returncode)
attempt(
    "leave descriptors",
    lambda: sorted(
        int(fd)
        for fd in os.listdir("/proc/self/fd")
        if os.path.exists("/proc/self/fd/" + fd)
        and int(fd) > 2
        and not os.readlink("/proc/self/fd/" + fd).startswith("/proc")
        and fd not in (os.environ["DREAMSCAPE_REQUESTS"], os.environ["DREAMSCAPE_REPORTS"])
    ),
)
attempt("delete the whole project", lambda: __import__("shutil").rmtree(os.getcwd(), ignore_errors=True))
RESULTS["environment"] = sorted(os.environ)
RESULTS["powers"] = dict(
    line.split()[:2] for line in open("/proc/self/status") if line.startswith(("Cap", "No", "Sec"))
)
RESULTS["processes"] = [int(name) for name in os.listdir("/proc") if name.isdigit()]
print(json.dumps(RESULTS))
