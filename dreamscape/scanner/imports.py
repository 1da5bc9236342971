"""Resolves import statements to files of the project, without running anything: the import graph.

A module is found where Python would find it, on the guess that these folders are on the path, in this order: the one
above the importer's outermost package, the project's root, `src`, then any other folder that holds a package or
module of that name. So src layouts, scripts beside their helpers and several roots resolve; names that nobody in the
project answers to are third parties' and give no edge. A name that a package only hands on gives an edge to the package
and one to the module that defines it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence, Set
from typing import Protocol

from dreamscape.scanner.facts import Import, When

Graph = Mapping[str, frozenset[str]]
"""Path of each file -> paths of the files it imports."""
Origin = tuple[str, str]
"""Path of a file and a name it defines, "" for the module itself."""
HOPS = 50
"""How often a name may be handed on before we lose it (chosen; real ones are handed on a few times)."""


class Namespace(Protocol):
    """What a module's names come from; FileFacts are one."""

    @property
    def imports(self) -> Sequence[Import]:
        """Its import statements."""

    @property
    def names(self) -> Sequence[str]:
        """What it defines itself."""

    @property
    def exports(self) -> Sequence[str] | None:
        """Its ``__all__``, None where that is absent or computed."""


def import_graph(files: Mapping[str, Namespace]) -> dict[str, dict[str, When]]:
    """Which file imports which by path, and when: of several statements the firmest counts."""
    return Modules(files).graph()


def at_run_time(graph: Mapping[str, Mapping[str, When]]) -> dict[str, frozenset[str]]:
    """The imports that something may break by: all but those for type checkers."""
    return _up_to(When.LATER, graph)


def at_import(graph: Mapping[str, Mapping[str, When]]) -> dict[str, frozenset[str]]:
    """The imports that run with their module: what makes a circle of these fail, or work by luck."""
    return _up_to(When.MAYBE, graph)


def _up_to(last: When, graph: Mapping[str, Mapping[str, When]]) -> dict[str, frozenset[str]]:
    return {
        path: frozenset([target for target, when in targets.items() if when <= last]) for path, targets in graph.items()
    }


