"""One call of the git program, in an environment where no setting, hook, prompt or pager can interfere."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Collection, Mapping
from pathlib import Path

from dreamscape.domain.errors import CannotGoOn, DiskFull

TIMEOUT_S = 300.0
"""Chosen: the longest question, a whole history with renames, takes seconds on large repositories."""

_SETTINGS = (
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.quotePath=false",
    "core.pager=cat",
    "core.safecrlf=false",
    "color.ui=false",
    "i18n.commitEncoding=UTF-8",
    "commit.gpgSign=false",
    "log.showSignature=false",
    "log.mailmap=false",
    "diff.noprefix=false",
    "diff.mnemonicPrefix=false",
    "diff.orderFile=/dev/null",
    "diff.autoRefreshIndex=false",
    "diff.suppressBlankEmpty=false",
    "gc.auto=0",
    "maintenance.auto=false",
    "protocol.allow=never",
)
_KEPT = {"GIT_EXEC_PATH", "GIT_CEILING_DIRECTORIES", "GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM"}
_ALWAYS = {
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_PAGER": "cat",
    "GIT_EDITOR": "false",
    "LC_ALL": "C",
}


class GitFailed(CannotGoOn):
    """Git refused; the message holds its own words."""


def is_installed() -> bool:
    """Whether this machine has a git program."""
    return shutil.which("git") is not None


def run_git(
    words: Collection[str], folder: Path, stdin: bytes = b"", env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_") or name in _KEPT}
    settings = [word for setting in _SETTINGS for word in ("-c", setting)]
    try:
        return subprocess.run(
            ["git", "--no-pager", *settings, *words],
            cwd=folder,
            input=stdin,
            env={**kept, **_ALWAYS, **(env or {})},
            capture_output=True,
            timeout=TIMEOUT_S,
            check=False,
        )
    except FileNotFoundError as error:
        if not folder.is_dir():
            raise GitFailed(f"{folder} is not there any more") from error
        raise GitFailed("git is not installed", "install git, or use --land patch") from error
    except subprocess.TimeoutExpired as error:
        raise GitFailed(f"git did not answer within {TIMEOUT_S:.0f} s") from error


def refusal(command: str, said: bytes) -> CannotGoOn:
    words = said.decode("utf-8", "replace").strip()
    if "No space left on device" in words or "Disk quota exceeded" in words:
        return DiskFull("no space left for git to write", "free some space, then run it again")
    lines = words.splitlines() or ["no reason given"]
    hint = "\n".join(lines[1:])[:500].strip()
    return GitFailed(f"git {command}: {lines[0].removeprefix('fatal: ')}", hint)
