"""TOML files go in, checked site profiles come out: what a chat page looks like, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

from dreamscape.domain.errors import UsageError
from dreamscape.tools.toml_files import hint_for, read_toml

if TYPE_CHECKING:
    from pydantic import TypeAdapter

Selectors = tuple[str, ...]
"""CSS selectors for one thing; the first that matches counts, since sites change."""


@dataclass(frozen=True, slots=True)
class SiteProfile:
    """Where things are on a chat page.

    ``url`` opens a new conversation; ``box`` takes the prompt, ``send`` sends it, ``answer`` is one message of the
    model's; ``copy`` inside or behind it copies it (without one it is read from the page, code exactly, all else as
    text), ``finished`` there shows that it is complete (default: ``copy``).
    ``busy`` is seen while the model writes, ``failed`` when it broke off. ``longest_prompt`` counts characters (0: no
    limit is known); a longer one is refused, or split into several messages of one conversation, or attached as a file:
    through ``file_input``, until ``attached`` is to be seen (``too_long``). ``answer_s`` is how long an answer may
    take. An account begins ``prompts_per_minute`` (0: as many as there are) and has ``at_once`` conversations at a time
    (0: as many as its browsers can), ``streams`` of them in one browser (0: found out by the page's protocol); after a
    rate limit it rests for ``cool_down_s``. ``driver`` is chrome or undetected. ``evidence`` tells the date of what the
    selectors rest on, ``verified`` whether somebody has tried them on the site itself.
    """

    name: str
    url: str
    box: Selectors
    send: Selectors
    answer: Selectors
    copy: Selectors = ()
    finished: Selectors = ()
    busy: Selectors = ()
    failed: Selectors = ()
    rate_limit: Selectors = ()
    challenge: Selectors = ()
    logged_out: Selectors = ()
    file_input: Selectors = ()
    attached: Selectors = ()
    longest_prompt: int = 0
    too_long: Literal["refuse", "split", "attach"] = "refuse"
    answer_s: float = 600.0
    prompts_per_minute: float = 6.0
    at_once: int = 2
    streams: int = 0
    cool_down_s: float = 900.0
    driver: Literal["chrome", "undetected"] = "chrome"
    version: int = 1
    evidence: str = ""
    verified: bool = False

    def has(self, url: str) -> bool:
        """Whether an address is of this site: same scheme, host and port."""
        return urlsplit(url)[:2] == urlsplit(self.url)[:2]


NEEDED = ("box", "send", "answer")
"""Keys without which nothing can be asked."""
ENDS = ("finished", "copy")
"""Keys of which one at least must show that an answer is whole."""

_WORDS = {
    "Selectors": "a list of CSS selectors", "str": "a text", "int": "a whole number", "float": "a number",
    "bool": "true or false", "Literal['chrome', 'undetected']": "chrome or undetected",
    "Literal['refuse', 'split', 'attach']": "refuse, split or attach",
}  # fmt: skip
_KEYS = tuple(field.name for field in fields(SiteProfile) if field.name != "name")


@dataclass(frozen=True, slots=True)
class SiteBook:
    """All profiles in some folders, the later ones over the earlier."""

    folders: tuple[Path, ...]

    def names(self) -> list[str]:
        """Of all sites, sorted."""
        return sorted({name for folder in self.folders for name in _names(folder)})

    def named(self, name: str) -> SiteProfile:
        """See `load_site`."""
        return load_site(name, self.folders)

    def having(self, url: str) -> SiteProfile:
        """The site an address is of. Raises UsageError where there is none."""
        for site in map(self.named, self.names()):
            if site.has(url):
                return site
        raise UsageError(f"no chat site is known that has {url}", f"there are {', '.join(self.names())}")


def load_site(name: str, folders: tuple[Path, ...]) -> SiteProfile:
    """The profile called so; each folder's file replaces single keys of the one before.

    Raises UsageError where there is none, or naming file and key for what does not fit.
    """
    files = [folder / f"{name}.toml" for folder in folders]
    found = [path for path in files if name in _names(path.parent)]
    if not found:
        known = sorted({other for folder in folders for other in _names(folder)})
        otherwise = f"there are {', '.join(known)}; yours go into {folders[-1]}"
        raise UsageError(f"there is no site {name!r}", hint_for(name, known, otherwise))
    values: dict[str, object] = {}
    for path in found:
        values |= _read(path)
    return _checked(name, values, found[-1])


def _names(folder: Path) -> set[str]:
    return {path.stem for path in folder.glob("*.toml")}


def _read(path: Path) -> Mapping[str, object]:
    values = read_toml(path)
    for key in values:
        if key not in _KEYS:
            raise UsageError(
                f"{path}: a site has no key {key!r}", hint_for(key, _KEYS, f"a site has {', '.join(_KEYS)}")
            )
    return values


@cache
def _adapter() -> TypeAdapter[SiteProfile]:
    from pydantic import TypeAdapter

    return TypeAdapter(SiteProfile)


def _checked(name: str, values: Mapping[str, object], path: Path) -> SiteProfile:
    from pydantic import ValidationError

    try:
        profile = _adapter().validate_python({**values, "name": name})
    except ValidationError as error:
        key = str(error.errors()[0]["loc"][0])
        kind = next(_WORDS[str(field.type)] for field in fields(SiteProfile) if field.name == key)
        if key not in values:
            raise UsageError(f"{path} lacks the key {key}, {kind}") from error
        raise UsageError(f"{path}: {key} = {values[key]!r} does not fit: it takes {kind}") from error
    if empty := next((key for key in NEEDED if not getattr(profile, key)), None):
        raise UsageError(f"{path}: {empty} names no selector")
    if not any(getattr(profile, key) for key in ENDS):
        raise UsageError(
            f"{path} lacks {' or '.join(ENDS)}, a list of CSS selectors: what shows that an answer is whole"
        )
    for field in fields(SiteProfile):
        value = getattr(profile, field.name)
        if str(field.type) in ("int", "float") and not 0 <= value < float("inf"):
            raise UsageError(f"{path}: {field.name} = {value} does not fit: it takes a number from 0 on")
    if profile.too_long == "attach" and not (profile.file_input and profile.attached):
        raise UsageError(f'{path}: too_long = "attach" needs the keys file_input and attached')
    if urlsplit(profile.url).scheme not in ("http", "https"):
        raise UsageError(f"{path}: url is no address of a web page: {profile.url!r}")
    return profile
