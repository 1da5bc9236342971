"""A prompt goes in, the answer recorded for its failure, model and attempt comes out."""

from __future__ import annotations

from pathlib import Path

from dreamscape.domain.errors import CannotGoOn, UsageError
from dreamscape.domain.models import Answer, ModelCard, Prompt


def replay(prompt: Prompt, card: ModelCard) -> Answer:
    """The recorded answer, from ``<recording>/<fingerprint>-<model>-<attempt>.md``, byte for byte as UTF-8.

    Raises UsageError where the card names no folder, CannotGoOn where nothing is recorded for this prompt.
    """
    if not card.recording:
        raise UsageError(f"model {card.name} has no recording", 'give its card a folder: recording = "..."')
    path = Path(card.recording) / recording_name(prompt, card)
    try:
        text = path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CannotGoOn(f"nothing is recorded for {path.name}", f"looked in {path.parent}") from error
    return Answer(text=text, model=card.name)


def recording_name(prompt: Prompt, card: ModelCard) -> str:
    """The file an answer to this prompt is kept in."""
    return f"{prompt.fingerprint}-{card.name}-{prompt.attempt}.md"
