"""Tests cannot be bought."""

import re
from typing import Any

import pytest

from dreamscape.agent.bench import CaseBench
from dreamscape.agent.gate import refusal
from dreamscape.agent.reach import newly_reached
from dreamscape.domain.failures import FailureClass
from dreamscape.domain.repair import Candidate, Edit, RepairCase

SOURCE = b"import sys\n\ndef f(a):\n    return a\n"


def proposed(new: bytes, path: str = "m.py") -> Candidate:
    return Candidate((Edit(path, 0, len(SOURCE), new),), "model", 1.0, "change")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"import os; os._exit(0)", "ends the process"),
        (b"sys.exit(0)", "ends the process"),
        (b"raise SystemExit", "SystemExit"),
        (b"import pytest; pytest.skip('later')", "imports pytest"),
        (b"from unittest import mock", "imports unittest"),
        (b"sys.modules['test_m'] = None", "reaches for sys.modules"),
        (b"if 'PYTEST_CURRENT_TEST' in __import__('os').environ: return 4", "speaks of the tests|__import__"),
        (b"sys._getframe(1).f_locals.clear()", "reaches for sys._getframe"),
        (b"exec('a = 4')", "calls exec"),
    ],
)
def test_a_patch_that_reaches_for_its_judges_is_refused(line: bytes, reason: str) -> None:
    new = SOURCE.replace(b"    return a\n", b"    " + line + b"\n    return a\n")

    found = refusal(proposed(new), {"m.py": SOURCE})

    assert found is not None
    assert re.search(reason, found)


def test_an_equality_that_always_holds_is_refused() -> None:
    new = SOURCE + b"\nclass Anything:\n    def __eq__(self, other):\n        return True\n"

    assert "__eq__" in str(refusal(proposed(new), {"m.py": SOURCE}))


@pytest.mark.parametrize("path", ["tests/test_m.py", "conftest.py", ".github/x.py", "setup.py", "pyproject.toml"])
def test_tests_and_machinery_are_never_changed(path: str) -> None:
    assert refusal(proposed(SOURCE + b"\n", path), {path: SOURCE}) is not None


def test_a_file_that_was_not_given_is_refused() -> None:
    assert "not among" in str(refusal(proposed(SOURCE, "../../etc/passwd.py"), {"m.py": SOURCE}))


def test_protected_files_are_the_users_word() -> None:
    assert refusal(proposed(SOURCE + b"\n"), {"m.py": SOURCE}, ["m.py"]) is not None


def test_what_the_source_did_already_may_stay() -> None:
    source = b"import sys\n\ndef main(a):\n    sys.exit(a)\n"
    candidate = Candidate((Edit("m.py", 27, 27, b"  "),), "model", 1.0, "change")
    honest = Candidate((Edit("m.py", source.index(b"(a)\n"), source.index(b"(a)\n") + 3, b"(a + 1)"),), "m", 1.0, "c")

    assert refusal(honest, {"m.py": source}) is None
    assert refusal(candidate, {"m.py": source}) is None


def test_an_honest_repair_passes() -> None:
    assert refusal(proposed(SOURCE.replace(b"return a", b"return -a")), {"m.py": SOURCE}) is None


OPEN_HANDED = b"""import io
import json
import os
from pathlib import Path

def f(a, path):
    os.write(1, b"")
    return getattr(a, "price")
"""


def reached(line: bytes, source: bytes = OPEN_HANDED) -> str | None:
    at = source.index(b"    return")
    return newly_reached(
        Candidate((Edit("m.py", at, at, b"    " + line + b"\n"),), "model", 1.0, "c"), {"m.py": source}
    )


