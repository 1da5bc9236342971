"""Several processes read a project as one would, and what goes wrong in one of them costs a row."""

from __future__ import annotations

import errno
import json
import os
import random
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from pathlib import Path

import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dreamscape.domain.scan import CacheUse
from dreamscape.domain.settings import ScanSettings
from dreamscape.scanner import ProjectScanner, apart, looks, processors, spread
from dreamscape.scanner.bounded import LARGE, measure_bounded
from dreamscape.scanner.facts import LARGEST_SOURCE, Reading, Unreadable
from dreamscape.scanner.ignore import rules_for
from dreamscape.scanner.measure import measure
from dreamscape.scanner.processors import WORTH, processes_for
from dreamscape.scanner.walk import walk

REAL = Path(json.__file__).parent


@pytest.fixture(autouse=True)
def _leaves_no_process_behind() -> Iterator[None]:
    before = psutil.Process().children()
    with warnings.catch_warnings():
        # The test's own process may have threads, where the scanner would start none.
        warnings.simplefilter("ignore", DeprecationWarning)
        yield
    assert psutil.Process().children() == before


def project_of(folder: Path, **sources: bytes) -> Path:
    folder.mkdir()
    for name, source in sources.items():
        (folder / f"{name}.py").write_bytes(source)
    return folder


def scanned(project: Path, cache: Path | None = None) -> str:
    """All that a scan says, but for what differs from scan to scan."""
    result = ProjectScanner(project, ScanSettings(), cache=cache).scan()
    return json.dumps(asdict(replace(result, seconds=0.0, cache=CacheUse(0, 0))), default=str)


def test_several_processes_say_byte_for_byte_what_one_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sources = {file.stem: file.read_bytes() for file in REAL.glob("*.py")}
    project = project_of(tmp_path / "project", **sources)
    (project / "again.py").write_bytes(sources["decoder"])
    (project / "old.py").write_bytes(b"print 1\n")
    (project / "latin.py").write_bytes(b"# coding: latin-1\nx = '\xe9'\n")
    (project / "blob.py").write_bytes(b"x = 1\n" * (LARGEST_SOURCE // 6 + 1))
    (project / "large.py").write_bytes(b"def f(a):\n    return a or 1\n" * 6_000)
    alone = scanned(project)
    for processes in (2, 5):
        memory = tmp_path / str(processes) / "scan-cache.db"
        memory.parent.mkdir()
        monkeypatch.setattr(processors, "processes_for", lambda sizes, processes=processes: processes)

        assert scanned(project, memory) == alone
        monkeypatch.undo()
        with monkeypatch.context() as known:
            known.setattr(looks, "measure_bounded", None)
            assert scanned(project, memory) == alone


@given(
    bodies=st.lists(st.sampled_from([b"", b"x = 1\n", b"def f(): pass\n", b"def f(:\n", b"\xff\n"]), max_size=12),
    processes=st.integers(2, 4),
    seed=st.integers(0, 99),
)
@settings(max_examples=10)
def test_in_whatever_order_processes_end_each_source_is_told_once(
    bodies: list[bytes], processes: int, seed: int
) -> None:
    sources = {f"{at}": body + b"#" * at for at, body in enumerate(bodies)}
    chance = random.Random(seed)

    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(looks, "measure", ending_at(b"", lambda: time.sleep(chance.random() / 200)))
        told = list(looks.readings(sources, processes))

    assert sorted(name for name, _ in told) == sorted(sources)
    assert dict(told) == {name: measure(source) for name, source in sources.items()}


def ending_at(mark: bytes, how: Callable[[], object]) -> Callable[[bytes], Reading]:
    def measured(source: bytes) -> Reading:
        if mark in source:
            how()
        return measure(source)

    return measured


def forever() -> None:
    while True:
        pass


@pytest.mark.parametrize(
    ("how", "why"),
    [
        (lambda: os.kill(os.getpid(), signal.SIGKILL), "is too much for the parser"),
        (lambda: os._exit(3), "is too much for the parser"),
        (forever, "takes longer than 0 s to parse"),
    ],
    ids=["dies", "leaves", "never ends"],
)
def test_a_source_that_ends_its_process_costs_its_own_row_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: Callable[[], object], why: str
) -> None:
    monkeypatch.setattr(apart, "LONGEST_S", 0)
    monkeypatch.setattr(looks, "measure", ending_at(b"hostile", how))
    monkeypatch.setattr(processors, "processes_for", lambda sizes: 2)
    good = {f"good{at}": b"def f(): pass\n" * (at + 1) for at in range(20)}
    project = project_of(tmp_path / "project", bad=b"x = 'hostile'\n", **good)

    result = ProjectScanner(project, ScanSettings(), cache=None).scan()

    assert sorted(row.path for row in result.files) == sorted(f"{name}.py" for name in good)
    assert [(row.path, row.reason) for row in result.skipped] == [("bad.py", why)]


def test_a_source_of_git_that_ends_its_process_costs_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looks, "measure", ending_at(b"hostile", lambda: os.kill(os.getpid(), signal.SIGKILL)))

    assert dict(looks.readings({"bad": b"hostile", "good": b"x = 1\n"}, 2)) == {
        "bad": Unreadable("is too much for the parser"),
        "good": measure(b"x = 1\n"),
    }


