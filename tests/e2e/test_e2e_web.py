"""A project healed by a model on a chat page, through a real browser; its answers are good, bad and broken."""

from __future__ import annotations

import shutil

from chat_site import ChatSite, served
from healing import NewPatient
from required import missing
from test_e2e_models import RIGHT, ROMAN, WRONG, with_models

CANARY = "canary-b6d1-of-the-shop"


def test_a_chat_sites_good_answer_lands_and_its_bad_and_broken_ones_do_not(patient: NewPatient) -> None:
    if not shutil.which("chromedriver"):
        missing("browser", "there is no Chromium with its driver on this machine")
    project = patient(
        {**ROMAN, "test_roman.py": ROMAN["test_roman.py"] + f"    # not {CANARY}\n", ".gitignore": ".env\n"}
    )
    project.write({".env": f"SHOP={CANARY}\n"})
    said = iter([WRONG, RIGHT])

    def answer(prompt: str, model: str) -> str:
        site.fault = "drop" if model == "broken" else ""
        return RIGHT if model == "broken" else next(said)

    with served(ChatSite(answer=answer)) as site:
        cards = [
            f'[[models]]\nname = "{name}"\nprovider = "web"\nsite = "own"\ntier = {tier}\n'
            f'url = "{site.address}?model={name}"\n'
            for tier, name in ((1, "broken"), (2, "sound"))
        ]
        with_models(project, *cards)
        config = project.home / ".config" / "dreamscape"
        (config / "sites").mkdir()
        (config / "sites" / "own.toml").write_text(site.profile)
        (config / "config.toml").write_text("[budget]\ncalls_per_day = 10\n")

        healed = project.heal()

    assert healed.states == ["landed"], healed.err
    assert healed.items[0]["model"] == "sound"
    assert "divmod" in project.at(healed.report["branch"], "roman.py")
    assert len(site.prompts) == 3
    assert all("roman" in prompt and CANARY not in prompt for prompt in site.prompts)