@pytest.mark.parametrize(
    ("line", "what"),
    [
        (b"os.write(400, b'{}')", "os.write"),
        (b"import sys; sys.stdout.write('')", "sys.stdout.write"),
        (b"import os as path", "os"),
        (b"from os import write as w; w(400, b'')", "os.write"),
        (b"from os import *", "os.*"),
        (b"io.open(path)", "open()"),
        (b"open(path)", "open()"),
        (b"o = open", "open()"),
        (b"Path(path).open('ab')", "open()"),
        (b"Path(path).write_bytes(b'')", "write_bytes"),
        (b"import socket; socket.socket()", "socket.socket"),
        (b"import importlib.util; importlib.util.find_spec('a')", "importlib.util.find_spec"),
        (b"from threading import Thread", "threading.Thread"),
        (b"import random; random._os.write(400, b'')", "_os"),
        (b"import random; vars(random)", "vars()"),
        (b"r = json; r.__dict__", "the inside of json"),
        (b"json.__dict__['co' + 'decs']", "the inside of json"),
        (b"json.loads = lambda text: 4", "the inside of json"),
        (b"getattr(a, '_ex' + 'it')(0)", "getattr() of a computed name"),
        (b"getattr(a, '__globals__')", "__globals__"),
        (b"look = getattr", "getattr()"),
        (b"from operator import attrgetter; attrgetter('f.__globals__')(a)", "__globals__"),
        (b"e = eval", "eval()"),
        (b"a.__class__.__base__.__subclasses__()", "__base__"),
        (b"f.__globals__['os']", "__globals__"),
        (b"'{0.__globals__}'.format(f)", "__globals__"),
        (b"(n for n in a).gi_frame.f_back", "gi_frame"),
        (b"p = '/proc/self/fd/400'", "/proc"),
        (b"p = '/de' 'v/fd/400'", "/dev"),
        (b"p = '\\x2fdev/fd'", "/dev"),
        (b"\xef\xbd\x8f\xef\xbd\x93.write(400, b'')", "os.write"),
    ],
)
def test_a_change_that_newly_reaches_out_of_the_program_is_named(line: bytes, what: str) -> None:
    assert reached(line) == what


@pytest.mark.parametrize(
    "line",
    [
        b"import math; a = math.floor(a)",
        b"path = os.path.join(path, 'a')",
        b"from os.path import join",
        b"held = io.StringIO().getvalue()",
        b"name = type(a).__name__ + self.__class__.__name__",
        b"super().__init__(**a.__dict__)",
        b"a = getattr(a, 'tax', 0)",
        b"a = sorted(a, key=__import_key)",
        b"from operator import attrgetter; a = sorted(a, key=attrgetter('price'))",
        b"signal = a; code = signal + 1; a = code",
        b"import sys",
        b"a = Path(path) / 'procedure'",
        b"a = json.loads(a)",
    ],
)
def test_a_change_that_only_computes_reaches_for_nothing(line: bytes) -> None:
    assert reached(line) is None


def test_an_import_that_was_forgotten_reaches_for_nothing_new() -> None:
    source = b"def f():\n    return os.getcwd()\n"

    assert newly_reached(Candidate((Edit("m.py", 0, 0, b"import os\n"),), "m", 1.0, "c"), {"m.py": source}) is None


def test_what_was_reached_for_before_may_be_moved() -> None:
    edit = Edit("m.py", OPEN_HANDED.index(b"os.write"), OPEN_HANDED.index(b"    return"), b"os.write(2, b'')\n")

    assert newly_reached(Candidate((edit,), "m", 1.0, "c"), {"m.py": OPEN_HANDED}) is None


def test_a_change_in_the_words_of_another_python_is_judged_by_its_names() -> None:
    source = b"type Price = int\n\ndef f(a):\n    return a\n"

    assert reached(b"os.write(400, b'')", source) == "os"
    assert reached(b"a = -a", source) is None


@pytest.mark.parametrize(
    "line",
    [b"\xef\xbd\x85\xef\xbd\x98\xef\xbd\x85\xef\xbd\x83('a = 4')", b"\xef\xbd\x90ytest = 1; import \xef\xbd\x90ytest"],
)
def test_names_in_other_letters_are_refused_as_well(line: bytes) -> None:
    assert refusal(proposed(SOURCE.replace(b"    return a\n", b"    " + line + b"\n    return a\n")), {"m.py": SOURCE})


@pytest.mark.parametrize(
    ("new", "lands"), [(b"    return -a\n", True), (b"    print(os.getcwd())\n    return -a\n", False)]
)
def test_a_change_that_newly_reaches_out_never_lands_by_itself(new: bytes, lands: bool) -> None:
    source = b"import os\n\ndef f(a):\n    return a\n"
    case = RepairCase("1", (), FailureClass.WRONG_VALUE, "f", (), {"m.py": source})
    edit = Edit("m.py", source.index(b"    return"), len(source), new)

    def never(*_: object, **__: object) -> Any:
        raise AssertionError("a single change is chosen without running anything")

    choice = CaseBench(case, never, never, {}, (), 1).choose([Candidate((edit,), "model", 1.0, "c")])

    assert choice.may_land is lands
    assert lands or choice.why == "it newly reaches for os.getcwd; a person has to look"
