"""A text goes in; it comes out with every secret found in it replaced by a placeholder, and the way back.

Five sources tell a secret: values the caller knows (``.env`` files, the environment, the user's own list), shapes of
well-known keys, places where only a secret stands (a header, a URL's password), names that can hold nothing else
(``password``: see `passwords`), and names such as ``api_key`` with a value that looks random. A secret missed leaks; a
word hidden by mistake costs little, since it is put back.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from dreamscape.tools.passwords import password_spans

_SHAPES = (
    r"-----BEGIN (?P<key>[A-Z ]*PRIVATE KEY(?: BLOCK)?)-----(?:(?!-----)(?s:.)){16,}-----END (?P=key)-----",
    r"\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]*",  # JSON Web Token
    r"\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}\b",  # AWS
    r"\bABSK[A-Za-z0-9+/]{60,}={0,2}",  # AWS Bedrock
    r"\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_\w{60,})",
    r"\b(?:gl[a-z]{2,7}-[\w.-]{20,}|GR1348941[\w-]{20,})",  # GitLab
    r"\bxox[abeprs](?:\.xox[bp])?-(?=[\w-]*\d)[\w-]{10,}",  # Slack
    r"\bhttps?://hooks\.slack\.com/(?:services|workflows|triggers)/[\w/]{20,}",
    r"\bsk-[\w-]{20,}",  # OpenAI, Anthropic and others
    r"\b[rs]k_(?:live|test)_\w{16,}",  # Stripe
    r"\bAIza[\w-]{35}\b",  # Google
    r"\bya29\.[\w-]{20,}",
    r"\bGOCSPX-[\w-]{20,}",
    r"(?<![\w.~-])[\w.~-]{3}\dQ~[\w.~-]{31,34}",  # Azure client secret
    r"\b\d{15,16}(?:\||%)[\w-]{27,40}",  # Facebook
    r"\bEAA[MC]?[A-Za-z0-9]{60,}",
    r"\bops_eyJ[A-Za-z0-9+/]{100,}={0,3}",  # 1Password
    r"\bhv[bs]\.[\w-]{24,}|\bs\.(?=[A-Za-z0-9]*\d)[A-Za-z0-9]{24}\b",  # HashiCorp Vault
    r"\b[A-Za-z0-9]{14}\.atlasv1\.[\w-]{60,}",
    r"\bntn_[A-Za-z0-9]{30,}|\bsecret_[A-Za-z0-9]{43}\b",  # Notion
    r"\bAPI-[A-Z0-9]{26}\b",  # Octopus Deploy
    r"\bsgp_(?:(?:[a-fA-F0-9]{16}|local)_)?[a-fA-F0-9]{40}\b",  # Sourcegraph
    r"\bnpm_[A-Za-z0-9]{36}\b|\bpypi-AgEI[\w-]{50,}",
    r"\bhf_[A-Za-z]{34}\b|\bpplx-[A-Za-z0-9]{48}\b|\bgsk_[A-Za-z0-9]{40,}",
    r"\bSG\.[\w-]{20,}\.[\w-]{40,}|\bkey-[0-9a-f]{32}\b",  # SendGrid, Mailgun
    r"\bdapi[0-9a-f]{32}\b|\bdo[orp]_v1_[0-9a-f]{64}\b|\bshp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}\b",
    r"\bgl(?:sa|c)_[A-Za-z0-9+/_]{32,}={0,2}|\bsntry[su]_[\w+/=-]{40,}|\blin_api_\w{40}\b",
    r"\bsha256~(?=[\w-]*\d)[\w-]{43}\b",  # OpenShift
)

_WORD = (
    r"pass(?:word|wd|phrase)?|pwd|secret|token|api_?key|apikey|access_?key|auth_?key|private_?key|secret_?key"
    r"|credentials?|client_?secret|encryption_?key|signing_?key"
)
_PLACES = (
    # What stands between scheme and host.
    r"\b[a-z][a-z0-9+.-]{0,30}://(?P<value>[^\s/:@\"'<>{}$]{1,256}:[^\s/@\"'<>{}$]{3,256})@",
    r"(?i:\bauthorization[\"']?\s*[:=]\s*[\"']?\s*)(?:[A-Za-z-]{3,16} +)?(?P<value>[\w.~+/=@-]{8,})",
    r"(?i:\bbearer +)(?P<value>[\w.~+/=-]{16,})",
    r"(?i:\bx-[\w-]{0,40}(?:key|token|secret)[\"']?\s*[:=]\s*[\"']?)(?P<value>[\w.~+/=-]{8,})",
    r"\bcurl\b[^\n|;]{0,400}?(?:\\\n[^\n|;]{0,400}?){0,4}\s(?:-u|--user)[ =]*[\"']?"
    r"(?P<value>[^\s\"':<>\[\]{}$]{1,128}:[^\s\"'<>\[\]{}]{0,128})",
)
_ASSIGNED = (
    rf"(?i:(?:{_WORD})\w{{0,64}}(?<!id)(?<!name)(?<!file)(?<!path)(?<!url))[\"']?[\]\)]?\s*(?::=|=>|[:=]|,)\s*(?:[rbf]{{1,2}})?"
    r"(?:\"(?P<double>[^\"\n]{8,512})\"|'(?P<single>[^'\n]{8,512})'|(?P<bare>[^\s\"'(){}\[\],;<>]{12,512}))"
)
"""A name that promises a secret, then its value; whether the value looks like one `_looks_random` tells."""

_SHAPE, _PLACE, _ASSIGNMENT = re.compile("|".join(_SHAPES)), [re.compile(p) for p in _PLACES], re.compile(_ASSIGNED)
_LONG_MIXED = re.compile(r"(?<![\w/+.=-])(?=[A-Z0-9]*[a-z])(?=[a-z0-9]*[A-Z])[A-Za-z0-9]{32,128}(?![\w/+=-])")
"""What no name announces, but nobody writes by hand."""
_EXAMPLE = re.compile(
    r"(?i)example|x{4}|\*{3}|\.{3}|#{4}|<|>|\$\{|\$[a-z_]|your|placeholder|changeme|(.)\1{7}"
    r"|^(?:user(?:name)?|test|xxx):(?:pass(?:word)?|test|token|yyy)$"
)
_SECRET_NAME = re.compile(f"(?i:(?!(?:old)?pwd$).*(?:{_WORD}|_key$))")  # but for the shell's working folders
_EVERYDAY = re.compile(r"[a-zA-Z]*|[\d.,:-]*")
_LONG, _BITS, _BITS_SHORT, _BITS_UNNAMED = 12, 3.0, 2.5, 3.4
"""Characters, and bits per character: chosen on the measured texts; what no name announces must be more random."""

_SHORTEST, _SHORTEST_NAMED = 8, 4
"""Chosen: shorter values of a ``.env`` file are hidden only where their name promises a secret."""


@dataclass(frozen=True, slots=True)
class Redacted:
    """A text fit to leave this machine; ``secrets`` maps each placeholder in it to what stood there."""

    text: str
    secrets: Mapping[str, str]

    def restore(self, answer: str) -> str:
        """What was hidden, put back into an answer to the text; other words stay as they are."""
        if not self.secrets:
            return answer
        known = re.compile("|".join(map(re.escape, self.secrets)))
        return known.sub(lambda found: self.secrets[found[0]], answer)


def redact(text: str, known: Iterable[str] = ()) -> Redacted:
    """Hides the secrets of a text; one secret has one placeholder, numbered in the order of the text.

    ``known`` are values to hide wherever they stand. The same text and values give the same placeholders, and a
    placeholder is a plain identifier that does not occur in the text.
    """
    spans = _merged([*_known_spans(text, known), *_found_spans(text)])
    stem = _unused_stem(text)
    names: dict[str, str] = {}
    parts, at = [], 0
    for start, end in spans:
        name = names.setdefault(text[start:end], f"{stem}_{len(names) + 1}_SECRET")
        parts += [text[at:start], name]
        at = end
    return Redacted("".join([*parts, text[at:]]), {name: secret for secret, name in names.items()})


def named_secrets(variables: Mapping[str, str]) -> frozenset[str]:
    """The values of those variables whose name promises a secret."""
    return frozenset(v for name, v in variables.items() if len(v) >= _SHORTEST_NAMED and _SECRET_NAME.match(name))


def secret_values(variables: Mapping[str, str]) -> frozenset[str]:
    """The values of a ``.env`` file that must not leave: all but everyday words and numbers."""
    unnamed = (v for v in variables.values() if len(v) >= _SHORTEST and not _EVERYDAY.fullmatch(v))
    return named_secrets(variables).union(unnamed)


def read_env(content: str) -> dict[str, str]:
    """The variables of a ``.env`` file: one ``NAME=value`` a line, ``export``, quotes and comments allowed."""
    line = re.compile(
        r"""^\s*(?:export\s+)?([A-Za-z_][\w.-]*)[ \t]*=[ \t]*("[^"]*"|'[^']*'|[^\n]*?)[ \t]*(?:[ \t]#.*)?$""",
        re.MULTILINE,
    )
    return {name: value[1:-1] if value[:1] in "\"'" and value else value for name, value in line.findall(content)}