class Modules:
    """Where the project's modules are, and where the names in them come from; answers are remembered, since thousands
    of files import the same names."""

    def __init__(self, files: Mapping[str, Namespace]) -> None:
        self.files = files
        self.paths = files.keys()
        self._roots_of: dict[str, str] = {}
        self._found: dict[tuple[str, str], tuple[str | None, str | None]] = {}
        self._tops: defaultdict[str, set[str]] = defaultdict(set)
        self._folders: set[str] = set()
        self._bindings: dict[str, Mapping[str, Sequence[tuple[Import, str]]]] = {}
        self._names: dict[str, Set[str]] = {}
        self._origins: dict[Origin, Origin | None] = {}
        for path in self.paths:
            self._note_folders(path)
            self._note_top(path, self.root_of(path))
            self._note_top(path, "")
            if path.startswith("src/"):
                self._note_top(path, "src/")

    def _note_top(self, path: str, root: str) -> None:
        self._tops[path[len(root) :].split("/", 1)[0].removesuffix(".py")].add(root)

    def _note_folders(self, path: str) -> None:
        folder = path.rpartition("/")[0]
        while folder and folder not in self._folders:
            self._folders.add(folder)
            folder = folder.rpartition("/")[0]

    def root_of(self, path: str) -> str:
        """The folder above the outermost package a file lies in, with a closing slash ("" for the project)."""
        folder = path[: path.rfind("/") + 1]
        climbed = []
        root = folder
        while root and root not in self._roots_of and f"{root}__init__.py" in self.paths:
            climbed.append(root)
            root = root[: root.rfind("/", 0, -1) + 1]
        root = self._roots_of.get(root, root)
        self._roots_of.update(dict.fromkeys(climbed, root))
        return root

    def graph(self) -> dict[str, dict[str, When]]:
        """See `import_graph`."""
        found: dict[str, dict[str, When]] = {}
        for path, file in self.files.items():
            edges = found[path] = {}
            for statement in file.imports:
                for target in self.targets(path, statement):
                    if target != path and (target not in edges or statement.when < edges[target]):
                        edges[target] = statement.when
        return found

    def targets(self, importer: str, statement: Import) -> Iterator[str]:
        """The files an import statement is about: the module, or submodules named in it, and for names that the module
        only hands on those that define them. Of ``*`` only the submodules in ``__all__`` are followed."""
        module, stem = self.source(importer, statement)
        names = statement.names
        if names == ("*",) and module:
            yield module
            given = self.files[module].exports or ()
            names = tuple(name for name in given if stem is not None and self._at(_join(stem, name)))
        elif not names and module:
            yield module
        for name in names:
            inner = self._at(_join(stem, name)) if stem is not None else None
            origin = self.origin(module, name) if module else None
            if origin:
                yield origin[0]
            if module and (origin is None or origin[0] != inner):
                yield module
            elif inner:
                yield inner

    def source(self, importer: str, statement: Import) -> tuple[str | None, str | None]:
        """The module an import statement names: its file, and its path without ending, as `find` gives them."""
        if not statement.level:
            return self.find(self.root_of(importer), statement.module)
        stem = self._relative_stem(importer, statement)
        return (self._at(stem), stem) if stem is not None else (None, None)

    def origin(self, path: str, name: str, hops: int = HOPS) -> Origin | None:
        """Where what a module calls ``name`` is defined, through all that only hand it on; None for what comes from
        outside the project, or from nowhere that can be told."""
        key = (path, name)
        if key not in self._origins:
            self._origins[key] = None  # asked again on the way: a circle, and no answer
            self._origins[key] = self._origin(path, name, hops - 1) if hops else None
        return self._origins[key]

    def _origin(self, path: str, name: str, hops: int) -> Origin | None:
        if name in self.own_names(path):
            return path, name
        for statement, there in self.bindings(path).get(name, ()):
            if found := self._imported(path, statement, there, hops):
                return found
        for statement in self.files[path].imports:
            if statement.names == ("*",):
                module, _ = self.source(path, statement)
                if module and self._gives(module, name) and (found := self.origin(module, name, hops)):
                    return found
        folder, _, file = path.rpartition("/")
        inner = self._at(_join(folder, name)) if file == "__init__.py" else None
        return (inner, "") if inner else None

    def _imported(self, path: str, statement: Import, name: str, hops: int) -> Origin | None:
        module, stem = self.source(path, statement)
        if not statement.names:
            return (module, "") if module and stem is not None else None
        if module and module != path and (found := self.origin(module, name, hops)):
            return found
        inner = self._at(_join(stem, name)) if stem is not None else None
        return (inner, "") if inner else (module, name) if module and module != path else None

    def own_names(self, path: str) -> Set[str]:
        """What a module defines itself."""
        if path not in self._names:
            self._names[path] = frozenset(self.files[path].names)
        return self._names[path]

    def _gives(self, module: str, name: str) -> bool:
        """Whether a star import of a module brings a name, if the module has it."""
        exports = self.files[module].exports
        return name in exports if exports is not None else not name.startswith("_")

    def bindings(self, path: str) -> Mapping[str, Sequence[tuple[Import, str]]]:
        """What a module's imports bind: the name here -> each statement that binds it and the name there, the firmest
        first. ``import a.b`` binds ``a``, and the whole as ``a.b``."""
        if path not in self._bindings:
            found: defaultdict[str, list[tuple[Import, str]]] = defaultdict(list)
            for statement in sorted(self.files[path].imports, key=lambda one: one.when):
                here = statement.bound or statement.names or (statement.module,)
                for at, name in enumerate(here):
                    found[name].append((statement, statement.names[at] if statement.names else ""))
                if "." in here[0]:
                    top = here[0].partition(".")[0]
                    found[top].append((Import(top, (), 0, when=statement.when), ""))
            self._bindings[path] = found
        return self._bindings[path]

    def find(self, root: str, name: str) -> tuple[str | None, str | None]:
        """A dotted absolute name, seen from an importer's root: its file, and its path without ending.

        A namespace package has no file. Of a name whose end nobody answers to, the longest part that is a file is
        given, without a path. (None, None) is a third party's.
        """
        key = (root, name)
        if key not in self._found:
            self._found[key] = self._search(root, name)
        return self._found[key]

    def _search(self, root: str, name: str) -> tuple[str | None, str | None]:
        others = self._tops.get(name.split(".", 1)[0], ())
        places = sorted(others, key=lambda place: (place != root, place != "", place != "src/", place))
        path = name.replace(".", "/")
        for place in places:
            if module := self._at(place + path):
                return module, place + path
        for place in places:
            if place + path in self._folders:
                return None, place + path
        while "/" in path:
            path = path.rpartition("/")[0]
            for place in places:
                if module := self._at(place + path):
                    return module, None
        return None, None

    def _at(self, stem: str) -> str | None:
        """The package or module file at a path without its ending."""
        package, module = _join(stem, "__init__.py"), f"{stem}.py"
        if package in self.paths:
            return package
        return module if module in self.paths else None

    def _relative_stem(self, importer: str, statement: Import) -> str | None:
        """What a relative name means, as a path without ending; None where its dots lead out of the project."""
        folders = importer.split("/")[:-1]
        above = statement.level - 1
        if above > len(folders):
            return None
        return "/".join([*folders[: len(folders) - above], *filter(None, statement.module.split("."))])


def _join(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name
