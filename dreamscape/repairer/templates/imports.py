"""Imports: one added for a name nobody defines, or corrected to where the name is."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from difflib import get_close_matches

from dreamscape.repairer.project import module_name
from dreamscape.repairer.scope import BUILTINS
from dreamscape.repairer.site import Change, Site

_USUAL = {
    "Path": "pathlib", "defaultdict": "collections", "Counter": "collections", "deque": "collections",
    "OrderedDict": "collections", "namedtuple": "collections", "dataclass": "dataclasses", "field": "dataclasses",
    "datetime": "datetime", "timedelta": "datetime", "date": "datetime", "timezone": "datetime", "wraps": "functools",
    "partial": "functools", "reduce": "functools", "lru_cache": "functools", "cached_property": "functools",
    "chain": "itertools", "product": "itertools", "permutations": "itertools", "combinations": "itertools",
    "groupby": "itertools", "islice": "itertools", "zip_longest": "itertools", "count": "itertools",
    "deepcopy": "copy", "Decimal": "decimal", "Fraction": "fractions", "Enum": "enum", "ABC": "abc",
    "abstractmethod": "abc", "Any": "typing", "Optional": "typing", "Union": "typing", "List": "typing",
    "Dict": "typing", "StringIO": "io", "BytesIO": "io", "itemgetter": "operator", "attrgetter": "operator",
    "contextmanager": "contextlib", "suppress": "contextlib", "heappush": "heapq", "heappop": "heapq",
    "heapify": "heapq", "bisect_left": "bisect", "bisect_right": "bisect", "sqrt": "math", "ceil": "math",
    "floor": "math", "gcd": "math", "urlparse": "urllib.parse", "urljoin": "urllib.parse", "quote": "urllib.parse",
    "Mapping": "collections.abc", "Iterable": "collections.abc", "Sequence": "collections.abc", "dedent": "textwrap",
    "uuid4": "uuid", "sleep": "time", "Iterator": "collections.abc", "Callable": "collections.abc",
}  # fmt: skip


def missing_import(site: Site) -> Iterator[Change]:
    """An import for a name that is used and defined nowhere."""
    known = {*site.scope.variables, *site.scope.globals, *BUILTINS}
    used = {node.id for node in site.expressions if isinstance(node, ast.Name)} - known
    for name in dict.fromkeys([*site.clues.missing_names, *sorted(used)]):
        if name in site.scope.globals:
            continue
        lines = [f"from {_USUAL[name]} import {name}"] if name in _USUAL else []
        if name in sys.stdlib_module_names:
            lines.append(f"import {name}")
        for path in site.project.defining(name)[:4]:
            if path != site.module.source.path:
                lines += [f"from {source} import {name}" for source in _ways(site, path)]
        for at, line in enumerate(lines):
            yield from _at_top(site, line, 1.0 - 0.1 * at)


def _ways(site: Site, path: str) -> list[str]:
    """How a file of the project can be named in an import here: absolute, and relative for a neighbour."""
    own, other = site.module.source.path.rpartition("/")[0], path.rpartition("/")[0]
    ways = [module_name(path)]
    if own and own == other:
        ways.insert(0, "." + module_name(path).rpartition(".")[2])
    return ways


def _at_top(site: Site, line: str, fit: float) -> Iterator[Change]:
    body = site.module.tree.body
    imports = [node for node in body if isinstance(node, ast.Import | ast.ImportFrom)]
    if imports:
        yield from site.insert(line, fit, after=imports[-1])
    elif body and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
        yield from site.insert(line, fit, after=body[0])
    elif body:
        yield from site.insert(line, fit, before=body[0])


def wrong_import(site: Site) -> Iterator[Change]:
    """Another name imported, or the same from another module, by nearest spelling and by where it is defined."""
    match site.node:
        case ast.Import(names=names):
            for alias in names:
                for near in _near_modules(site, alias.name):
                    yield from _written(site, site.text(site.node).replace(alias.name, near, 1), 0.8)
        case ast.ImportFrom(names=[ast.alias(name=name), *_]) if name != "*":
            yield from _from_where_it_is(site, site.node)
            yield from _near_names(site, site.node)
            if site.node.module and site.node.level == 0:
                for near in _near_modules(site, site.node.module):
                    yield from _from(site, site.node.module, near, 0.7)


def _from_where_it_is(site: Site, node: ast.ImportFrom) -> Iterator[Change]:
    written = "." * node.level + (node.module or "")
    for alias in node.names:
        for path in site.project.defining(alias.name)[:4]:
            for source in _ways(site, path):
                if source != written:
                    yield from _from(site, written, source, 0.9)


def _near_names(site: Site, node: ast.ImportFrom) -> Iterator[Change]:
    """What the module defines in the place of what it does not."""
    for path in site.project.sources:
        name = module_name(path)
        if not node.module or (name != node.module and not name.endswith("." + node.module)):
            continue
        module = site.project.module(path)
        defined = [each.name for each in (*module.functions, *module.classes)] if module else []
        for alias in node.names:
            for near in get_close_matches(alias.name, defined, 3, 0.5) if alias.name not in defined else ():
                text = site.text(node)
                yield from _written(site, text.replace(alias.name, f"{near} as {alias.name}", 1), 0.8)
                yield from _written(site, text.replace(alias.name, near, 1), 0.7)


def _near_modules(site: Site, name: str) -> list[str]:
    modules = [module_name(path) for path in site.project.sources if path.endswith(".py")]
    return [near for near in get_close_matches(name, [*modules, *sys.stdlib_module_names], 4, 0.6) if near != name]


def _from(site: Site, written: str, source: str, fit: float) -> Iterator[Change]:
    yield from _written(site, site.text(site.node).replace(f"from {written} ", f"from {source} ", 1), fit)


def _written(site: Site, text: str, fit: float) -> Iterator[Change]:
    start, end = site.module.span(site.node)
    yield site.splice(start, end, text, fit, f"`{text}`")
