"""The classes of a project and what they inherit, as far as names tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set

from dreamscape.scanner.facts import ClassFacts, FileFacts
from dreamscape.scanner.imports import Modules, Origin


class Classes:
    """Every class by the file and the name it is defined by; lines of descent are remembered."""

    def __init__(self, files: Mapping[str, FileFacts], modules: Modules) -> None:
        self._modules = modules
        self._of = {path: {each.name: each for each in facts.classes} for path, facts in files.items()}
        self._functions = {path: frozenset([each.name for each in facts.functions]) for path, facts in files.items()}
        self._bases: dict[Origin, tuple[Origin | None, ...]] = {}
        self._lineages: dict[Origin, Sequence[Origin]] = {}

    def named(self, path: str) -> Set[str]:
        """The classes of one file."""
        return self._of[path].keys()

    def has(self, origin: Origin) -> bool:
        """Whether this is a class."""
        return origin[1] in self._of[origin[0]]

    def member(self, owner: Origin, name: str) -> Origin | None:
        """What a module or class calls by a name: where that is defined; None where it cannot be told."""
        path, within = owner
        if not within:
            return self._modules.origin(path, name)
        for place, base in self.lineage(owner) if self.has(owner) else ():
            inner = f"{base}.{name}"
            if inner in self._of[place] or inner in self._functions[place]:
                return place, inner
        return None

    def lineage(self, origin: Origin) -> Sequence[Origin]:
        """A class and what it inherits from within the project, in the order in which Python would ask them; for
        classes that Python could put in no order, some order."""
        if origin not in self._lineages:
            self._lineages[origin] = self._ordered(origin)
        return self._lineages[origin]

    def _ordered(self, origin: Origin) -> list[Origin]:
        """Bases after all that inherit from them, earlier bases before later ones: depth first, backwards."""
        done: dict[Origin, None] = {}
        seen = {origin}
        path = [(origin, list(self._known_bases(origin)))]
        while path:
            node, left = path[-1]
            if not left:
                done[node] = None
                path.pop()
            elif (base := left.pop()) not in seen:
                seen.add(base)
                path.append((base, list(self._known_bases(base))))
        return list(reversed(done))

    def _known_bases(self, origin: Origin) -> list[Origin]:
        return [base for base in self._bases_of(origin) if base is not None]

    def has_strange_base(self, origin: Origin) -> bool:
        """Whether a class inherits from one that is not the project's."""
        return any(None in self._bases_of(each) for each in self.lineage(origin))

    def _bases_of(self, origin: Origin) -> tuple[Origin | None, ...]:
        if origin not in self._bases:
            path, name = origin
            facts: ClassFacts = self._of[path][name]
            found = [self._class(path, base) for base in facts.bases if base not in ("object", "Generic", "Protocol")]
            self._bases[origin] = tuple(found)
        return self._bases[origin]

    def _class(self, path: str, name: str) -> Origin | None:
        """The class that a file calls by a dotted name."""
        bound = self._modules.bindings(path)
        head, _, rest = name.partition(".")
        while rest and f"{head}.{rest.partition('.')[0]}" in bound:
            word, _, rest = rest.partition(".")
            head = f"{head}.{word}"
        origin = self._modules.origin(path, head)
        for word in rest.split(".") if rest else ():
            origin = self.member(origin, word) if origin else None
        return origin if origin and self.has(origin) else None
