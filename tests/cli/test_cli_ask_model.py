"""``ask --model``: any model with a card, through an endpoint of ours."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

import pytest
from api_site import ApiSite, Reply, data, events, refusal, served
from dreamscape_process import Dreamscape

KEY = "test-key-0815"
CARD = """
[[models]]
name = "own"
provider = "api"
url = "{url}"
key_env = "OWN_KEY"
usd_per_million_in = 3.0
usd_per_million_out = 10.0
"""


@pytest.fixture
def site(home: Path) -> Iterator[ApiSite]:
    """An endpoint with a card in the user's configuration, and a budget."""
    folder = home / ".config" / "dreamscape"
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text("[budget]\ncalls_per_day = 9\nusd_per_day = 1.0\n")
    with served(ApiSite()) as site:
        (folder / "models.toml").write_text(CARD.format(url=site.address))
        yield site


@pytest.fixture
def asked(dreamscape_here: Dreamscape, site: ApiSite, monkeypatch: pytest.MonkeyPatch) -> Dreamscape:
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OWN_KEY", KEY)
    return dreamscape_here


def test_the_answer_is_exact_and_no_secret_leaves(asked: Dreamscape, site: ApiSite, project: Path) -> None:
    (project / ".env").write_text("SHOP=canary-1f9e-shop\n")
    (project / "prompt.md").write_bytes(f"a canary-1f9e-shop b {KEY}\r\n\t\x1b[1m\n".encode())

    ended = asked("ask", "--model", "own", "--prompt-file", "prompt.md", "--output", "answer.md")

    assert ended.returncode == 0, ended.stderr
    assert (project / "answer.md").read_bytes() == b"own: " + (project / "prompt.md").read_bytes()
    assert not any(word in site.prompts[0] for word in ("canary", KEY))


def test_json_tells_tokens_cost_and_seconds_but_no_key(asked: Dreamscape, site: ApiSite) -> None:
    ended = asked("ask", "--model", "own", "hello", "--json", "-vv")

    told = json.loads(ended.stdout)
    assert (told["text"], told["finished"], told["tokens_in"], told["tokens_out"]) == ("own: hello", True, 7, 5)
    assert told["cost_usd"] == pytest.approx(71e-6)
    assert told["seconds"] > 0
    assert KEY not in ended.stdout + ended.stderr


def test_before_money_is_spent_a_line_says_how_much_and_why_unless_quiet_is_wanted(
    asked: Dreamscape, site: ApiSite
) -> None:
    told, quiet = asked("ask", "--model", "own", "hello"), asked("ask", "--model", "own", "hello", "-q")

    assert told.stderr == "asking own (at most 0.0410 USD): it is named on the command line\n"
    assert (quiet.stderr, quiet.stdout, told.stdout) == ("", "own: hello", "own: hello")


def test_who_has_no_price_but_a_key_is_told_of_and_who_has_neither_only_as_progress(
    asked: Dreamscape, site: ApiSite, home: Path
) -> None:
    cards = home / ".config" / "dreamscape" / "models.toml"
    key = CARD.format(url=site.address).partition("usd_per")[0]
    cards.write_text(key)
    told = asked("ask", "--model", "own", "hello")
    cards.write_text(key.replace('key_env = "OWN_KEY"', ""))
    silent, progress = asked("ask", "--model", "own", "hello"), asked("ask", "--model", "own", "hello", "-v")

    assert told.stderr == "asking own: it is named on the command line\n"
    assert (silent.stderr, progress.stderr) == ("", told.stderr)


def test_an_answer_that_was_cut_off_is_not_passed_as_whole(asked: Dreamscape, site: ApiSite) -> None:
    site.replies = [Reply(pieces=[events("half of", "length")])]

    ended = asked("ask", "--model", "own", "hello")

    assert (ended.returncode, ended.stdout) == (1, "half of")
    assert "cut off" in ended.stderr


