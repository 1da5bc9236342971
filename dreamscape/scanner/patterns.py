"""Lines in gitignore syntax go in, compiled patterns come out, each knowing its line; pathspec translates them.

A translation is remembered between scans by the text it was made of, since importing pathspec costs as much CPU as a
warm scan. What comes back from a memory is data that a project may have written itself, so only expressions of the
shape pathspec writes are taken: one that takes exponential time cannot be among them.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

_FOLDER_MARK = "(?P<ps_d>/)"
"""pathspec's name for the slash behind a matched folder."""
_SHAPE = (
    r"(?s:\.|\^?(?:\(\?:\.\+/\)\?|\(\?:/\.\+\)\?|\(\?:\(\?P<ps_d>/\)\|\$\)|\(\?P<ps_d>/\)|\[\^/\][*+]?"
    r"|\[\^?\]?(?:\\.|[^\]\\])*\]|\\.|[^\\()\[\]{}*+?.|^$])*)"
)
"""What pathspec writes, and nothing that backtracks more."""

Translated = tuple[str, bool, bool, int, str]
"""An expression, whether it leaves out, whether it means folders alone, its line in the file (1-based), its text."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """One line of a rule file; ``leaves_out`` is False for those that begin with ``!``."""

    regex: re.Pattern[str]
    leaves_out: bool
    folders_only: bool
    line: int
    text: str

    def fits(self, path: str) -> bool:
        """Whether the pattern means this very path; pathspec's expressions also match what lies below one.

        The difference shows where a later pattern takes back a parent that was never left out.
        """
        match = self.regex.search(path)
        if match is None or (self.folders_only and not path.endswith("/")):
            return False
        below = match["ps_d"] if self.regex.groups else None
        if below is None:
            return match.end() < len(path) or not match.group().endswith("/")  # "a/**" is all in a, not a itself
        return match.end() == len(path) or (match.group() == "/" and self.regex.pattern[0] != "^" and path[-1] == "/")


@dataclass(frozen=True, slots=True)
class Patterns:
    """The patterns of one text in its order; ``any_of`` finds whatever any of them may fit, at one look."""

    each: tuple[Pattern, ...]
    any_of: re.Pattern[str]

    def last_fitting(self, path: str) -> Pattern | None:
        """The pattern that decides about a path; folders end in a slash."""
        if self.any_of.search(path) is None:
            return None
        return next((pattern for pattern in reversed(self.each) if pattern.fits(path)), None)


class PatternBook:
    """Compiles each text once; ``known`` maps digests to translations of earlier scans, ``new`` gathers today's."""

    def __init__(self, known: Mapping[bytes, Iterable[Translated]] | None = None) -> None:
        self._known = known or {}
        self._compiled: dict[bytes, Patterns | None] = {}
        self.new: dict[bytes, list[Translated]] = {}

    def compiled(self, text: str) -> Patterns | None:
        """The patterns of a text; None where it says nothing."""
        digest = hashlib.blake2b(text.encode("utf-8", "surrogateescape"), digest_size=16).digest()
        if digest not in self._compiled:
            self._compiled[digest] = self._from_memory(digest) or self._from_text(digest, text)
        return self._compiled[digest]

    def _from_memory(self, digest: bytes) -> Patterns | None:
        known = list(self._known.get(digest, ()))
        return _compile(known) if known and all(re.fullmatch(_SHAPE, regex) for regex, *_ in known) else None

    def _from_text(self, digest: bytes, text: str) -> Patterns | None:
        lines = [(at, line.removesuffix("\r")) for at, line in enumerate(text.removeprefix("\ufeff").split("\n"), 1)]
        meant = [(at, line) for at, line in lines if line.strip() and not line.startswith("#")]
        translated = list(_translated(meant)) if meant else []
        if translated:
            self.new[digest] = translated
        return _compile(translated)


def _compile(translated: Iterable[Translated]) -> Patterns | None:
    """Raises nothing: an expression that `re` refuses is dropped, as git drops a pattern that means nothing."""
    each: list[Pattern] = []
    for regex, leaves_out, folders_only, line, text in translated:
        try:
            each.append(Pattern(re.compile(regex, re.DOTALL), leaves_out, folders_only, line, text))
        except re.error:
            continue
    if not each:
        return None
    whole = "|".join(pattern.regex.pattern.replace(_FOLDER_MARK, "/") for pattern in each)
    return Patterns(tuple(each), re.compile(whole, re.DOTALL))


def _translated(lines: Iterable[tuple[int, str]]) -> Iterable[Translated]:
    """What pathspec makes of each line; one that means nothing (``!``, an unclosed range) is dropped, as git does."""
    from pathspec import GitIgnoreSpec
    from pathspec.pattern import RegexPattern
    from pathspec.patterns.gitignore import GitIgnorePatternError

    for at, line in lines:
        # pathspec reads "a/**/" as the folder a itself; git means the folders inside it
        is_inside = line.rstrip(" ").endswith("/**/")
        try:
            (pattern,) = GitIgnoreSpec.from_lines([line.rstrip(" ")[:-1] if is_inside else line]).patterns
        except GitIgnorePatternError:
            continue
        if isinstance(pattern, RegexPattern) and pattern.regex is not None and pattern.include is not None:
            yield str(pattern.regex.pattern), pattern.include, is_inside, at, line
