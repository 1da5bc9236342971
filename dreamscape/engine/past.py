"""What models did in earlier runs and in this one, read once and kept up; owned by the engine's thread."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property

from dreamscape.domain.ports import History
from dreamscape.domain.records import AttemptRecord


class Past:
    """All attempts there were, the oldest first."""

    def __init__(self, history: History) -> None:
        self._history = history

    def attempts(self) -> Sequence[AttemptRecord]:
        """Those of this run, too."""
        return self._attempts

    def add(self, attempts: Iterable[AttemptRecord]) -> None:
        """What has just been booked."""
        self._attempts.extend(attempts)

    def asked(self) -> set[tuple[str, str]]:
        """Which questions which models have answered, whatever failure they were about: (model, question)."""
        return {(attempt.model, question) for attempt in self._attempts for question in attempt.questions}

    @cached_property
    def _attempts(self) -> list[AttemptRecord]:
        return list(self._history.attempts())
