"""A prompt's answer is kept in a folder, and comes out of it again when a model of provider recorded is asked."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from urllib.parse import quote

from dreamscape.domain.errors import CannotGoOn, UsageError
from dreamscape.domain.models import ModelCard, Prompt
from dreamscape.tools.files import atomic_write, explained

KEPT_ANSWERS = 500
"""Of one model in its folder; the oldest go first. Chosen: months of nights, a few megabytes."""


def replay(prompt: Prompt, hidden: str, card: ModelCard) -> str:
    """The recorded answer, from the file that `recording_name` tells, byte for byte as UTF-8.

    Raises UsageError where the card names no folder, CannotGoOn where nothing is recorded for this prompt.
    """
    if not card.recording:
        raise UsageError(f"model {card.name} has no recording", 'give its card a folder: recording = "..."')
    path = _folder(card) / recording_name(prompt, hidden, card)
    try:
        return path.read_bytes().decode("utf-8", "surrogatepass")
    except (OSError, UnicodeDecodeError) as error:
        raise CannotGoOn(f"nothing is recorded for {path.name}", f"looked in {path.parent}") from error


def keep(answer: str, prompt: Prompt, hidden: str, card: ModelCard) -> None:
    """Keeps an answer, readable for the user alone, and prunes those of its model. Raises CannotGoOn, DiskFull."""
    folder = _folder(card)
    with explained(folder):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    atomic_write(folder / recording_name(prompt, hidden, card), answer.encode("utf-8", "surrogatepass"), private=True)
    with explained(folder):
        _prune(folder, card)


def recording_name(prompt: Prompt, hidden: str, card: ModelCard) -> str:
    """The file an answer is kept in: ``<fingerprint>-<model>-<attempt>.md``.

    A prompt about no failure has no fingerprint; ``hidden``, its text as it leaves, tells it from others.
    """
    key = prompt.fingerprint or f"ask-{hashlib.sha256(hidden.encode('utf-8', 'surrogatepass')).hexdigest()[:16]}"
    return f"{key}-{quote(card.name, safe='')}-{prompt.attempt}.md"


def _folder(card: ModelCard) -> Path:
    return Path(card.recording).expanduser()


def _prune(folder: Path, card: ModelCard) -> None:
    """Touches nothing but what `keep` has written."""
    ours = re.compile(rf"(?:ask-)?[0-9a-f]{{16}}-{re.escape(quote(card.name, safe=''))}-\d+\.md")
    kept = [path for path in folder.iterdir() if ours.fullmatch(path.name)]
    if len(kept) > KEPT_ANSWERS:
        for path in sorted(kept, key=lambda path: path.stat().st_mtime_ns)[:-KEPT_ANSWERS]:
            path.unlink(missing_ok=True)
