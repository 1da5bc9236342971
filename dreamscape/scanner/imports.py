"""Resolves import statements to files of the project, without running anything: the import graph.

A module is found where Python would find it, on the guess that these folders are on the path, in this order: the one
above the importer's outermost package, the project's root, `src`, then any other folder that holds a package or
module of that name. So src layouts, scripts beside their helpers and several roots resolve; names that nobody in the
project answers to are third parties' and give no edge.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from dreamscape.scanner.facts import Import

Graph = Mapping[str, frozenset[str]]
"""Path of each file -> paths of the files it imports."""


def import_graph(imports: Mapping[str, Sequence[Import]]) -> dict[str, frozenset[str]]:
    """Which file imports which; ``imports`` maps the path of every file to its import statements."""
    modules = Modules(imports)
    graph = {}
    for path, statements in imports.items():
        targets = {target for statement in statements for target in modules.targets(path, statement)}
        graph[path] = frozenset(targets - {path})
    return graph


class Modules:
    """Where the project's modules are; answers are remembered, since thousands of files import the same names."""

    def __init__(self, paths: Iterable[str]) -> None:
        self.paths = frozenset(paths)
        self._roots_of: dict[str, str] = {}
        self._found: dict[tuple[str, str], tuple[str | None, str | None]] = {}
        self._tops: defaultdict[str, set[str]] = defaultdict(set)
        self._folders: set[str] = set()
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

    def targets(self, importer: str, statement: Import) -> list[str]:
        """The files an import statement loads: submodules named in it, else the module itself."""
        if statement.level:
            stem = self._relative_stem(importer, statement)
            module = self._at(stem) if stem is not None else None
        else:
            module, stem = self.find(self.root_of(importer), statement.module)
        if not statement.names:
            return [module] if module else []
        inner = [self._at(_join(stem, name)) if stem is not None else None for name in statement.names]
        return [target for target in (found or module for found in inner) if target]

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
