"""The one door to every model."""

from pathlib import Path

import pytest

from dreamscape.client import OpenAIClient
from dreamscape.domain.errors import CannotGoOn, UsageError
from dreamscape.domain.models import ModelCard, Prompt

PROMPT = Prompt("Repair this.", "f00d", 2)


def test_a_recorded_answer_comes_back_byte_for_byte(tmp_path: Path) -> None:
    text = "first\r\n\tsecond  \n\n\U0001f600\n"
    (tmp_path / "f00d-tape-2.md").write_bytes(text.encode())

    answer = OpenAIClient().submit_prompt(PROMPT, ModelCard("tape", "recorded", recording=str(tmp_path)))

    assert (answer.text, answer.model, answer.finished) == (text, "tape", True)


def test_what_was_not_recorded_is_said(tmp_path: Path) -> None:
    with pytest.raises(CannotGoOn, match=r"f00d-tape-2\.md"):
        OpenAIClient().submit_prompt(PROMPT, ModelCard("tape", "recorded", recording=str(tmp_path)))


def test_a_provider_that_cannot_be_reached_yet_is_said() -> None:
    with pytest.raises(UsageError, match="cannot reach yet"):
        OpenAIClient().submit_prompt(PROMPT, ModelCard("chat", "web"))
