"""A circuit breaker (Nygard 2007): a site that fails again and again is left alone, then tried by one prompt."""

from __future__ import annotations

import threading
import time

from dreamscape.domain.errors import AnswerUnfinished, NoAnswer, PageHung, SiteChanged, SiteUnreachable

COUNTED = (SiteUnreachable, SiteChanged, AnswerUnfinished, PageHung)
"""What speaks against the site, and not against one account or one browser."""

FAILURES, REST_S, LONGEST_REST_S = 3, 60.0, 900.0
"""After so many in a row the site rests, twice as long each time it fails the one prompt that tries it (chosen)."""


class Breaker:
    """One for all accounts of a site. Every method may be called from any thread."""

    def __init__(self, site: str) -> None:
        self._site = site
        self._lock = threading.Lock()
        self._failures = 0
        self._rests_until = 0.0
        self._is_tried = False

    def refuse_while_resting(self) -> None:
        """Raises SiteUnreachable while the site rests; who comes first afterwards is let through alone."""
        with self._lock:
            if self._failures < FAILURES:
                return
            now = time.monotonic()
            if now < self._rests_until:
                words = f"{self._site} failed {self._failures} times in a row"
                raise SiteUnreachable(f"{words} and is left alone for a while", "try again later, or: session check")
            self._rests_until = now + self._rest_s()
            self._is_tried = True

    def note(self, error: NoAnswer | None) -> None:
        """What came of a prompt; None where it was answered."""
        with self._lock:
            if error is None:
                self._failures, self._is_tried = 0, False
            elif isinstance(error, COUNTED) and (self._failures < FAILURES or self._is_tried):
                # Those that were under way when it began to rest fail of the same cause, and make it rest no longer.
                self._failures, self._is_tried = self._failures + 1, False
                self._rests_until = time.monotonic() + self._rest_s()

    def _rest_s(self) -> float:
        return float(min(LONGEST_REST_S, REST_S * 2.0 ** (self._failures - FAILURES)))