def test_sources_that_only_a_newer_python_parses_are_kept_for_it(tmp_path: Path) -> None:
    project = project_of(tmp_path / "project", new=b"def f(:\n", fine=b"x = 1\n")
    files = walk(project, rules_for(project, ()))[0]

    told = {file.path: look for file, look in looks.looks(project, files, lambda digest: False, 2)}

    assert {path: look.source for path, look in told.items() if isinstance(look, looks.Look)} == {
        "new.py": b"def f(:\n",
        "fine.py": b"",
    }


@pytest.mark.parametrize("allowed", [0, 1])
def test_where_the_system_allows_no_more_processes_those_there_are_do_the_work(
    monkeypatch: pytest.MonkeyPatch, allowed: int
) -> None:
    fork, left, files = os.fork, [True] * allowed, len(list(Path("/proc/self/fd").iterdir()))

    def refused() -> int:
        if not left:
            raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")
        left.pop()
        return fork()

    monkeypatch.setattr(os, "fork", refused)
    sources = {f"{at}": b"x = 1\n" * at for at in range(9)}

    assert dict(looks.readings(sources, 3)) == {name: measure(source) for name, source in sources.items()}
    assert measure_bounded(b"#" * (LARGE + 1)) == measure(b"#" * (LARGE + 1))
    assert len(list(Path("/proc/self/fd").iterdir())) == files


def sleeping(_: apart.Task) -> bytes:
    time.sleep(600)
    return b""


def test_what_an_error_breaks_off_leaves_no_process_behind() -> None:
    with pytest.raises(KeyboardInterrupt), apart.Workers(sleeping) as workers:
        workers.give((0, 1))
        workers.give((1, 2))
        raise KeyboardInterrupt


def test_answers_larger_than_a_pipe_arrive_whole_and_workers_are_used_again() -> None:
    with apart.Workers(lambda task: b"%d" % os.getpid() + bytes([task[0]]) * 1_000_000) as workers:
        told = {}
        for at in range(3):
            workers.give((at, 0))
        for at in range(3):
            task, answer, why = workers.next_done()
            told[task] = answer
            assert why == ""
            workers.give((at + 3, 0))
        for _ in range(3):
            task, answer, _ = workers.next_done()
            told[task] = answer

    assert {task: answer.lstrip(b"0123456789") for task, answer in told.items()} == {
        (at, 0): bytes([at]) * 1_000_000 for at in range(6)
    }
    assert len({answer[:-1_000_000] for answer in told.values()}) == 3


