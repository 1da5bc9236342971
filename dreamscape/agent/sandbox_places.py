"""Which places of this machine a sandboxed command finds empty, which it may read, and which environment it gets."""

from __future__ import annotations

import os
import pwd
import re
import stat
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from dreamscape.agent.sandbox_sockets import reachable_sockets

_ALWAYS_HIDDEN = ("/tmp", "/var/tmp", "/run", "/home", "/root")
_NEVER_HIDDEN = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/etc", "/opt", "/dev", "/proc", "/sys")
_OCTAL = re.compile(rb"\\([0-7]{3})")
_INHERITED = ("TZ", "LD_LIBRARY_PATH")
"""Neither holds secrets: without the first, times change their meaning; without the second, some interpreters do not
start."""


@dataclass(frozen=True, slots=True)
class Places:
    """Paths of the host; all but those in ``readable`` are real ones, free of symbolic links."""

    hidden: tuple[Path, ...]
    readable: tuple[Path, ...]
    masked: tuple[Path, ...]
    mounted: tuple[Path, ...]
    uncopied: tuple[Path, ...]
    home: Path
    files: Path


def places_of(project: Path, readable: Iterable[Path], *, network: bool) -> Places:
    """What to hide and show around this project as the machine is now."""
    hidden = hidden_places()
    own = Path("/run" if Path("/run").is_dir() else "/tmp", "dreamscape")
    shown = [*readable, *_git_folders(project), *(_resolver() if network else ())]
    mounts = list(_mount_points())
    sockets = (path for path in reachable_sockets(mounts) if not is_under(path, hidden))
    secrets = (path for path in _kept_from_others() if path not in (project, *project.parents))
    return Places(
        hidden=hidden,
        readable=tuple(_with_real_paths(shown)),
        masked=(*sockets, *secrets, *_own_state(project)),
        mounted=tuple(sorted(path for path in mounts if project in path.parents and path.is_dir())),
        uncopied=tuple(_uncopied(project)),
        home=own / "home",
        files=own / "files",
    )


def user_of(project: Path) -> tuple[int, int]:
    """Who runs the project's code: its owner where root works on another's files, else whoever runs this."""
    status = project.stat()
    if os.geteuid() == 0 and status.st_uid != 0 and _is_known_here(status.st_uid):
        return status.st_uid, status.st_gid
    return os.geteuid(), os.getegid()


def environment(executable: str, added: Mapping[str, str], project: Path, places: Places) -> dict[bytes, bytes]:
    """The whole environment of a command: an allow-list, then what was added."""
    folder = os.path.dirname(executable)  # noqa: PTH120 - of the path as written: a symbolic link is a venv's only sign
    path = dict.fromkeys([folder, "/usr/local/bin", "/usr/bin", "/bin"])
    env = {
        "PATH": ":".join(path),
        "HOME": str(places.home),
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "PYTHONDONTWRITEBYTECODE": "1",
        "DREAMSCAPE_PROJECT": str(project),
        "DREAMSCAPE_FILES": str(places.files),
        **_user_base(places),
        **{name: os.environ[name] for name in _INHERITED if name in os.environ},
        **added,
    }
    return {os.fsencode(name): os.fsencode(value) for name, value in env.items()}


def _user_base(places: Places) -> dict[str, str]:
    """HOME is another inside; what was installed with `pip install --user` must be found all the same."""
    for base in (home / ".local" for home in homes()):
        if any(base in path.parents for path in places.readable):
            return {"PYTHONUSERBASE": str(base)}
    return {}


def is_under(path: Path, places: Iterable[Path]) -> bool:
    """Whether a path is one of these places or lies in one."""
    return any(path == place or place in path.parents for place in places)


def hidden_places() -> tuple[Path, ...]:
    """Folders of the host that are empty inside; none lies in another."""
    wanted = {*map(Path.resolve, map(Path, _ALWAYS_HIDDEN)), *homes()}
    allowed = sorted(place for place in wanted if place.is_dir() and not _is_needed(place))
    return tuple(p for p in allowed if not any(other in p.parents for other in allowed))