def test_a_refusal_is_shown_and_not_passed_as_an_answer(asked: Dreamscape, site: ApiSite) -> None:
    no = {"choices": [{"index": 0, "delta": {"refusal": "I will not."}, "finish_reason": "stop"}]}
    site.replies = [Reply(pieces=[data(no)]), Reply(pieces=[events("half", "content_filter")])]

    first, second = (asked("ask", "--model", "own", text) for text in ("hello", "hello again"))

    assert (first.returncode, first.stdout, second.returncode, second.stdout) == (1, "I will not.", 1, "half")
    for ended in (first, second):
        assert "own refused to answer" in ended.stderr and "cut off" not in ended.stderr


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        (("hello",), 2, "one model is needed"),
        (("hello", "--model", "own", "--site", "chatgpt"), 2, "contradict each other"),
        (("hello", "--model", "own", "--url", "http://127.0.0.1"), 2, "--url and --account belong to a site"),
        (("hello", "--model", "owm"), 2, "did you mean 'own'?"),
        (("hello", "--model", "nonsense"), 2, "there are remembered, embedded, own"),
        (("hello", "--model", "openai"), 2, "model openai is disabled"),
        (("hello", "--model", "openai"), 2, "enable it: dreamscape models enable openai"),
        (("hello", "--model", "embedded"), 2, "model embedded is only for repair"),
    ],
)
def test_what_cannot_be_asked_is_told(
    asked: Dreamscape, site: ApiSite, args: tuple[str, ...], code: int, words: str
) -> None:
    ended = asked("ask", *args)

    assert (ended.returncode, ended.stdout, site.asked) == (code, "", [])
    assert words in ended.stderr


def test_what_is_left_of_the_hour_to_a_model_that_is_rationed_is_told_and_known_when_routing(
    asked: Dreamscape, site: ApiSite, home: Path, project: Path
) -> None:
    cards = home / ".config" / "dreamscape" / "models.toml"
    cards.write_text(f"{CARD.format(url=site.address)}calls_per_hour = 2\n")
    asked("ask", "--model", "own", "hello")

    text, told = asked("status").stdout, json.loads(asked("status", "--json").stdout)
    (project / "app.py").write_text("def f():\n    return 1\n")
    allowed = json.loads(asked("models", "route", "app.py", "--json").stdout)
    cards.write_text(cards.read_text().replace("calls_per_hour = 2", "calls_per_hour = 1"))
    spent = json.loads(asked("models", "route", "app.py", "--json").stdout)
    (home / ".local/share/dreamscape/sessions/calls.json").write_text("{")
    unreadable = json.loads(asked("status", "--json").stdout)
    cards.write_text("[[models")
    broken = asked("status", "--json")

    assert "1 of 2 calls left to own this hour" in text
    assert "own" not in allowed["refused"]
    assert "asked 1 times this hour" in spent["refused"]["own"]
    assert told["rations"] == [{"key": "own", "limit": 2, "left": 1}]
    assert unreadable["rations"][0]["left"] == 0
    assert (broken.returncode, json.loads(broken.stdout)["rations"]) == (0, [])
    assert "is not valid TOML" in broken.stderr


def test_a_model_whose_answer_todays_tokens_do_not_cover_is_not_decided_about(
    asked: Dreamscape, site: ApiSite, home: Path, project: Path
) -> None:
    (home / ".config" / "dreamscape" / "config.toml").write_text("[budget]\nusd_per_day = 1.0\ntokens_per_day = 6000\n")
    (project / "app.py").write_text("def f():\n    return 1\n")
    site.replies = [Reply(pieces=[events("much", tokens=(3000, 2000))])]

    before = json.loads(asked("models", "route", "app.py", "--json").stdout)
    asked("ask", "--model", "own", "hello")
    after = json.loads(asked("models", "route", "app.py", "--json").stdout)

    assert "own" not in before["refused"]
    assert after["refused"]["own"] == "one answer may take 4096 tokens, and 1000 are left"


def test_a_models_hours_bind_a_person_too(asked: Dreamscape, site: ApiSite, home: Path) -> None:
    cards = home / ".config" / "dreamscape" / "models.toml"
    now = datetime.now().astimezone().hour
    cards.write_text(f'{CARD.format(url=site.address)}hours = "{(now + 2) % 24}-{(now + 3) % 24}"\n')
    closed = asked("ask", "--model", "own", "hello")
    cards.write_text(f'{CARD.format(url=site.address)}hours = "{now}-{(now + 2) % 24}"\n')
    opened = asked("ask", "--model", "own", "hello")

    assert (closed.returncode, opened.returncode, len(site.asked)) == (2, 0, 1)
    assert "own is asked only in the hours" in closed.stderr


