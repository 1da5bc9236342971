"""Reads the small classic programs: each is one ``classics/NAME.case`` of three parts, program, tests and inputs.

The program is the right one; a line that ends in ``#! TEXT`` reads ``TEXT`` in the program under repair (nothing after
``#!`` means that the line is missing there; ``#!+ TEXT`` means that ``TEXT`` follows the line there). The tests are
shown. The inputs are held back: ``inputs(draw)`` yields (function, arguments) for a ``random.Random``; the function is
the program's, or one defined beside ``inputs`` that drives it.
"""

from __future__ import annotations

import pickle
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

FOLDER = Path(__file__).resolve().parent / "classics"
INPUTS = 300
MARK = re.compile(r"^(?P<indent>\s*)(?P<right>.*?)\s*#!(?P<more>\+?) ?(?P<wrong>.*)$")


@dataclass(frozen=True, slots=True)
class Classic:
    """A small program: the right and the wrong text, its tests, and the source of the held-back inputs."""

    id: str
    right: str
    wrong: str
    tests: str
    inputs: str

    @property
    def source(self) -> str:
        return f"{self.id}.py"

    def write(self, tree: Path, *, fixed: bool) -> None:
        tree.mkdir(parents=True)
        (tree / self.source).write_text(self.right if fixed else self.wrong)
        (tree / f"test_{self.id}.py").write_text(self.tests)

    def write_inputs(self, tree: Path) -> None:
        (tree / f"held_{self.id}.py").write_text(self.inputs)

    def calls(self) -> list[tuple[str, str, bytes, bool]]:
        """Module, function, pickled arguments and false, as ``repair_calls`` replays them."""
        scope: dict[str, object] = {}
        source = re.sub(rf"^from {self.id} import .*$", "", self.inputs, flags=re.MULTILINE)
        exec(compile(source, f"held_{self.id}", "exec"), scope)
        made = islice(scope["inputs"](random.Random(self.id)), INPUTS)  # type: ignore[operator]
        return [
            (f"held_{self.id}" if name in scope else self.id, name, pickle.dumps((args, {}), 4), False)
            for name, args in made
        ]


def load() -> Iterator[Classic]:
    for path in sorted(FOLDER.glob("*.case")):
        program, tests, inputs = re.split(r"^# --- (?:tests|inputs)\n", path.read_text("utf-8"), flags=re.MULTILINE)
        right, wrong = both(program)
        yield Classic(path.stem, right, wrong, tests, inputs)


def both(program: str) -> tuple[str, str]:
    """The right text and the wrong one."""
    right, wrong = [], []
    for line in program.strip("\n").splitlines():
        mark = MARK.match(line)
        if mark is None:
            right.append(line)
            wrong.append(line)
            continue
        good = (mark["indent"] + mark["right"]).rstrip()
        bad = mark["indent"] + mark["wrong"]
        if good.strip():
            right.append(good)
        if mark["more"]:
            wrong.append(good)
        if mark["wrong"]:
            wrong.append(bad)
    return "\n".join(right) + "\n", "\n".join(wrong) + "\n"