def _known_spans(text: str, known: Iterable[str]) -> Iterator[tuple[int, int]]:
    values = sorted({value for value in known if value}, key=len, reverse=True)
    if values:
        yield from (found.span() for found in re.finditer("|".join(map(re.escape, values)), text))


def _found_spans(text: str) -> Iterator[tuple[int, int]]:
    for found in _SHAPE.finditer(text):
        if not _EXAMPLE.search(found[0]):
            yield found.span()
    for place in _PLACE:
        for found in place.finditer(text):
            if not _EXAMPLE.search(found["value"]):
                yield found.span("value")
    for found in _LONG_MIXED.finditer(text):
        is_random = _bits_per_character(found[0]) >= _BITS_UNNAMED and not _EXAMPLE.search(found[0])
        if is_random and sum(map(str.isdigit, found[0])) >= len(found[0]) // 10:
            yield found.span()
    yield from password_spans(text)
    for found in _ASSIGNMENT.finditer(text):
        group = found.lastgroup or ""
        if _looks_random(found[group], is_bare=group == "bare"):
            yield found.span(group)


def _bits_per_character(value: str) -> float:
    """Shannon's entropy of the characters."""
    return -sum(n / len(value) * math.log2(n / len(value)) for n in Counter(value).values())


def _looks_random(value: str, *, is_bare: bool) -> bool:
    """Letters and digits mixed beyond what names and sentences have; code that computes a value is none."""
    if _EXAMPLE.search(value) or " " in value or not re.search(r"\d", value) or not re.search(r"[A-Za-z]", value):
        return False
    if is_bare and re.search(r"[\w\])]\.[A-Za-z_]|::|\\", value):
        return False
    return _bits_per_character(value) >= (_BITS if len(value) >= _LONG else _BITS_SHORT)


def _merged(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """In order, what overlaps joined, so that no part of a secret stays."""
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _unused_stem(text: str) -> str:
    stem = "REDACTED"
    while stem in text:
        stem += "_X"
    return stem
