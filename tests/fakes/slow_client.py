"""A model outside whose answers take time, a proposer that asks it, and a project in memory with many bugs."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Generator, Sequence

from stations import FakeProject, whole

from dreamscape.domain.errors import BrowserGone
from dreamscape.domain.failures import digest
from dreamscape.domain.models import Answer, ModelCard, Prompt
from dreamscape.domain.repair import Ask, Judge, RepairCase, Reply, Step, VerdictState

WEB = ModelCard("web", "web", tier=1, site="own")
PRICE_USD = 0.25
PATIENCE_S = 30.0
"""A busy machine may take long to do what takes no time."""


class SlowClient:
    """Keeps `domain.ports.Client`; ``say`` answers, in the thread that asks, and may wait for others to ask."""

    def __init__(self, say: Callable[[Prompt], str], at_once: int = 4) -> None:
        self._say = say
        self._at_once = at_once
        self._lock = threading.Lock()
        self.prompts: list[Prompt] = []
        self.warmed_up: list[str] = []
        self.answered = 0
        self.under_way = 0
        self.most_under_way = 0
        self.is_closed = threading.Event()

    def at_once(self, card: ModelCard) -> int:
        return self._at_once

    def name_of(self, prompt: Prompt) -> str:
        return digest([prompt.text])

    def warm_up(self, card: ModelCard) -> None:
        self.warmed_up.append(card.name)

    def submit_prompt(self, prompt: Prompt, card: ModelCard, *, deadline: float = math.inf) -> Answer:
        with self._lock:
            self.prompts.append(prompt)
            self.under_way += 1
            self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            text = self._say(prompt)
            self.answered += 1
            return Answer(text, card.name, cost_usd=PRICE_USD)
        finally:
            with self._lock:
                self.under_way -= 1

    def close(self) -> None:
        self.is_closed.set()

    def stream_for_ever(self) -> str:
        """An answer that does not end by itself."""
        assert self.is_closed.wait(PATIENCE_S), "nobody ended what is being asked"
        raise BrowserGone("the client was closed")


class Asks:
    """A proposer that asks its model up to ``attempts`` times for the content of the first suspect's file."""

    def __init__(self, attempts: int = 1, *, shows_the_file: bool = True) -> None:
        self._attempts = attempts
        self._shows_the_file = shows_the_file

    def steps(self, case: RepairCase) -> Generator[Step, Reply, None]:
        path = case.suspects[0].path
        for attempt in range(1, self._attempts + 1):
            shown = case.sources[path].decode() if self._shows_the_file else ""
            answer = yield Ask(Prompt(f"{path} {case.tests} {attempt} {shown}", case.fingerprint, attempt))
            if not isinstance(answer, Answer):
                return
            old, new = case.sources[path], answer.text.encode()
            verdicts = yield Judge((whole(path, old, new, origin="web"),))
            if isinstance(verdicts, tuple) and verdicts[0].state is VerdictState.PLAUSIBLE:
                return


def bugs(*names: str) -> FakeProject:
    """A project with one bug in each of these modules, and one test for each; the first weighs most."""
    return FakeProject(
        files={f"{name}.py": b"bad" for name in names},
        tests={f"t.py::{name}": _is_good(f"{name}.py") for name in names},
        suspects={f"t.py::{name}": (f"{name}.py", 1) for name in names},
    )


def impact_by_name(names: Sequence[str]) -> Callable[[str, int], float]:
    """The first name weighs most."""
    return lambda path, line: 1.0 - 0.1 * names.index(path.removesuffix(".py"))


def asked_about(prompt: Prompt) -> str:
    """The module a prompt asks about."""
    return prompt.text.partition(".py")[0]


def _is_good(path: str) -> Callable[..., bool]:
    return lambda files: bool(files[path] == b"good")
