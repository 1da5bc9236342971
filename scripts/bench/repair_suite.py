"""Runs a project's tests in its own interpreter, without a network and with limits on CPU time, memory and patience."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What a test run said: outcome by test id (passed, failed, error, skipped, collection); ``finished`` is false
    if a limit ended it; ``cpu_s`` is what it took."""

    tests: dict[str, str]
    finished: bool
    cpu_s: float
    tail: str = ""

    def having(self, *outcomes: str) -> set[str]:
        return {test for test, outcome in self.tests.items() if outcome in outcomes}

    @property
    def passed(self) -> set[str]:
        return self.having("passed")

    @property
    def bad(self) -> set[str]:
        return self.having("failed", "error", "collection")


def limited(command: Sequence[str], cpu_s: int, wall_s: int, cwd: Path, env: dict[str, str]) -> tuple[int, str]:
    """Run without network; returns exit code (-1 if patience ended) and the tail of the output."""
    wrap = ["bwrap", "--dev-bind", "/", "/", "--unshare-net", "--unshare-pid", "--proc", "/proc", "--die-with-parent"]
    limits = ["prlimit", f"--cpu={cpu_s}", f"--as={4 << 30}", f"--fsize={256 << 20}", "--core=0"]
    prefix = [*limits, *(wrap if shutil.which("bwrap") else [])]
    with tempfile.TemporaryFile() as out:
        process = subprocess.Popen(
            [*prefix, *command],
            cwd=cwd,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            code = process.wait(wall_s)
        except subprocess.TimeoutExpired:
            code = -1
        finally:
            end_group(process)
        size = out.seek(0, os.SEEK_END)
        out.seek(max(0, size - 3000))
        tail = out.read().decode("utf-8", "replace")
    return code, tail


def end_group(process: subprocess.Popen[bytes]) -> None:
    """Kill what is left of a process that leads its own session, and collect it."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def clean_env(**extra: str) -> dict[str, str]:
    """The environment tests run in: nothing of the caller's but PATH."""
    return {
        "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
        "HOME": tempfile.gettempdir(),
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONHASHSEED": "0",
        **extra,
    }


def run_tests(
    tree: Path,
    python: Path,
    targets: Iterable[str] = (),
    *,
    cpu_s: int = 120,
    wall_s: int = 600,
    plugin: str = "",
    extra: Mapping[str, str] | None = None,
) -> Outcomes:
    """Run pytest in ``tree`` on ``targets`` (the project's own choice if none) with the project's own options."""
    with tempfile.TemporaryDirectory() as scratch:
        report = Path(scratch) / "outcomes.json"
        env = clean_env(PYTHONPATH=str(HERE), BENCH_OUTCOMES=str(report), **(extra or {}))
        plugins = ["-p", "repair_pytest", *(["-p", plugin] if plugin else [])]
        command = [str(python), "-m", "pytest", *plugins, "-p", "no:cacheprovider", "-q", "--tb=no", *targets]
        _, tail = limited(command, cpu_s, wall_s, tree, env)
        if not report.exists():
            return Outcomes({}, False, float(cpu_s), tail)
        said = json.loads(report.read_text("utf-8"))
    return Outcomes(said["tests"], said["exit"] in (0, 1), said["cpu_s"], tail)
