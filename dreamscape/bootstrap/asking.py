"""Joins the client with the user's own configuration, for the commands that ask outside models."""

from __future__ import annotations

import logging
import math
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from dreamscape.bootstrap import Project, build_models, clock, enabled_card
from dreamscape.domain.errors import CannotGoOn, DreamscapeError, UsageError
from dreamscape.domain.models import Answer, ModelCard, Prompt, SessionCheck, SessionState
from dreamscape.domain.spending import Amount, Left, caps
from dreamscape.tools.home import users_folder

if TYPE_CHECKING:
    from dreamscape.client import OpenAIClient
    from dreamscape.client.calls import Ledger

logger = logging.getLogger(__name__)

USERS_SECRETS = "secrets.txt"
"""In the user's configuration: values that no prompt may hold, one a line."""


def build_client(project: Project, ledger: Ledger | None = None) -> OpenAIClient:
    """The only way to a prompt, counted in a ledger, of its own if none is given.

    Sites and secrets are the user's own, never a project's but for its ``.env`` files.
    """
    from dreamscape.client import OpenAIClient
    from dreamscape.client.outside import Outside
    from dreamscape.client.sites import SiteBook
    from dreamscape.client.web import WebSites

    outside = Outside(ledger or build_ledger(project), lambda: frozenset(_secrets(project.root)))
    reached = project.loaded.settings.client
    return OpenAIClient(outside, lambda: WebSites(_session_folder(), reached), SiteBook(_site_folders()))


def ask(project: Project, card: ModelCard, prompt: str) -> Answer:
    """One prompt to a model. Raises UsageError, BudgetSpent, and NoAnswer where none can be had."""
    with build_client(project) as client:
        return client.submit_prompt(Prompt(prompt, "", 1, "it is named on the command line"), card)


CHECK_PROMPT = "Answer with the single word: ready"


def check_session(project: Project, site: str, account: str, url: str | None, *, is_asked: bool) -> SessionCheck:
    """What is found on a chat site; ``is_asked``: one prompt is sent, too. Raises UsageError, BudgetSpent."""
    prompt = Prompt(CHECK_PROMPT, "", 1, "to see an answer") if is_asked else None
    with build_client(project) as client:
        return client.validate_session(site, account, url or "", prompt)


def log_in(project: Project, site: str, account: str, cookies: Path | None) -> None:
    """Opens a window for a person to log in, or takes a file of cookies. Raises UsageError, SessionInUse, NoAnswer."""
    with build_client(project) as client:
        client.login(site, account, cookies)


def sessions(project: Project) -> tuple[SessionState, ...]:
    """The sessions with chat sites kept on this machine."""
    with build_client(project) as client:
        return client.status()


def forget_session(project: Project, session: str) -> None:
    """Deletes a session with its login. Raises UsageError, SessionInUse."""
    with build_client(project) as client:
        client.forget(session)


def card_of_site(site: str, account: str, url: str | None) -> ModelCard:
    """A card for a chat site that has none."""
    return ModelCard(site, "web", site=site, account=account, url=url or "")


def sites_in_words(project: Project) -> dict[str, str]:
    """For each chat site that an enabled card asks, whether its profile was ever tried on the site itself."""
    from dreamscape.client.sites import SiteBook

    book = SiteBook(_site_folders())
    checked = {state.session.partition("@")[0]: state.checked for state in sessions(project) if state.checked}
    told = {}
    for name in dict.fromkeys(card.site for card in build_models(project).cards() if card.enabled and card.site):
        profile = book.named(name)
        if name in checked:
            told[name] = f"found as its profile says, {checked[name]}"
        elif profile.verified:
            told[name] = "its profile was tried on the site itself"
        else:
            told[name] = f"its profile (evidence: {profile.evidence or 'none given'}) was not tried on the site itself"
    return told


def card_called(project: Project, name: str) -> ModelCard:
    """An enabled model's card. Raises UsageError saying which there are, how to enable it, or when it may be asked."""
    from dreamscape.registry.rules import is_at_work

    card = enabled_card(build_models(project).cards(), name, "ask")
    if not is_at_work(card, clock().astimezone()):
        raise UsageError(f"model {name} is asked only in the hours {card.hours}", 'its card says so: see "hours"')
    return card


