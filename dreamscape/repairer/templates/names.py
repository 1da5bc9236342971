"""Names: another variable, attribute, method or function, the nearest and best fitting first."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from difflib import SequenceMatcher
from functools import lru_cache

from dreamscape.repairer.kinds import fits
from dreamscape.repairer.scope import BUILTINS
from dreamscape.repairer.site import Change, Site
from dreamscape.repairer.source import Splice

_FAMILIES = (
    ("any", "all"), ("min", "max"), ("sum", "len", "max", "min"), ("sorted", "reversed", "list", "set"),
    ("int", "float", "round", "str"), ("list", "tuple", "set", "sorted"), ("floor", "ceil", "trunc", "round"),
    ("isinstance", "issubclass"), ("dict", "OrderedDict", "defaultdict"), ("str", "repr"), ("zip", "zip_longest"),
    ("permutations", "combinations", "product", "combinations_with_replacement"), ("map", "filter"),
    ("hasattr", "getattr"), ("enumerate", "zip", "range"), ("next", "iter", "list"), ("copy", "deepcopy"),
)  # fmt: skip
_METHODS = (
    ("append", "extend", "insert", "add", "appendleft"), ("add", "update", "discard", "append"),
    ("pop", "popleft", "remove"), ("strip", "lstrip", "rstrip"), ("startswith", "endswith"),
    ("find", "rfind", "index", "rindex"), ("keys", "values", "items"), ("upper", "lower", "title", "capitalize"),
    ("split", "rsplit", "splitlines", "partition"), ("partition", "rpartition"), ("ljust", "rjust", "center", "zfill"),
    ("isdigit", "isalpha", "isalnum", "isnumeric", "isdecimal"), ("isupper", "islower"), ("get", "setdefault"),
    ("union", "intersection", "difference", "symmetric_difference"), ("search", "match", "fullmatch", "findall"),
    ("sub", "subn"), ("copy", "deepcopy"), ("sort", "reverse"), ("days", "seconds", "total_seconds"),
    ("year", "month", "day"), ("hour", "minute", "second"), ("weekday", "isoweekday"),
    ("read", "readline", "readlines"),
    ("removeprefix", "removesuffix"), ("group", "groups"), ("union", "update"), ("issubset", "issuperset"),
    ("start", "end", "span"), ("heappush", "heappop", "heapify"), ("bisect_left", "bisect_right", "insort"),
    ("left", "right"), ("next", "prev", "previous"), ("first", "last"), ("encode", "decode"), ("loads", "dumps"),
    ("now", "utcnow"), ("quote", "unquote"), ("remove", "discard"), ("clear", "copy"), ("width", "height"), ("x", "y"),
)  # fmt: skip


@lru_cache(maxsize=16_384)
def similarity(one: str, other: str) -> float:
    """How alike two names are written, 0 to 1."""
    return SequenceMatcher(None, one.lower(), other.lower()).ratio()


def _relatives(name: str, families: tuple[tuple[str, ...], ...]) -> list[str]:
    return list(dict.fromkeys(other for family in families if name in family for other in family if other != name))


def _is_name(node: ast.expr) -> bool:
    match node:
        case ast.Name():
            return True
        case ast.Attribute(value=ast.Name(id="self" | "cls")):
            return True
    return False


def variable(site: Site) -> Iterator[Change]:
    """Another value in scope in the place of a variable or ``self`` attribute."""
    for node in site.loads:
        if not _is_name(node) or (isinstance(node, ast.Name) and node.id in ("self", "cls")):
            continue
        own, kind = site.text(node), site.kind(node)
        for name, near, other in site.values:
            if name != own:
                alike = 0.25 * similarity(own, name)
                yield site.put(node, name, min(1.0, fits(kind, other) * near * (0.8 + alike)))
    for node in site.loads:
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            for owner in site.scope.variables:
                if owner != node.value.id and (node.attr in site.scope.parts.get(owner, ()) or owner == "self"):
                    yield site.put(node, f"{owner}.{node.attr}", 0.9 * site.scope.nearness(owner, site.line))


def stored_name(site: Site) -> Iterator[Change]:
    """Another target of an assignment."""
    for node in site.expressions:
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            for name, near, other in site.values:
                if name != node.id:
                    yield site.put(node, name, near * fits(site.kind(node), other))
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and _is_name(node):
            for name in site.scope.attributes:
                if name != node.attr:
                    yield site.put(node, f"{site.scope.self_name or 'self'}.{name}", 0.6)


def value_of(site: Site) -> Iterator[Change]:
    """A name in the place of a call, subscript or attribute."""
    for node in site.loads:
        if not isinstance(node, ast.Call | ast.Subscript | ast.Attribute | ast.BinOp) or _is_name(node):
            continue
        inside = {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}
        for name, near, other in site.values[:16]:
            yield site.put(node, name, near * fits(site.kind(node), other) * (0.7 if name in inside else 0.5))


def attribute(site: Site) -> Iterator[Change]:
    """Another attribute or method: relatives, what the file uses of the same object, the nearest by name."""
    used = site.scope.attribute_uses
    for node in site.expressions:
        if not isinstance(node, ast.Attribute):
            continue
        owner = site.module.operand(node.value)
        is_called = isinstance(site.module.parents.get(node), ast.Call) and node in _called(site)
        choices: dict[str, float] = {}
        for name in _relatives(node.attr, _METHODS):
            choices[name] = 0.9
        for name, bases in used.items():
            same_base = site.text(node.value) in bases
            near = similarity(node.attr, name)
            choices.setdefault(name, min(1.0, (0.45 if same_base else 0.15) + 0.6 * near**2))
        for name in site.scope.methods if owner in ("self", "cls") and is_called else ():
            choices.setdefault(name, 0.3 + 0.6 * similarity(node.attr, name) ** 2)
        missing = node.attr in site.clues.missing_attributes
        for name in _nearest_members(node.attr) if node.attr not in _BUILT_IN else ():
            near = similarity(node.attr, name)
            choices[name] = max(choices.get(name, 0.0), near if missing else near / 2)
            yield from _everywhere(site, node, name) if missing else ()
        for name, fit in sorted(choices.items(), key=lambda each: -each[1])[:40]:
            if name != node.attr:
                fit = min(1.0, fit * (1.5 if missing else 1.0))
                yield site.splice(*_own_name(site, node), name, fit, f"`{owner}.{node.attr}` becomes `{owner}.{name}`")


_NEAR = 0.75
_MEMBERS = sorted({name for kind in (str, bytes, list, dict, set, frozenset, tuple, int, float) for name in dir(kind)})
_BUILT_IN = frozenset(_MEMBERS)


@lru_cache(maxsize=1_024)
def _nearest_members(name: str) -> tuple[str, ...]:
    """Members of built-in types that are written almost like this."""
    return tuple(member for member in _MEMBERS if member != name and similarity(name, member) >= _NEAR)


def _everywhere(site: Site, node: ast.Attribute, name: str) -> Iterator[Change]:
    """The attribute renamed wherever the file has it: what does not exist is wrong at each place."""
    same = [each for each in ast.walk(site.module.tree) if isinstance(each, ast.Attribute) and each.attr == node.attr]
    if len(same) > 1:
        splices = tuple(Splice(*span, name) for span in sorted(_own_name(site, each) for each in same))
        yield Change(splices, 1.0, f"`{node.attr}` becomes `{name}` in all {len(same)} places")


def _own_name(site: Site, node: ast.Attribute) -> tuple[int, int]:
    """Where the attribute itself is written, without its owner."""
    end = site.module.span(node)[1]
    return end - len(node.attr.encode()), end


def _called(site: Site) -> list[ast.expr]:
    return [node.func for node in site.expressions if isinstance(node, ast.Call)]


def function(site: Site) -> Iterator[Change]:
    """Another function called: relatives among the built-in ones, functions of the file, names alike."""
    for node in site.expressions:
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        own = node.func.id
        choices = dict.fromkeys(_relatives(own, _FAMILIES), 0.9)
        for name in site.scope.callables:
            choices.setdefault(name, 0.3 + 0.6 * similarity(own, name) ** 2)
        for name, near, kind in site.values:
            if kind in ("func", ""):
                choices.setdefault(name, 0.2 * near)
        for name, fit in sorted(choices.items(), key=lambda each: -each[1])[:25]:
            if name != own:
                yield site.put(node.func, name, fit)


def self_prefix(site: Site) -> Iterator[Change]:
    """A missing or superfluous ``self.``."""
    owner = site.scope.self_name
    for node in site.expressions:
        match node:
            case ast.Name(id=name) if owner and name != owner:
                missing = name in site.clues.missing_names
                if name in site.scope.attributes or name in site.scope.methods:
                    yield site.put(node, f"{owner}.{name}", 1.0 if missing else 0.5)
            case ast.Attribute(value=ast.Name(id="self" | "cls"), attr=name):
                if name in site.scope.variables or name in site.scope.globals:
                    yield site.put(node, name, 1.0 if name in site.clues.missing_attributes else 0.5)


def nearest_name(site: Site) -> Iterator[Change]:
    """A known name for one that is not defined."""
    known = {*site.scope.variables, *site.scope.globals, *BUILTINS}
    for node in site.expressions:
        if (isinstance(node, ast.Name) and node.id not in known) or (
            isinstance(node, ast.Name) and node.id in site.clues.missing_names
        ):
            for name in known:
                alike = similarity(node.id, name)
                if alike > 0.6 and name != node.id:
                    yield site.put(node, name, alike)