def test_a_missing_key_asks_nothing_and_a_wrong_one_is_told(
    asked: Dreamscape, site: ApiSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.replies = [refusal(401, f"incorrect key {KEY}")]
    wrong = asked("ask", "--model", "own", "hello", "--debug")
    monkeypatch.delenv("OWN_KEY")
    missing = asked("ask", "--model", "own", "hello")

    assert (wrong.returncode, missing.returncode, len(site.asked)) == (3, 2, 1)
    assert "does not let us in" in wrong.stderr and KEY not in wrong.stderr
    assert "the environment variable OWN_KEY holds none" in missing.stderr
    assert "asking own" not in missing.stderr


def test_money_is_counted_over_all_projects(asked: Dreamscape, site: ApiSite, home: Path, tmp_path: Path) -> None:
    config = home / ".config" / "dreamscape" / "config.toml"
    config.write_text("[budget]\nusd_per_day = 0.042\n")
    site.replies = [Reply(pieces=[events("dear", tokens=(100, 4000))])]
    first = asked("ask", "--model", "own", "hello")
    second = asked("ask", "--model", "own", "hello", cwd=tmp_path)
    status = json.loads(asked("status", "--json", cwd=tmp_path).stdout)
    config.write_text("[budget]\ncalls_per_day = 9\n")
    without = asked("ask", "--model", "own", "hello")

    assert (first.returncode, second.returncode, without.returncode, len(site.asked)) == (0, 4, 4, 1)
    assert "0.0017 USD are left" in second.stderr
    assert status["usd_spent_today"] == pytest.approx(0.0403)
    assert "no money may be spent" in without.stderr
    assert "asking own" in first.stderr
    assert "asking own" not in second.stderr + without.stderr, "nobody was asked"


def test_a_recorded_answer_needs_neither_model_nor_budget(asked: Dreamscape, site: ApiSite, home: Path) -> None:
    folder = home / ".config" / "dreamscape"
    cards = folder / "models.toml"
    cards.write_text(cards.read_text() + 'recording = "~/kept"\n')
    first = asked("ask", "--model", "own", "hello")
    cards.write_text(cards.read_text().replace('"api"', '"recorded"'))
    (folder / "config.toml").unlink()

    again = asked("ask", "--model", "own", "hello")

    assert (first.stdout, again.stdout, again.returncode, len(site.asked)) == ("own: hello", "own: hello", 0, 1)


def test_a_project_can_neither_add_nor_redirect_a_model(asked: Dreamscape, site: ApiSite, project: Path) -> None:
    evil = CARD.format(url="http://127.0.0.1:9/v1")
    for place in (project, project / "config", project / ".dreamscape"):
        place.mkdir(exist_ok=True)
        (place / "models.toml").write_text(evil)

    assert asked("ask", "--model", "own", "hello").stdout == "own: hello"


def test_shipped_models_outside_are_listed_as_disabled(asked: Dreamscape) -> None:
    told = json.loads(asked("models", "list", "--json").stdout)

    enabled = {card["name"]: card["enabled"] for card in told["models"]}
    assert enabled == {
        "remembered": True, "embedded": True, "own": True,
        "ollama": False, "local": False, "openai": False, "chatgpt": False,
    }  # fmt: skip


@pytest.mark.skipif(sys.platform == "win32", reason="there are no locks on Windows")
def test_machines_that_share_a_ledger_share_their_limits_however_they_meet(
    dreamscape: Dreamscape, site: ApiSite, home: Path, tmp_path: Path
) -> None:
    shared, other = tmp_path / "shared", tmp_path / "other"
    for folder in (home, other):  # two homes stand for two machines
        config = folder / ".config" / "dreamscape"
        config.mkdir(parents=True, exist_ok=True)
        (config / "models.toml").write_text(CARD.format(url=site.address))
        (config / "config.toml").write_text(
            f'[budget]\ncalls_per_day = 3\nusd_per_day = 1.0\n[client]\nledger = "{shared}"\n'
        )

    def ask(folder: Path) -> int:
        return dreamscape("ask", "--model", "own", "hello", env={"HOME": str(folder), "OWN_KEY": KEY}).returncode

    unmounted = ask(home)
    shared.mkdir()
    with ThreadPoolExecutor(6) as pool:
        codes = sorted(pool.map(ask, [home, other] * 3))

    assert (unmounted, codes, len(site.asked)) == (3, [0, 0, 0, 4, 4, 4], 3)
    assert {sums[0] for sums in json.loads((shared / "calls.json").read_text()).values()} == {3}
