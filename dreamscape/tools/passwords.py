"""A text goes in; out come the places of values that stand under names which can hold nothing but a secret.

Such a value is hidden however it looks, since people choose words: what stands in quotes, and what stands bare at the
end of a line, as configuration files and notes have it. Left alone is what is plainly none: a placeholder, a path, a
type, a variable, a call or an attribute.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterator

_NAME = (
    r"(?i:password|passwd|pass[_-]?phrase|passcode|(?<![a-z])pwd|(?<=[a-z][_-])pwd"
    r"|(?:db|user|mysql|pg|postgres|smtp|e?mail|ftp|redis|admin|root|ssh|login|auth|proxy)[_-]?pass"
    r"|(?:client|app|api|consumer|shared|jwt)[_-]?secret|private[_-]?key|secret[_-]?(?:access[_-]?)?key)(?![\w-])"
)
_SIGNS = ("pass", "pwd", "secret", "private", "identified")
"""One of these stands in every text that has such a name: most have none, and need not be searched."""
_TYPE = r":[ ]?[\w.]{1,40}(?:\[[^\]\n=]{0,60}\]{1,3})?(?:[ ]\|[ ]\w{1,20})?[ ]?="
_DOUBLE = r"\"(?P<double>(?:[^\"\\\n]|\\.){4,256})\""
_SINGLE = r"'(?P<single>(?:[^'\\\n]|\\.){4,256})'"
_QUOTED = f"(?:{_DOUBLE}|{_SINGLE})"
_ASSIGNED = re.compile(
    rf"{_NAME}[\"']?[\])]?[ \t]{{0,20}}(?P<sign>={{1,3}}>?|!=|:=|{_TYPE}|:|is:)[ \t]{{0,20}}"
    rf"(?:[rRbBuU]{{0,2}}{_QUOTED}|(?P<bare>[^\s\"'`,][^\s\"'`]{{3,255}})(?=[ \t]*(?:[ \t]#.*)?\r?$))",
    re.MULTILINE,
)
_HANDED = re.compile(
    rf"(?i:get|set|put|env|default)\w{{0,20}}\(\s{{0,20}}[\"'][\w.-]{{0,40}}{_NAME}[\"'],\s{{0,20}}{_QUOTED}\s*\)"
)
"""A variable of the environment or of a configuration with its value, or what holds without one."""
_AMONG_OTHERS = re.compile(
    rf"(?:--[\w-]{{0,40}}|[;?&][ ]?\w{{0,40}}|\b(?=[A-Z])[A-Z0-9_]{{0,40}}?){_NAME}="
    r"(?P<bare>[^\s\"'`;&<>(){}\[\]|,]{4,256})"
)
"""Options of a command, parts of an address or of a connection, variables before a command."""
_IN_A_CONNECTION = re.compile(rf"{_NAME}=(?P<bare>[^\s\"'`;&<>(){{}}\[\]|,]{{4,256}})(?=[ ]\w{{1,40}}=|[\"'])")
_STATED = re.compile(
    r"\b(?:IDENTIFIED[ ]BY|(?i:(?:create|alter)[ ](?:user|role)\b[^\n;]{0,100}?[ ](?:identified[ ]by|password)))[ ]"
    rf"{_QUOTED}"
    r"|\blogin[ \t]+\S{1,80}\s+password[ \t]+(?P<bare>\S{4,256})"
)
"""In SQL, and in a file of logins (.netrc)."""

_WORD = r"(?:pass(?:word|wd|phrase|code)?|pwd|pw|secret|token|key|credentials?)"
_NO_SECRET = re.compile(
    r"(?i:(?:none|null|nil|true|false|undefined|required|optional|empty|blank|hidden|unset|unknown|invalid)"
    rf"|(?:(?:my|the|a|an|some|any|your|new|old|current|enter|db|user|admin|wrong|bad|client|private|api)[\W_]*)*{_WORD}s?[:*]?"
    r"|(?:string|bytes|str|text|char|varchar|any|object|type|boolean)"
    r"|\$\w+|\$?\{.*\}|\$\(.*|%\w+%|%\(\w+\)s|<.*>|\[.*\]|:\w+|(?P<same>[x*._#?-])(?P=same)*"
    r"|(?:\.{0,2}|~|[a-z]:)[/\\][^\s]*|https?://.*|[\w./-]+\.(?:pem|key|crt|cer|p12|pfx|txt|json|ya?ml|toml|env|py))"
    rf"|[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*_(?:PASS(?:WORD|WD|PHRASE)?|PWD|SECRET|KEY)"
    r"|[a-z]+(?:[A-Z][a-z]+)*(?:Password|Secret|Key)"
)
_EXAMPLE = re.compile(
    r"(?i)example|placeholder|change[\W_]?(?:me|it|this)|your[\W_]|redacted|x{4}|\*{3}|\.{3}|\{[a-z_][\w.!:]*\}|\{\{"
)
_CALL = re.compile(r"[A-Za-z_][\w.]*(?:\(.*\)|\[.*\]).*|.*[(\[{,\\|]|[\[({].*|[^(]*\)+[:;]?")
_ATTRIBUTE = re.compile(
    r"(?:self|cls|os|args|settings|config|conf|options|request|user)\..*|[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+"
)
_TYPE_NAME = re.compile(r"(?:[A-Z][a-z]+)*(?:Str|String|Bytes|Field|Type|Column|Password|Secret|Text|Char|Any)")
_VARIABLE = re.compile(rf"(?i:[a-z_]*{_WORD}(?:_[a-z]+)?)")
_SENTENCE = re.compile(rf"(?i)(?=.*{_WORD}).* .*")
"""What is said about a password is none."""
_CONDITION = re.compile(r"[^\w]*(?:if|elif|while|lambda|def|return|assert|with|for|case)\b|.*(?:[\"(]|(?<!\w)')")


def password_spans(text: str) -> Iterator[tuple[int, int]]:
    """Where the values stand, in no order; two places may overlap."""
    lowered = text.lower()
    if not any(sign in lowered for sign in _SIGNS):
        return
    for found in _ASSIGNED.finditer(text):
        group = found.lastgroup or ""
        is_bare = group == "bare"
        if is_bare and not (_is_own_line(text, found.start()) and _is_literal(found, text)):
            continue
        yield from _hidden(found, group)
    for pattern in (_HANDED, _AMONG_OTHERS, _IN_A_CONNECTION, _STATED):
        for found in pattern.finditer(text):
            yield from _hidden(found, found.lastgroup or "")


def _hidden(found: re.Match[str], group: str) -> Iterator[tuple[int, int]]:
    value = found[group]
    if not (_NO_SECRET.fullmatch(value) or _EXAMPLE.search(value) or _SENTENCE.fullmatch(value)):
        yield found.span(group)


def _is_own_line(text: str, at: int) -> bool:
    """Whether before the name stands what stands there in a configuration file or a note, and not a piece of code."""
    start = text.rfind("\n", max(0, at - 80), at) + 1 if at else 0
    return (start > 0 or at < 80) and not _CONDITION.match(text[start:at])


def _is_literal(found: re.Match[str], text: str) -> bool:
    """Whether a bare value stands for itself: code would bind the name that it is elsewhere."""
    value, sign = found["bare"], found["sign"]
    if keyword.iskeyword(value) or _CALL.fullmatch(value) or _VARIABLE.fullmatch(value):
        return False
    if sign == ":" and _TYPE_NAME.fullmatch(value):
        return False
    is_spaced = text[found.start("sign") - 1].isspace() or sign not in (":", "=")
    if _ATTRIBUTE.fullmatch(value):
        return not is_spaced and not value.startswith(("self.", "cls.", "os.", "args."))
    if value.isidentifier():
        return not _is_bound(value, text) and not (is_spaced and text[: found.start()].endswith(("self.", "cls.")))
    return True


def _is_bound(name: str, text: str) -> bool:
    handed = rf"(?:\b(?:for|as|import|def|class|lambda)[ ]+|[(,*]\s{{0,20}}){name}\s{{0,20}}[,:=()]"
    binds = rf"{handed}|^[ \t]*{name}[ ]?(?::[^=\n]+)?="
    return re.search(binds, text, re.MULTILINE) is not None
