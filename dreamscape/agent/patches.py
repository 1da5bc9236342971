"""What a model proposed goes in, with the sources; a candidate with exact edits comes out, or a reason why not."""

from __future__ import annotations

import ast
import io
import textwrap
import tokenize
from collections.abc import Mapping, Sequence

from dreamscape.agent.answers import Proposal, SearchReplace, WholeCode
from dreamscape.domain.repair import Candidate, Edit

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


class PatchRefused(Exception):
    """A proposal cannot be applied; `str()` says why, in words a model can act on. Never leaves the agent."""


def candidate_of(found: Sequence[Proposal], sources: Mapping[str, bytes], origin: str) -> Candidate:
    """One candidate that makes all these changes; every byte they do not touch stays as it is.

    Raises PatchRefused where nothing is proposed, a place cannot be found, or nothing would change.
    """
    if not found:
        raise PatchRefused("the answer holds no change: no search/replace block, diff or fenced Python code")
    texts: dict[str, _Text] = {}
    for proposal in found:
        path = _path_of(proposal, sources)
        text = texts.setdefault(path, _Text(path, sources[path]))
        if isinstance(proposal, SearchReplace):
            text.replace(proposal)
        else:
            text.redefine(proposal)
    edits = [edit for text in texts.values() if (edit := text.edit()) is not None]
    if not edits:
        raise PatchRefused("the answer changes nothing")
    return Candidate(tuple(edits), origin, 1.0, f"change {', '.join(edit.path for edit in edits)} as {origin} proposes")


class _Text:
    """One source being changed, with line ends as LF; encoding and line ends come back in `edit`."""

    def __init__(self, path: str, data: bytes) -> None:
        self.path = path
        self._data = data
        self._encoding = _encoding_of(path, data)
        text = data.decode(self._encoding)
        self._is_crlf = "\r\n" in text and text.count("\r\n") == text.count("\n")
        self.text = text.replace("\r\n", "\n") if self._is_crlf else text

    def replace(self, proposal: SearchReplace) -> None:
        for search, replacement in _readings(proposal):
            times = self.text.count(search)
            if times == 1:
                self.text = self.text.replace(search, replacement)
                return
            if times > 1:
                raise PatchRefused(
                    f"the text to replace stands {times} times in {self.path}; quote more lines around it"
                )
        raise PatchRefused(f"the text to replace does not stand in {self.path} exactly as quoted")

    def redefine(self, proposal: WholeCode) -> None:
        code = textwrap.dedent(proposal.code).strip("\n") + "\n"
        try:
            new = ast.parse(code)
        except SyntaxError as error:
            raise PatchRefused(f"the proposed code does not parse: {error}") from error
        definitions = [node for node in new.body if isinstance(node, Definition)]
        if not definitions:
            raise PatchRefused("the proposed code defines no function or class")
        for definition in definitions:
            self._put(definition, code)

    def _put(self, new: Definition, code: str) -> None:
        old = self._find(new.name, isinstance(new, ast.ClassDef))
        lines = self.text.split("\n")
        first = old.lineno if not new.decorator_list else min([old.lineno, *(d.lineno for d in old.decorator_list)])
        start = min([new.lineno, *(d.lineno for d in new.decorator_list)])
        body = textwrap.indent("\n".join(code.split("\n")[start - 1 : new.end_lineno]), " " * old.col_offset)
        lines[first - 1 : old.end_lineno] = body.split("\n")
        self.text = "\n".join(lines)

    def _find(self, name: str, is_class: bool) -> Definition:
        try:
            tree = ast.parse(self.text)
        except SyntaxError as error:
            raise PatchRefused(f"{self.path} does not parse, so no function can be found in it") from error
        same = [n for n in ast.walk(tree) if isinstance(n, Definition) and n.name == name]
        same = [node for node in same if isinstance(node, ast.ClassDef) == is_class]
        if len(same) != 1:
            raise PatchRefused(f"{self.path} defines {name} {len(same)} times; use a search/replace block")
        return same[0]

    def edit(self) -> Edit | None:
        """The smallest single edit that turns the old bytes into the new ones."""
        text = self.text.replace("\n", "\r\n") if self._is_crlf else self.text
        try:
            new = text.encode(self._encoding)
        except UnicodeEncodeError as error:
            raise PatchRefused(f"the proposed text cannot be written in {self.path}'s encoding: {error}") from error
        if new == self._data:
            return None
        shortest = min(len(new), len(self._data))
        start = next((i for i in range(shortest) if new[i] != self._data[i]), shortest)
        tail = 0
        while tail < shortest - start and new[-1 - tail] == self._data[-1 - tail]:
            tail += 1
        return Edit(self.path, start, len(self._data) - tail, new[start : len(new) - tail])


def _readings(proposal: SearchReplace) -> list[tuple[str, str]]:
    """As quoted, then without blank lines around it, which models add and lose."""
    return [
        (search, replacement)
        for search, replacement in (
            (proposal.search, proposal.replace),
            (proposal.search.strip("\n"), proposal.replace.strip("\n")),
        )
        if search.strip()
    ]


def _path_of(proposal: Proposal, sources: Mapping[str, bytes]) -> str:
    if proposal.path is not None:
        named = [path for path in sources if path == proposal.path or path.endswith(f"/{proposal.path}")]
        if len(named) != 1:
            raise PatchRefused(f"{proposal.path} is not among the files that may be changed: {', '.join(sources)}")
        return named[0]
    holding = [path for path, data in sources.items() if _holds(proposal, path, data)]
    if len(holding) != 1:
        raise PatchRefused(f"it is not clear which file is meant ({len(holding)} would fit); name the file")
    return holding[0]


def _holds(proposal: Proposal, path: str, data: bytes) -> bool:
    try:
        text = _Text(path, data)
        text.replace(proposal) if isinstance(proposal, SearchReplace) else text.redefine(proposal)
    except (PatchRefused, UnicodeDecodeError):
        return False
    return True


def _encoding_of(path: str, data: bytes) -> str:
    try:
        return tokenize.detect_encoding(io.BytesIO(data).readline)[0]
    except SyntaxError as error:
        raise PatchRefused(f"{path} has an encoding that cannot be read") from error
