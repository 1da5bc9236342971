"""A project healed by a model behind an endpoint; its answers are good, bad and broken, and no secret reaches it."""

from __future__ import annotations

import re

import pytest
from api_site import ApiSite, Reply, chunk, data, events, served
from healing import NewPatient
from test_e2e_models import RIGHT, ROMAN, WRONG, with_models

KEY = "test-key-0815"
CANARIES = ("canary-b6d1-of-the-shop", "sk-" + "Zq8kP3" * 6, "hunter-77-b")
"""In a ``.env`` file and a test, in the source that is repaired, and in the environment."""

FILES = {
    "roman.py": ROMAN["roman.py"].replace("    raise", f'    token = "{CANARIES[1]}"\n    raise'),
    "test_roman.py": ROMAN["test_roman.py"].replace('"IV"', f'"IV", "{CANARIES[0]}, {CANARIES[2]}"'),
    ".gitignore": ".env\n",
}

CARD = """
[[models]]
name = "{name}"
provider = "api"
url = "{url}"
key_env = "OWN_KEY"
tier = {tier}
usd_per_million_in = 1.0
usd_per_million_out = 1.0
"""


class Models(ApiSite):
    """One breaks off behind what would be right, the other is wrong first and then right."""

    def reply(self, number: int) -> Reply:
        prompt = self.prompts[number]
        placeholder = re.search(r'token = "(\w+)"', prompt)
        assert placeholder is not None
        right = RIGHT.replace("    letters =", f'    token = "{placeholder[1]}"\n    letters =')
        if self.asked[number]["model"] == "broken":
            return Reply(pieces=[data(chunk(right))], is_cut=True)
        if "tried already" not in prompt:
            return Reply(pieces=[events(WRONG)])
        return Reply(pieces=[events(right, tokens=(1000, 2000))])


def test_an_endpoints_good_answer_lands_its_bad_and_broken_ones_do_not_and_no_secret_leaves(
    patient: NewPatient,
) -> None:
    project = patient(FILES)
    project.write({".env": f"SHOP={CANARIES[0]}\n"})
    with served(Models()) as site:
        cards = [CARD.format(name=name, tier=tier, url=site.address) for tier, name in ((1, "broken"), (2, "sound"))]
        with_models(project, *cards)
        (project.home / ".config" / "dreamscape" / "config.toml").write_text(
            "[budget]\ncalls_per_day = 20\nusd_per_day = 1.0\n"
        )

        healed = project.heal(env={"OWN_KEY": KEY, "SHOP_PASSWORD": CANARIES[2]})

    assert healed.states == ["landed"], healed.err
    (item,) = healed.items
    assert (item["model"], item["attempts"]) == ("sound", 2)
    assert item["cost_usd"] == pytest.approx(0.003012)
    landed = project.at(healed.report["branch"], "roman.py")
    assert "divmod" in landed and f'token = "{CANARIES[1]}"' in landed
    assert [asked["model"] for asked in site.asked] == ["broken", "sound", "sound"]
    assert not any(canary in prompt for prompt in site.prompts for canary in (*CANARIES, KEY))
    lines = [line.strip() for line in healed.err.splitlines() if "asking" in line]
    assert [line.partition(" (at most 0.00")[0].rpartition(": ")[2] for line in lines] == [
        "asking broken", "asking sound", "asking sound"
    ]  # fmt: skip
    assert all(" USD): " in line and "a solution costs" in line for line in lines)
    assert KEY not in healed.out + healed.err


def test_a_model_whose_hour_is_spent_is_left_out_with_that_reason_and_not_asked_in_vain(patient: NewPatient) -> None:
    other = {name.replace("roman", "other"): text.replace("roman", "other") for name, text in ROMAN.items()}
    project = patient({**ROMAN, **other})
    with served(ApiSite()) as site:
        card = CARD.format(name="own", tier=1, url=site.address) + "calls_per_hour = 1\nconcurrency = 1\nattempts = 1\n"
        with_models(project, card)
        (project.home / ".config" / "dreamscape" / "config.toml").write_text("[budget]\nusd_per_day = 1.0\n")

        healed = project.heal(env={"OWN_KEY": KEY})

    assert healed.states == ["unsolved", "unsolved"], healed.err
    assert len(site.asked) == 1
    assert "WARNING" not in healed.err.upper(), healed.err
    assert any("own: it was asked 1 times this hour" in item["why"] for item in healed.items), healed.items


def test_who_refuses_is_asked_once_and_the_next_is_told(patient: NewPatient) -> None:
    class Refuses(ApiSite):
        def reply(self, number: int) -> Reply:
            if self.asked[number]["model"] == "sound":
                return Reply(pieces=[events(RIGHT)])
            no = {"choices": [{"index": 0, "delta": {"refusal": "I will not."}, "finish_reason": "stop"}]}
            return Reply(pieces=[data(no)])

    project = patient(ROMAN)
    with served(Refuses()) as site:
        cards = [CARD.format(name=name, tier=tier, url=site.address) for tier, name in ((1, "shy"), (2, "sound"))]
        with_models(project, *cards)
        (project.home / ".config" / "dreamscape" / "config.toml").write_text("[budget]\nusd_per_day = 1.0\n")

        healed = project.heal(env={"OWN_KEY": KEY})

    assert healed.states == ["landed"], healed.err
    assert [asked["model"] for asked in site.asked] == ["shy", "sound"]
    assert "Another model: it would not help: I will not." in site.prompts[1]
