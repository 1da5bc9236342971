"""OpenAIClient in first form: one door for every prompt; behind it, for now, recordings."""

from __future__ import annotations

from dreamscape.client.recorded import replay
from dreamscape.domain.errors import UsageError
from dreamscape.domain.models import Answer, ModelCard, Prompt


class OpenAIClient:
    """The only way to a prompt."""

    def submit_prompt(self, prompt: Prompt, card: ModelCard) -> Answer:
        """The model's answer, exactly as given.

        Raises UsageError where this version cannot reach the card's provider, CannotGoOn where there is no answer.
        """
        if card.provider == "recorded":
            return replay(prompt, card)
        raise UsageError(
            f"model {card.name} is of provider {card.provider!r}, which this version cannot reach yet",
            "disable its card; providers now: embedded, recorded",
        )