def spent_and_left(project: Project) -> tuple[Amount, tuple[Left, ...]]:
    """Today, over all projects of this user, what was only reserved included, and what every cap leaves: those of a
    call, an item and a run to a new one. Where nothing tells what was spent, as when asking, nothing is left."""
    ledger, limits = build_ledger(project), list(caps(project.loaded.settings.budget))
    try:
        spent, told = ledger.spent_today(), {each.key: each.left for each in ledger.left()}
    except DreamscapeError as error:
        if limits:
            logger.warning("no outside model is asked: %s", error)
        return Amount(), tuple(Left(cap.key, cap.limit, 0.0) for cap in limits)
    return spent, tuple(Left(cap.key, cap.limit, told.get(cap.key, cap.limit)) for cap in limits)


def rations(project: Project) -> tuple[Left, ...]:
    """What is left of this hour to each enabled model whose card takes so many calls an hour, by its name; 0 where what
    was asked cannot be read, none where the cards cannot."""
    try:
        cards = [card for card in build_models(project).cards() if card.enabled and card.calls_per_hour]
    except UsageError as error:
        logger.warning("%s", error)
        return ()
    ledger = build_ledger(project)
    try:
        asked = [ledger.asked_this_hour(card.name) for card in cards]
    except DreamscapeError:
        asked = [card.calls_per_hour for card in cards]
    return tuple(
        Left(card.name, card.calls_per_hour, max(0, card.calls_per_hour - count))
        for card, count in zip(cards, asked, strict=True)
    )


def usd_left(ledger: Ledger, item: str) -> float:
    """What all caps together leave for a failure, by its fingerprint; any amount where none is in money, since then no
    model that costs some is asked."""
    try:
        return min((each.left for each in ledger.left(item) if each.key.startswith("usd")), default=math.inf)
    except DreamscapeError:
        return 0.0


def tokens_left(ledger: Ledger, item: str) -> float:
    """The same in tokens; any number where that cannot be read, which asking tells."""
    try:
        return min((each.left for each in ledger.left(item) if each.key.startswith("tokens")), default=math.inf)
    except DreamscapeError:
        return math.inf


def asked_this_hour(ledger: Ledger, model: str) -> int:
    """How often a model was asked in this hour; 0 where that cannot be read, which asking tells."""
    try:
        return ledger.asked_this_hour(model)
    except DreamscapeError:
        return 0


def _site_folders() -> tuple[Path, ...]:
    from dreamscape.settings import shipped_file, user_file

    own = user_file("sites")
    return (shipped_file("sites"), *([own] if own else []))


def build_ledger(project: Project) -> Ledger:
    """What outside models may cost, and have cost this user."""
    from dreamscape.client.calls import Ledger

    settings = project.loaded.settings
    return Ledger(lambda: _ledger_folder(settings.client.ledger), settings.budget, clock)


def _ledger_folder(shared: str) -> Path:
    """One that is shared is never made: where it is not mounted, a new one would count from nothing."""
    if not shared:
        return _session_folder()
    path = Path(shared).expanduser()
    if not path.is_dir():
        raise CannotGoOn(f"there is no folder {path} to count calls in", "client.ledger names it: is it mounted?")
    return path


def _session_folder() -> Path:
    folder = users_folder("data")
    if folder is None:
        raise CannotGoOn("there is no home folder to keep the session of a chat site in", "set HOME to a whole path")
    return folder / "sessions"


def _secrets(root: Path) -> Iterator[str]:
    """What no prompt may hold: the user's list, the project's ``.env`` files, the environment's keys and passwords."""
    from dreamscape.settings import user_file
    from dreamscape.tools.redact import named_secrets, read_env, secret_values

    own = user_file(USERS_SECRETS)
    if own is not None and own.is_file():
        yield from filter(None, map(str.strip, own.read_text("utf-8", "replace").splitlines()))
    for path in sorted(root.glob(".env*")):
        if path.is_file():
            yield from secret_values(read_env(path.read_text("utf-8", "replace")))
    yield from named_secrets(os.environ)
