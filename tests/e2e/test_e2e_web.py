"""A project healed by a model on a chat page, through a real browser; its answers are good, bad and broken."""

from __future__ import annotations

import shutil
import threading

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


LEAP = {
    "leap.py": 'def is_leap(year):\n    """By the calendar of 1582."""\n    raise NotImplementedError("soon")\n',
    "test_leap.py": """\
from leap import is_leap


def test_leap():
    assert [year for year in (1600, 1900, 2000, 2023, 2024) if is_leap(year)] == [1600, 2000, 2024]
""",
}
IS_LEAP = """\
leap.py
<<<<<<< SEARCH
    raise NotImplementedError("soon")
=======
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
>>>>>>> REPLACE
"""


def test_two_items_are_asked_about_at_once_over_one_browser(patient: NewPatient) -> None:
    if not shutil.which("chromedriver"):
        missing("browser", "there is no Chromium with its driver on this machine")
    project = patient({**ROMAN, **LEAP})
    both_ask = threading.Barrier(2)

    def answer(prompt: str, model: str) -> str:
        both_ask.wait(60)
        return RIGHT if "roman" in prompt else IS_LEAP

    with served(ChatSite(answer=answer)) as site:
        with_models(project, f'[[models]]\nname = "sound"\nprovider = "web"\nsite = "own"\nurl = "{site.address}"\n')
        config = project.home / ".config" / "dreamscape"
        (config / "sites").mkdir()
        (config / "sites" / "own.toml").write_text(site.profile)
        (config / "config.toml").write_text("[budget]\ncalls_per_day = 2\n\n[client]\nbrowsers = 1\n")

        healed = project.heal()

    assert healed.states == ["landed", "landed"], healed.err
    assert len(site.prompts) == 2
    assert healed.code == 0
    branch = healed.report["branch"]
    assert project.git("rev-list", "--count", f"main..{branch}") == "2"
    assert "divmod" in project.at(branch, "roman.py")
    assert "year % 400" in project.at(branch, "leap.py")