def test_large_sources_of_all_processes_never_need_more_memory_than_two_could() -> None:
    sizes = [LARGEST_SOURCE] * 3 + [LARGE] * 9
    waiting = spread.parts_of(sizes, 8)
    running: list[apart.Task] = []
    while part := spread.next_part(waiting, lambda at: sizes[at], running):
        running.append(part)

    assert [sizes[first] for first, _ in running] == [LARGEST_SOURCE] * 2
    assert spread.next_part([(0, 1)], lambda _: spread.AT_ONCE + 1, []) == (0, 1)


@given(st.lists(st.integers(0, LARGEST_SOURCE), max_size=60), st.integers(2, 8))
def test_each_item_is_in_one_part_and_what_is_large_stands_alone(sizes: list[int], processes: int) -> None:
    sizes.sort(reverse=True)
    parts = spread.parts_of(sizes, processes)

    assert [at for part in parts for at in range(*part)] == list(range(len(sizes)))
    assert all(last - first == 1 for first, last in parts if sizes[first] > LARGE)


def test_small_projects_and_single_processors_are_read_by_one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    words = "import os, sys; from dreamscape.scanner.processors import *; print(processes_for({}), {})"

    def said(sizes: str, *before: str) -> int:
        code = words.format(sizes, "'ok'")
        ended = subprocess.run([*before, sys.executable, "-c", code], capture_output=True, text=True, check=True)
        return int(ended.stdout.split()[0])

    processors_here = len(os.sched_getaffinity(0))

    assert processes_for([]) == processes_for([WORTH]) == 1
    assert said("[WORTH] * 2") == min(2, processors_here)
    assert said("[WORTH] * 1000") == min(processors.MOST, processors_here)
    assert said("[WORTH] * 1000", "taskset", "-c", "0") == 1


BUSY = """
import os, sys, time
from dreamscape.scanner import looks, processors

def slowly(source):
    if source:
        os.write(1, b"busy\\n")
        time.sleep(float(sys.argv[2]))
    return measure(source)

measure, looks.measure = looks.measure, slowly
processors.processes_for = lambda sizes: 2
from dreamscape.cli.app import main
sys.exit(main(["scan", "--project", sys.argv[1]]))
"""


@pytest.mark.parametrize(
    ("number", "code", "seconds"),
    [
        (signal.SIGINT, 130, "600"),
        (signal.SIGTERM, 143, "600"),
        (signal.SIGKILL, -signal.SIGKILL, "1"),  # nobody is left to end them: they finish what they do
    ],
)
def test_a_scan_that_is_ended_leaves_no_process_behind(
    tmp_path: Path, number: signal.Signals, code: int, seconds: str
) -> None:
    project = project_of(tmp_path / "project", a=b"x = 1\n", b=b"y = 2\n")
    words = [sys.executable, "-c", BUSY, str(project), seconds]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as scan:
        assert scan.stdout is not None
        assert [scan.stdout.readline(), scan.stdout.readline()] == [b"busy\n", b"busy\n"]
        workers = psutil.Process(scan.pid).children()

        scan.send_signal(number)

        assert scan.wait(30) == code
    assert len(workers) == 2
    assert psutil.wait_procs(workers, timeout=30)[1] == []


def test_neither_a_small_scan_nor_a_second_one_loads_what_only_large_ones_need(tmp_path: Path) -> None:
    project = project_of(tmp_path / "project", a=b"x = 1\n")
    code = (
        "import sys; from dreamscape.cli.app import main; main(['scan', '--project', sys.argv[1]]);"
        "print(*(name for name in sys.modules if name.startswith('dreamscape.scanner.')), file=sys.stderr)"
    )

    def loaded() -> set[str]:
        ended = subprocess.run([sys.executable, "-c", code, str(project)], capture_output=True, text=True, check=True)
        return {name.rpartition(".")[2] for name in ended.stderr.splitlines()[-1].split()}

    os.utime(project / "a.py", (1_000_000_000, 1_000_000_000))
    first, second = loaded(), loaded()

    assert {"looks", "processors"} <= first
    assert not {"spread", "apart"} & first
    assert not {"spread", "apart", "looks", "processors"} & second
