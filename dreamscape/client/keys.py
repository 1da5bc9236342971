"""A card goes in, the secret its endpoint wants comes out; it is kept nowhere and shown to nobody."""

from __future__ import annotations

from collections.abc import Mapping

from dreamscape.domain.errors import UsageError
from dreamscape.domain.models import ModelCard

SERVICE = "dreamscape"
"""The service under which a keyring keeps keys; the user of each is the card's name."""


def key_of(card: ModelCard, environment: Mapping[str, str]) -> str:
    """The key, from the variable or the keyring that the card names; empty where it names none.

    Raises UsageError where there is no key, or none that could be sent.
    """
    if card.key_env:
        key, place = environment.get(card.key_env, ""), f"the environment variable {card.key_env}"
        hint = f"export {card.key_env}=..., or keep the key in the keyring: keyring = true in its card"
    elif card.keyring:
        key, place = _from_keyring(card.name), "the keyring"
        hint = f"put it there: keyring set {SERVICE} '{card.name}'"
    else:
        return ""
    key = key.strip()
    if not key:
        raise UsageError(f"model {card.name} needs a key, and {place} holds none", hint)
    if not key.isascii() or not key.isprintable() or " " in key:
        raise UsageError(f"model {card.name} needs a key, and what {place} holds is none", hint)
    return key


def _from_keyring(name: str) -> str:
    try:
        import keyring
        from keyring.errors import KeyringError
    except ImportError as error:
        raise UsageError(
            f"model {name} has its key in a keyring, and none can be read", "pip install 'dreamscape[keyring]'"
        ) from error
    try:
        return keyring.get_password(SERVICE, name) or ""
    except KeyringError as error:
        raise UsageError(
            f"the keyring does not give the key of model {name}: {error}", "unlock it, or use key_env in its card"
        ) from error
