"""A genuine model is spoken to, the way any user's would be."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from dreamscape_process import Dreamscape
from model_site import served

CARD = '[[models]]\nname = "small"\nprovider = "api"\nurl = "{url}"\nmodel = "SmolLM2-135M-Instruct"\n'


@pytest.mark.slow
def test_a_real_model_answers_and_what_it_leaves_unsaid_is_told(
    dreamscape_here: Dreamscape, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with served() as url:
        for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME"):
            monkeypatch.delenv(name, raising=False)
        folder = home / ".config" / "dreamscape"
        folder.mkdir(parents=True)
        (folder / "models.toml").write_text(CARD.format(url=url))
        (folder / "config.toml").write_text("[budget]\ncalls_per_day = 2\n")

        short = dreamscape_here("ask", "--model", "small", "What is the capital of France? Answer in one word.")
        long = dreamscape_here("ask", "--model", "small", "Tell a long story about a dragon.", "--json")

    assert (short.returncode, "Paris" in short.stdout) == (0, True), short.stderr
    told = json.loads(long.stdout)
    assert (long.returncode, told["finished"], told["tokens_out"]) == (1, False, 48)
    assert "dragon" in told["text"]
