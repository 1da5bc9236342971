"""Walks a project: every Python file that the rules keep, and what stood in the way."""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import NamedTuple

from dreamscape.domain.scan import SkippedFile
from dreamscape.scanner.ignore import ENVIRONMENT_MARKS, UNLESS_PACKAGE, Rules

SUFFIXES = (".py", ".pyw")
_KINDS = {
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


class Found(NamedTuple):
    """A source file on disk; ``path`` is relative to the project, with slashes, bytes that are no UTF-8 escaped by
    surrogates as `os.fsdecode` does. A tuple, since each is a key many times over."""

    path: str
    size: int
    mtime_ns: int
    ctime_ns: int


def walk(project: Path, rules: Rules) -> tuple[list[Found], list[SkippedFile]]:
    """All source files under the project, sorted by path, and what could not be looked at.

    Folders left out are never entered, links to folders are not followed. A link to a file is only noted when its
    target is not scanned anyway: broken, going in circles, leading out of the project, or to what is left out.
    """
    found: list[Found] = []
    skipped: list[SkippedFile] = []
    links: dict[str, str] = {}
    for relative, entries, rules_inside in scanned_folders(project, rules, skipped):
        for entry in entries:
            if entry.name.endswith(SUFFIXES) and not rules_inside.leave_out(relative + entry.name):
                match _look_at(entry, relative + entry.name, project):
                    case Found() as file:
                        found.append(file)
                    case SkippedFile() as problem:
                        skipped.append(problem)
                    case str(target):
                        links[relative + entry.name] = target
                    case None:
                        pass
    found.sort(key=lambda file: file.path)
    if links:
        names = {file.path for file in found}
        aside = ((path, target) for path, target in links.items() if target not in names)
        skipped += [SkippedFile(path, f"a symbolic link to {target}, which is not scanned") for path, target in aside]
    return found, skipped


def scanned_folders(
    project: Path, rules: Rules, skipped: list[SkippedFile]
) -> Iterator[tuple[str, list[os.DirEntry[str]], Rules]]:
    """Every folder that is entered: its path with a closing slash ("" for the project), what it holds, and the rules
    inside. Those that cannot be listed join ``skipped``."""
    root = f"{project}/"
    pending = [("", rules)]
    while pending:
        relative, above = pending.pop()
        folder = root + relative
        try:
            with os.scandir(folder) as listing:
                entries = list(listing)
        except OSError as error:
            skipped.append(SkippedFile(relative.rstrip("/") or ".", reason_of(error)))
            continue
        names = {entry.name for entry in entries}
        if relative and is_environment(names):
            continue
        inside = above.within(folder, relative, names)
        pending += [(path, inside) for path in _folders(entries, relative, inside)]
        yield relative, entries, inside


def is_environment(names: Collection[str]) -> bool:
    """Whether a folder that holds these names is an environment with other people's code."""
    return not ENVIRONMENT_MARKS.isdisjoint(names)


def _folders(entries: list[os.DirEntry[str]], relative: str, rules: Rules) -> Iterator[str]:
    """The sub-folders to enter, each with a closing slash."""
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            path = f"{relative}{entry.name}/"
            if not rules.leave_out(path) and not (is_output(entry) and rules.deciding(path) is None):
                yield path


def is_output(folder: os.DirEntry[str] | Path) -> bool:
    """Whether a folder holds what was built or vendored, by its name, and is no package."""
    if folder.name not in UNLESS_PACKAGE and not folder.name.endswith(".egg-info"):
        return False
    return not Path(folder, "__init__.py").is_file()


def _look_at(entry: os.DirEntry[str], path: str, project: Path) -> Found | SkippedFile | str | None:
    """What an entry with a source's name really is: a link within the project its target, a folder None."""
    try:
        if entry.is_symlink():
            return _target_of(Path(entry.path), path, project)
        status = entry.stat(follow_symlinks=False)
    except OSError as error:
        return SkippedFile(path, reason_of(error))
    if stat.S_ISREG(status.st_mode):
        return Found(path, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
    if stat.S_ISDIR(status.st_mode):
        return None
    return SkippedFile(path, f"not a regular file but {_KINDS.get(stat.S_IFMT(status.st_mode), 'something else')}")


def _target_of(link: Path, path: str, project: Path) -> SkippedFile | str | None:
    try:
        target = link.resolve(strict=True)
    except FileNotFoundError:
        return SkippedFile(path, "a broken symbolic link")
    except (OSError, RuntimeError):
        return SkippedFile(path, "a symbolic link that goes in circles")
    root = project.resolve()
    if target.is_dir():
        return None
    if not target.is_relative_to(root):
        return SkippedFile(path, "a symbolic link that leads out of the project")
    return target.relative_to(root).as_posix()


def reason_of(error: OSError) -> str:
    """Why the system would not let us, in its own words without the path."""
    if isinstance(error, FileNotFoundError):
        return "vanished during the scan"
    return (error.strerror or type(error).__name__).lower()


def shown(text: str) -> str:
    """A path or message as valid Unicode: bytes that are none become ``\\\\xNN``."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
