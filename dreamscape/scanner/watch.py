"""Waits for saves in the folders that are scanned; folders left out are not watched, so our own state is not either."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from dreamscape.domain.errors import CannotGoOn
from dreamscape.scanner.ignore import GITIGNORE, SCANNERIGNORE, Rules
from dreamscape.scanner.walk import SUFFIXES, scanned_folders

if TYPE_CHECKING:
    from watchfiles._rust_notify import RustNotify

TOGETHER_MS, QUIET_MS = 1600, 50
"""Saves are taken together until none came for so long, at most for so long (the library's own defaults)."""


def saves(project: Path, rules: Callable[[], Rules]) -> Iterator[None]:
    """Once at the start and after every save that may matter. Raises CannotGoOn where watching fails.

    ``rules`` gives the rules as they stand; a folder is watched before its files can be looked at, so that no save
    falls in between.
    """
    folders = _folders(project, rules())
    while True:
        with closing(_Watch(folders)) as watch:
            now = _folders(project, rules())
            while now == folders:
                yield
                watch.wait()
                now = _folders(project, rules())
            folders = now


def _folders(project: Path, rules: Rules) -> frozenset[str]:
    return frozenset(f"{project}/{relative}" for relative, *_ in scanned_folders(project, rules, []))


def may_matter(path: str) -> bool:
    """Whether a change of this path may change a ranking: a source, rules, or a folder that came or went."""
    name = Path(path).name
    return name.endswith(SUFFIXES) or name in (GITIGNORE, SCANNERIGNORE) or "." not in name or Path(path).is_dir()


class _Watch:
    """Some folders under watch. A thread listens, since signals reach Python code in the main thread alone."""

    def __init__(self, folders: frozenset[str]) -> None:
        self._notify = _notify(folders)
        self._ended = threading.Event()
        self._heard: queue.SimpleQueue[Exception | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._listen, name="watch", daemon=True)
        self._thread.start()

    def wait(self) -> None:
        """Until something was saved. Raises CannotGoOn."""
        error = self._heard.get()
        if error is not None:
            raise _refusal(error) from error

    def close(self) -> None:
        """Ends the thread."""
        self._ended.set()
        self._thread.join(timeout=5)
        self._notify.close()

    def _listen(self) -> None:
        try:
            while not self._ended.is_set():
                changes = self._notify.watch(TOGETHER_MS, QUIET_MS, 0, self._ended)
                if not isinstance(changes, str) and any(may_matter(path) for _, path in changes):
                    self._heard.put(None)
        except Exception as error:  # noqa: BLE001  # handed over to the thread that waits
            self._heard.put(error)


def _notify(folders: frozenset[str]) -> RustNotify:
    from watchfiles._rust_notify import RustNotify

    while True:
        there = sorted(folder for folder in folders if Path(folder).is_dir())
        try:
            return RustNotify(there, False, False, 0, False, True)
        except FileNotFoundError:  # it vanished meanwhile
            continue
        except (OSError, RuntimeError) as error:
            raise _refusal(error) from error


def _refusal(error: Exception) -> CannotGoOn:
    return CannotGoOn(
        f"the folders cannot be watched: {error}", "on Linux, raise fs.inotify.max_user_watches and max_user_instances"
    )
