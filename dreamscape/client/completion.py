"""The events of a chat completion go in, the answer they add up to comes out, or why it is none."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from dreamscape.domain.errors import AnswerUnfinished
from dreamscape.domain.models import Answer

LONGEST_ANSWER = 16 * 2**20
"""Characters, chosen: no model answers at such length; what goes on and on is given up."""

_COMPLETE = frozenset({"stop", "eos", "eos_token", "stop_sequence", "end_turn"})
_CUT_OFF = frozenset({"length", "max_tokens", "model_length", "content_filter"})
"""What servers call the reason for an answer's end. Any other (abort, error, a tool that nobody offered) is no end."""

_DONE = "[DONE]"


def answer_of(events: Iterable[str], model: str, tell: Callable[[int], None], hide: str = "") -> Answer:
    """The whole answer of a stream's events, or of the one document of a server that does not stream.

    ``tell`` hears how many characters there are so far; no error repeats what is to ``hide``. What a model thinks
    aloud in fields of its own is left out. Tokens are 0 where the server does not tell them. Raises AnswerUnfinished
    where the end was never seen.
    """
    said = _Said(hide)
    for event in _parsed(events):
        if event == _DONE:
            return said.answer(model, is_done=True)
        said.take(event)
        tell(said.characters)
    return said.answer(model, is_done=False)


@dataclass(slots=True)
class _Said:
    """What has been said so far; ``end`` is the server's word for why it ended."""

    hide: str
    parts: list[str] = field(default_factory=list)
    characters: int = 0
    end: str = ""
    tokens: tuple[int, int] = (0, 0)

    def take(self, event: Any) -> None:
        """Raises AnswerUnfinished for what the server says went wrong, and for what is no event."""
        if not isinstance(event, dict):
            raise AnswerUnfinished("the server sent something else than events of a chat completion")
        if error := event.get("error"):
            raise AnswerUnfinished(f"the server broke off: {error_words(error, self.hide)}")
        if isinstance(usage := event.get("usage"), dict):
            self.tokens = _count(usage.get("prompt_tokens")), _count(usage.get("completion_tokens"))
        choices = event.get("choices")
        for choice in choices if isinstance(choices, list) else ():
            if isinstance(choice, dict) and not choice.get("index"):
                self._add(choice)

    def _add(self, choice: dict[str, Any]) -> None:
        delta = choice.get("delta") or choice.get("message")
        text = _words(delta.get("content") if isinstance(delta, dict) else None)
        self.parts.append(text)
        self.characters += len(text)
        if self.characters > LONGEST_ANSWER:
            raise AnswerUnfinished(f"the answer has more than {LONGEST_ANSWER} characters")
        if isinstance(end := choice.get("finish_reason"), str) and end:
            self.end = end

    def answer(self, model: str, *, is_done: bool) -> Answer:
        if self.end in _COMPLETE or (is_done and not self.end):
            finished = True
        elif self.end in _CUT_OFF:
            finished = False
        else:
            why = f"it ended with {self.end[:40]!r}" if self.end else "its end never came"
            raise AnswerUnfinished(f"the answer broke off: {why}", "ask again")
        return Answer(_joined(self.parts), model, finished, *self.tokens)


def error_words(error: object, hide: str) -> str:
    """What a server says of an error, in one line of at most 300 characters, without the key it may repeat."""
    if isinstance(error, dict):
        error = error.get("message") or error.get("detail") or error.get("error") or error
    words = " ".join((error if isinstance(error, str) else json.dumps(error)).split())
    if hide:
        words = words.replace(hide, "***")
    return "".join(filter(str.isprintable, words))[:300]


def _parsed(events: Iterable[str]) -> Iterator[Any]:
    """Each event's value, `_DONE` for the end mark. Some servers part their events by one line's end instead of two."""
    for event in events:
        try:
            yield _value(event)
        except ValueError as error:
            lines = event.splitlines() if "\n" in event else []
            if not lines:
                raise AnswerUnfinished("the stream broke off, or holds what is no JSON", "ask again") from error
            yield from _parsed(lines)


def _value(event: str) -> Any:
    if event.strip() in ("", _DONE):
        return event.strip() or {}
    try:
        return json.loads(event)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def _words(content: object) -> str:
    """A message's content: a text, or a list of parts of which some are texts."""
    if isinstance(content, list):
        parts = (part.get("text") for part in content if isinstance(part, dict) and part.get("type") == "text")
        return "".join(part for part in parts if isinstance(part, str))
    return content if isinstance(content, str) else ""


def _joined(parts: list[str]) -> str:
    """A character beyond the first 65,536 may have come in two events, one half in each."""
    text = "".join(parts)
    if text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _count(number: object) -> int:
    return number if type(number) is int and number > 0 else 0