def homes() -> tuple[Path, ...]:
    """The user's home as the environment has it and as the user database has it."""
    named = [os.environ.get("HOME", ""), _passwd_home()]
    return tuple({Path(home).resolve() for home in named if os.path.isabs(home)})  # noqa: PTH117 - "" is not "."


def _is_needed(place: Path) -> bool:
    """Daemons have homes such as /usr/sbin or /; without those nothing would run."""
    system = [Path(needed) for needed in _NEVER_HIDDEN]
    return place in (Path("/"), Path("/var")) or any(place == s or s in place.parents for s in system)


def _passwd_home() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_dir
    except KeyError:
        return ""


def _with_real_paths(paths: Iterable[Path]) -> list[Path]:
    """Each path as written and as it really is; without those that lie in another."""
    both = {absolute for path in paths for absolute in (path.absolute(), path.resolve())}
    found = {path for path in both if path != Path("/") and path.exists()}
    return sorted(path for path in found if found.isdisjoint(path.parents))


def _git_folders(project: Path) -> Iterator[Path]:
    """Where the objects of a linked worktree's repository are; tests may ask git for a version.

    The pointer is the project's word, so it must lead to a repository that knows of this worktree.
    """
    pointer = project / ".git"
    own = project / _word_in(pointer).removeprefix("gitdir:").strip()
    common = own / _word_in(own / "commondir")
    points_back = own / _word_in(own / "gitdir")
    if points_back.is_file() and points_back.samefile(pointer) and (common / "objects").is_dir():
        yield from (own, common)


def _word_in(file: Path) -> str:
    """The text of one of git's one-line files; empty where it is none."""
    return file.read_text(encoding="utf-8", errors="surrogateescape").strip() if file.is_file() else ""


def _resolver() -> list[Path]:
    """The file of name servers is often a link into /run."""
    return [Path("/etc/resolv.conf").resolve()]


def _own_state(project: Path) -> list[Path]:
    state = project / ".dreamscape"
    return [state] if state.is_dir() else []


@cache
def _kept_from_others() -> tuple[Path, ...]:
    """What of /etc ordinary users cannot read (passwords, keys), where we are root and a test could."""
    kept: list[Path] = []
    for folder, folders, files in os.walk("/etc") if os.geteuid() == 0 else ():
        for names, allows in ((folders, stat.S_IROTH | stat.S_IXOTH), (files, stat.S_IROTH)):
            kept += [path for name in names if _lacks(path := Path(folder, name), allows)]
        folders[:] = [name for name in folders if Path(folder, name) not in kept]
    return tuple(kept)


def _lacks(path: Path, permissions: int) -> bool:
    with suppress(OSError):
        mode = path.lstat().st_mode
        return not stat.S_ISLNK(mode) and not mode & permissions
    return False


def _is_known_here(user: int) -> bool:
    """Inside a container's user namespace a file's owner may be nobody that can be named."""
    with Path("/proc/self/uid_map").open("rb") as extents:
        ranges = [(int(first), int(count)) for first, _, count in map(bytes.split, extents)]
    return any(first <= user < first + count for first, count in ranges)


def _uncopied(project: Path) -> Iterator[Path]:
    """Large parts of a project that no test changes."""
    yield from virtual_environments(project)
    if (project / ".git").is_dir():
        yield project / ".git"


def virtual_environments(project: Path) -> list[Path]:
    """Those at the top of the project, where tools make them."""
    return [marker.parent for marker in project.glob("*/pyvenv.cfg")]


def _mount_points() -> Iterator[Path]:
    with Path("/proc/self/mountinfo").open("rb") as table:
        for line in table:
            yield Path(os.fsdecode(_OCTAL.sub(lambda found: bytes([int(found[1], 8)]), line.split(b" ")[4])))


def interpreter_of_ours() -> list[Path]:
    """What must be readable where our own interpreter runs the launcher inside a sandbox."""
    return [Path(sys.prefix), Path(sys.base_prefix), Path(sys.executable)]
