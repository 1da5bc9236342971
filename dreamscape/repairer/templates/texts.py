"""Texts: string constants corrected by what was expected, pattern flags and anchors, letter case."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from difflib import SequenceMatcher

from dreamscape.repairer.site import Change, Site

_TWINS = {"r": "rb", "rb": "r", "w": "wb", "wb": "w", "%d": "%m", "utf8": "utf-8", "ascii": "utf-8"}


def text_constant(site: Site) -> Iterator[Change]:
    """A string written a little differently; first as the values compared suggest."""
    for node in site.loads:
        if not isinstance(node, ast.Constant) or not isinstance(node.value, str) or len(node.value) > 200:
            continue
        if node.end_lineno != node.lineno:
            continue
        value = node.value
        choices: dict[str, float] = {}
        for other in _expected(site, value):
            choices.setdefault(other, 1.0)
        for other, fit in _variants(value):
            choices.setdefault(other, fit)
        for other, fit in choices.items():
            if other != value:
                yield site.put(node, _written(site.text(node), other), fit)


def _written(old: str, value: str) -> str:
    """The new value in the old constant's prefix and quotes, where they can hold it."""
    prefix = old[: len(old) - len(old.lstrip("rRbBuU"))]
    quote = old[len(prefix)]
    raw = "r" in prefix.lower()
    if raw and quote not in value and "\n" not in value and not value.endswith("\\"):
        return f"{prefix}{quote}{value}{quote}"
    text = repr(value)
    if quote == '"' and text[0] == "'" and '"' not in text:
        text = f'"{text[1:-1]}"'
    return text


def _variants(value: str) -> Iterator[tuple[str, float]]:
    for other, fit in ((value.lower(), 0.5), (value.upper(), 0.5), (value.title(), 0.4), (value.strip(), 0.6),
                       (value + " ", 0.4), (" " + value, 0.3), (value + "\n", 0.3), (value[:-1], 0.4), (value[1:], 0.3),
                       ("", 0.4), (_TWINS.get(value, value), 0.6), (value + "s", 0.2), (value.replace("_", "-"), 0.4),
                       (value.replace("-", "_"), 0.4), (value.replace(" ", ""), 0.3)):  # fmt: skip
        yield other, fit
    if value in ("", " ", ",", ", ", ";", "\n", "\t", "-", "_", ".", "/", ":", "|", "="):
        for other in ("", " ", ", ", ",", "\n", "-", "_", ".", "/", ":", ";"):
            yield other, 0.35
    if any(mark in value for mark in "\\[](){}^$*+?|"):
        for other, fit in _patterns(value):
            yield other, fit
    if "{" in value or "%" in value:
        for old, new in (("%d", "%s"), ("%s", "%d"), ("%s", "%r"), ("{}", "{!r}"), ("%Y", "%y"), ("%y", "%Y"),
                         ("%m", "%M"),
                         ("%M", "%m"), ("%H", "%I"), ("%I", "%H"), ("%d", "%02d"), (":d", ":02d"), ("%.1f", "%.2f"),
                         (".1f", ".2f"), (".2f", ".1f"), ("%m", "%d"), ("%d", "%m"),
                         (">", "<"), ("<", ">")):  # fmt: skip
            if old in value:
                yield value.replace(old, new, 1), 0.5


def _patterns(value: str) -> Iterator[tuple[str, float]]:
    yield "^" + value, 0.4
    yield value + "$", 0.5
    yield "^" + value + "$", 0.3
    for old, new in (("*", "+"), ("+", "*"), ("\\w", "\\S"), ("\\d", "\\w"), ("\\s", "\\s*"),
                     ("\\s+", "\\s*"), ("\\s*", "\\s+"),
                     (".*", ".*?"), (".+", ".+?"), (".", "\\."), ("?", ""), ("^", ""), ("$", ""), ("a-z", "a-zA-Z"),
                     ("0-9", "0-9a-f"), ("\\d", "-?\\d"), ("\\d+", "\\d*"),
                     ("]", "-]"), ("]+", "]*"), ("]", "_]")):  # fmt: skip
        at = value.find(old)
        while at >= 0:
            yield value[:at] + new + value[at + len(old) :], 0.4
            at = value.find(old, at + len(old))


def _expected(site: Site, value: str) -> Iterator[str]:
    """What the constant would have to be for the actual text to become the expected one."""
    for left, right in site.clues.pairs:
        for actual, wanted in ((left, right), (right, left)):
            if not isinstance(actual, str) or not isinstance(wanted, str):
                continue
            if value and value == actual:
                yield wanted
            at = actual.find(value) if value.strip() else -1
            if at >= 0:
                before, after = actual[:at], actual[at + len(value) :]
                if wanted.startswith(before) and wanted.endswith(after) and len(wanted) >= len(before) + len(after):
                    yield wanted[len(before) : len(wanted) - len(after)]
                yield from _aligned(value, actual, wanted, at)


def _aligned(value: str, actual: str, wanted: str, at: int) -> Iterator[str]:
    if len(actual) > 500 or len(wanted) > 500:
        return
    for tag, start, end, new_start, new_end in SequenceMatcher(None, actual, wanted, autojunk=False).get_opcodes():
        if tag != "equal" and at <= start and end <= at + len(value):
            yield value[: start - at] + wanted[new_start:new_end] + value[end - at :]


def formatted(site: Site) -> Iterator[Change]:
    """A format specification or conversion of an f-string corrected, and literal parts as the values suggest."""
    for node in site.loads:
        if not isinstance(node, ast.JoinedStr) or node.end_lineno != node.lineno:
            continue
        old = site.text(node)
        for one, other in ((":.1f", ":.2f"), (":.2f", ":.1f"), (":.0f", ":.1f"), (":d", ":02d"), (":02d", ":d"),
                           ("}", "!r}"),
                           (":02d", ":03d"), ("!r", ""), (":>", ":<"), (":<", ":>"), (":.3f", ":.2f"), ("!s", "!r"),
                           (", ", ","), (": ", ":"), (":", ": "), (" ", ""), ("}{", "} {"),
                           ("}", ":02d}"), ("}", ":.2f}")):  # fmt: skip
            at = old.find(one, 2)
            while at >= 0:
                yield site.put(node, old[:at] + other + old[at + len(one) :], 0.4)
                at = old.find(one, at + len(one))
        for part in node.values:
            if isinstance(part, ast.Constant) and isinstance(part.value, str) and old.count(part.value) == 1:
                for wanted in _expected(site, part.value):
                    if not set(wanted) & set("{}\\'\"\n"):
                        yield site.put(node, old.replace(part.value, wanted), 1.0)
