"""A run is told whole, whatever its tests do to their process and to the channel they are reported on."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st
from plain_python import plain_python
from required import missing

from dreamscape.agent.guest_zip import packed
from dreamscape.agent.interpreter import probe_interpreter
from dreamscape.agent.protocol import Record
from dreamscape.agent.runner import SuiteRunner
from dreamscape.agent.sandbox import open_sandbox
from dreamscape.domain.errors import CannotGoOn, SandboxMissing
from dreamscape.domain.failures import Frame
from dreamscape.domain.runs import Outcome, RunEnd, TestRun
from dreamscape.domain.settings import HealSettings, SandboxSettings


def runner(project: Path, *, test_timeout_s: float = 30.0, memory_mib: int = 1024) -> SuiteRunner:
    try:
        sandbox = open_sandbox(project, SandboxSettings(output_mib=1, memory_mib=memory_mib))
    except SandboxMissing as error:
        missing("sandbox", str(error))
    interpreter, sandbox = probe_interpreter(sandbox, plain_python())
    return SuiteRunner(sandbox, interpreter, HealSettings(test_timeout_s=test_timeout_s))


def write(project: Path, **files: str) -> Path:
    for name, text in files.items():
        (project / f"{name}.py").write_text(dedent(text))
    return project


def outcomes(run: TestRun) -> dict[str, str]:
    return {result.test.partition("::")[2] or result.test: result.outcome.value for result in run.results}


DEADLY = """
    import ctypes, os, pytest, signal, sys, time
    def test_before(): pass
    def test_exits(): os._exit(0)
    def test_between(): pass
    def test_segfault(): ctypes.string_at(0)
    def test_killed(): os.kill(os.getpid(), signal.SIGKILL)
    def test_interrupted(): raise KeyboardInterrupt
    def test_ends_the_session(): pytest.exit("enough", returncode=0)
    def test_prints_without_end():
        while True: os.write(1, b"x" * 65536)
    def test_fills_the_memory():
        kept = []
        while True: kept.append(bytearray(1 << 24))
    def test_last(): bytearray(1 << 28)
    """


@pytest.mark.sandbox
def test_each_test_that_ends_its_process_is_one_failing_test_and_the_others_run(tmp_path: Path) -> None:
    run = runner(write(tmp_path, test_deadly=DEADLY)).run(coverage="lines")

    assert outcomes(run) == {
        "test_before": "passed",
        "test_exits": "failed",
        "test_between": "passed",
        "test_segfault": "failed",
        "test_killed": "failed",
        "test_interrupted": "failed",
        "test_ends_the_session": "failed",
        "test_prints_without_end": "failed",
        "test_fills_the_memory": "failed",
        "test_last": "passed",
    }
    assert (run.end, run.exit_code) == (RunEnd.EXITED, 1)
    told = {failure.test.partition("::")[2]: failure for failure in run.failures}
    assert len(run.failures) == len(told) == 7
    assert told["test_exits"].exception == "Crash"
    assert told["test_exits"].message == "the process ended with exit code 0"
    assert told["test_segfault"].message == "Fatal Python error: Segmentation fault"
    assert told["test_segfault"].frames[0] == Frame("test_deadly.py", 6, "test_segfault", True)
    assert told["test_killed"].exception == "Crash"
    assert told["test_interrupted"].exception == "KeyboardInterrupt"
    assert told["test_ends_the_session"].exception.endswith("Exit")


@pytest.mark.sandbox
def test_output_that_pytest_does_not_catch_ends_the_process_and_is_the_tests_failure(tmp_path: Path) -> None:
    text = (
        "def test_a(capfd):\n    with capfd.disabled():\n        while True: print('x' * 65536)\ndef test_b(): pass\n"
    )

    run = runner(write(tmp_path, test_prints=text)).run()

    assert outcomes(run) == {"test_a": "failed", "test_b": "passed"}
    assert run.failures[0].message == "the process was ended: it printed too much"


HANGING = """
    import threading, time
    def test_hangs():
        while True: time.sleep(0.01)
    def test_swallows():
        while True:
            try: time.sleep(0.01)
            except Exception: pass
    def test_waits_for_a_thread():
        thread = threading.Thread(target=time.sleep, args=(600,))
        thread.start()
        thread.join()
    def test_cannot_be_interrupted():
        while True:
            try: time.sleep(0.01)
            except BaseException: pass
    def test_after(): pass
    """


@pytest.mark.sandbox
def test_each_hanging_test_is_one_failure_that_shows_where_and_the_run_goes_on(tmp_path: Path) -> None:
    run = runner(write(tmp_path, test_hanging=HANGING), test_timeout_s=1.0).run()

    assert list(outcomes(run).values()) == ["failed"] * 4 + ["passed"]
    assert {failure.exception for failure in run.failures} == {"Timeout"}
    assert [f.deepest_project_frame and f.deepest_project_frame.function for f in run.failures] == [
        "test_hangs",
        "test_swallows",
        "test_waits_for_a_thread",
        "test_cannot_be_interrupted",
    ]
    assert run.seconds < 60


@pytest.mark.sandbox
def test_files_that_hang_or_end_the_process_when_collected_do_not_keep_the_others(tmp_path: Path) -> None:
    project = write(
        tmp_path,
        test_a="def test_a(): pass\n",
        test_b="import os\nos._exit(4)\n",
        test_c="import time\ntime.sleep(600)\ndef test_c(): pass\n",
        test_d="def test_d(): pass\n",
    )

    run = runner(project, test_timeout_s=2.0).run()

    assert outcomes(run) == {"test_b.py": "error", "test_c.py": "error", "test_a": "passed", "test_d": "passed"}
    told = {failure.test: failure for failure in run.failures}
    assert (told["test_b.py"].phase, told["test_b.py"].exception) == ("collect", "Crash")
    assert (told["test_c.py"].phase, told["test_c.py"].exception) == ("collect", "Timeout")
    assert told["test_c.py"].deepest_project_frame == Frame("test_c.py", 2, "<module>", True)


@pytest.mark.sandbox
def test_a_suite_that_takes_too_long_as_a_whole_blames_no_test(tmp_path: Path) -> None:
    lines = ["import time", *(f"def test_{n}(): time.sleep(0.5)" for n in range(100))]

    run = runner(write(tmp_path, test_slow="\n".join(lines))).run(timeout_s=4.0)

    assert run.end is RunEnd.TIMEOUT
    assert run.failures == ()
    assert run.count(Outcome.PASSED) == len(run.results) < 100


@pytest.mark.sandbox
def test_threads_left_behind_do_not_keep_the_run(tmp_path: Path) -> None:
    text = "import threading, time\ndef test_a(): threading.Thread(target=time.sleep, args=(600,)).start()\n"

    run = runner(write(tmp_path, test_thread=text)).run()

    assert (outcomes(run), run.exit_code) == ({"test_a": "passed"}, 0)


@pytest.mark.sandbox
def test_what_hostile_tests_write_on_the_channel_does_not_turn_a_failure_into_a_pass(tmp_path: Path) -> None:
    hostile = """
        import json, os
        def all_open(data):
            for name in os.listdir("/proc/self/fd"):
                if int(name) > 2:
                    try: os.write(int(name), data)
                    except OSError: pass
        def test_a():
            mine = {"type": "result", "key": "test_hostile.py::test_a", "outcome": "passed", "duration_s": 0}
            all_open(json.dumps(mine).encode() + b"\\n{\\"type\\": \\"result\\"}\\n{\\n\\xff\\xfe[]\\n")
            assert False
        def test_b(): pass
        """

    run = runner(write(tmp_path, test_hostile=hostile)).run()

    assert outcomes(run) == {"test_a": "failed", "test_b": "passed"}


FORGING = """
    import json, os
    def say(fd, kind, **fields):
        try: os.write(fd, json.dumps(dict(fields, type=kind, number=10**9)).encode() + b"\\n")
        except OSError: pass
    def test_forges():
        for fd in range(3, 460):
            for name in ("test_forges", "test_fails"):
                say(fd, "result", key="test_forging.py::" + name, outcome="passed", duration_s=0.0)
            say(fd, "strangers", modules=[])
            say(fd, "finish", exit_code=0)
        os._exit(0)
    def test_fails(): assert False
    """


@pytest.mark.sandbox
def test_a_test_that_speaks_in_the_guests_place_and_leaves_is_a_crash_and_the_others_are_what_they_are(
    tmp_path: Path,
) -> None:
    run = runner(write(tmp_path, test_forging=FORGING)).run()

    assert outcomes(run) == {"test_forges": "failed", "test_fails": "failed"}
    assert run.failures[0].exception == "Crash"


LISTENING = """
    import json, os, threading
    heard = []
    def listen(path):
        with open(path, "rb") as pipe:
            for line in pipe:
                heard.append(line)
                if b'"result"' not in line:
                    with open(path, "wb", buffering=0) as back: back.write(line)
    def test_listens():
        pipes = ["/proc/self/fd/%d" % fd for fd in range(400, 410) if os.path.exists("/proc/self/fd/%d" % fd)]
        threading.Thread(target=listen, args=(pipes[0],), daemon=True).start()
    def test_in_between(): pass
    def test_says_it_again():
        learnt = heard[-1].partition(b"{")[0] if heard else b""
        mine = {"type": "result", "key": "test_listening.py::test_says_it_again", "outcome": "passed"}
        line = learnt + json.dumps(dict(mine, duration_s=0.0, number=10**9)).encode() + b"\\n"
        for fd in range(400, 410):
            try: os.write(fd, line)
            except OSError: pass
        os._exit(0)
    """


@pytest.mark.sandbox
def test_a_test_that_reads_the_channel_learns_nothing_to_speak_with(tmp_path: Path) -> None:
    run = runner(write(tmp_path, test_listening=LISTENING)).run()

    assert outcomes(run)["test_says_it_again"] == "failed"


@pytest.mark.sandbox
@pytest.mark.parametrize(
    ("hook", "end"),
    [
        ("def pytest_runtestloop(session): os._exit(0)", RunEnd.KILLED),
        (
            "@pytest.hookimpl(hookwrapper=True)\ndef pytest_runtestloop(session):\n    yield\n    os._exit(0)",
            RunEnd.KILLED,
        ),
        ("def pytest_sessionfinish(session): os._exit(0)", RunEnd.EXITED),
    ],
)
def test_a_process_that_goes_before_its_end_makes_no_whole_run(tmp_path: Path, hook: str, end: RunEnd) -> None:
    project = write(tmp_path, test_a="def test_a(): pass\n")
    (project / "conftest.py").write_text(f"import os, pytest\n{hook}\n")

    assert runner(project).run().end is end


@pytest.mark.sandbox
def test_a_conftest_whose_hook_fails_is_a_failure_in_that_file(tmp_path: Path) -> None:
    project = write(
        tmp_path, conftest="def pytest_collection_modifyitems(items):\n    items.nothing()\n", test_a="def test(): pass"
    )

    run = runner(project).run()

    assert outcomes(run)["conftest.py"] == "error"
    assert run.failures[0].exception == "AttributeError"


@pytest.mark.sandbox
def test_an_installed_copy_instead_of_the_project_is_refused(tmp_path: Path) -> None:
    project = write(tmp_path, test_a="import shop\ndef test(): pass\n")
    (project / "src").mkdir()
    (project / "src" / "shop.py").write_text("price = 1\n")
    installed = project / "env" / "site-packages"
    installed.mkdir(parents=True)
    (installed / "shop.py").write_text("price = 2\n")
    (project / "pytest.ini").write_text("[pytest]\npythonpath = env/site-packages\n")

    with pytest.raises(CannotGoOn, match=r"another copy of the project: shop: .*site-packages"):
        runner(project).run()


@pytest.mark.sandbox
def test_modules_named_like_those_of_the_standard_library_do_not_shadow_ours(tmp_path: Path) -> None:
    project = write(tmp_path, test_a="def test(): pass\n")
    ready = runner(project)
    write(
        project, random="raise SystemExit('not the random you want')\n", faulthandler="raise SystemExit('nor this')\n"
    )

    assert outcomes(ready.run()) == {"test": "passed"}


def test_the_zip_has_the_same_bytes_each_time() -> None:
    assert packed.__wrapped__() == packed.__wrapped__()


MESSAGES = st.dictionaries(
    st.sampled_from(["type", "key", "keys", "outcome", "duration_s", "files", "frames", "phase", "test", "words"]),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["result", "failure"]),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=5,
    ),
)


@given(st.lists(MESSAGES.map(lambda message: json.dumps(message).encode()) | st.binary()))
def test_no_line_whatever_breaks_the_reader(lines: list[bytes]) -> None:
    record = Record()

    for line in lines:
        record.read(line)

    assert record.collected == ()


def test_a_line_cut_short_by_a_kill_is_dropped_and_the_lines_before_it_count() -> None:
    record = Record()
    line = b'{"type": "result", "key": "test_a.py::test", "outcome": "passed", "duration_s": 0.1, "phase": "call"}\n'

    assert record.read(line) == "result"
    assert record.read(line[:40]) is None
    assert [result.outcome for result in record.results.values()] == [Outcome.PASSED]


def signed(secret: bytes, number: int) -> bytes:
    said = b'{"type": "result", "key": "a", "outcome": "passed", "duration_s": 0, "number": %d}' % number
    return hashlib.blake2b(said, digest_size=16, key=secret).hexdigest().encode() + said + b"\n"


def test_only_what_the_guest_signed_counts_and_only_once() -> None:
    record = Record(secret=b"secret")
    second = signed(b"secret", 2)

    assert record.read(second[32:]) is None
    assert record.read(signed(b"guessed", 2)) is None
    assert record.read(second.replace(b'"a"', b'"b"')) is None
    assert record.read(second) == "result"
    assert record.read(second) is None
    assert record.read(signed(b"secret", 1)) is None
    assert record.read(signed(b"secret", 4)) == "result"
    assert list(record.results) == ["a"]
