"""The candidate server: pytest started once, forked before it imports the project, and again after.

Three kinds of processes. The **pristine** one has pytest and its plugins loaded and nothing of the project; it talks to
the host. The **warm** one, its child, has imported the project and collected the tests; its own children judge
candidates by swapping code. A **cold** one, another child of the pristine, imports the project with a candidate's
sources and judges that one. Requests come as JSON lines (the first is the hello), answers go out as `report` lines.
"""

from __future__ import annotations

import importlib
import json
import os
import socket
import sys
import time
from typing import Any, BinaryIO, Dict, Iterator, List, Mapping, Optional, Sequence

import pytest

from . import limits, loader, pool, report
from .behaviour import Caller
from .overrides import overrule, settings_arguments
from .pool import Channel, Child, Pool, Watch
from .portable import arrived, named
from .rerun import Rerun
from .swap import apply
from .trial import Answer, Trial, told
from .warm import ImportWatch, Warm

_COLD_S = 10.0
"""What the import of the project and the collection of its tests may take at the least (chosen)."""


_SEED = 0


class Server:
    """The pytest plugin that turns one run of pytest into the server."""

    def __init__(self, hello: Mapping[str, Any], requests: BinaryIO, reporter: report.Reporter, rerun: Rerun) -> None:
        self.hello = hello
        self.requests = requests
        self.reporter = reporter
        self.rerun = rerun
        self.role = "pristine"
        self.channel: Optional[Channel] = None
        self.watch: Optional[Watch] = None
        self.common: Dict[str, Any] = {}
        self.job: Dict[str, Any] = {}
        self.imports = ImportWatch(rerun.project)
        self.warm: Optional[_WarmProcess] = None

    @pytest.hookimpl(tryfirst=True, hookwrapper=True)
    def pytest_load_initial_conftests(self, early_config: Any) -> Any:
        overrule(early_config.known_args_namespace, _SEED)
        try:
            self._serve()
        except Child as child:
            self._become(child)
        outcome = yield
        if outcome.excinfo is not None:
            error = getattr(outcome.excinfo[1], "cause", outcome.excinfo[1])
            error = error[1] if isinstance(error, tuple) else error
            self.rerun.note_uncollected("conftest.py", error)

    @pytest.hookimpl(tryfirst=True, hookwrapper=True)
    def pytest_cmdline_main(self, config: Any) -> Any:
        overrule(config.option, _SEED)
        settings = getattr(config, "_inicache", {})
        settings["faulthandler_timeout"] = 0.0
        # The suite's own arguments may name more than the files whose tests are asked for.
        wanted = [*self.job.get("failing", ()), *self.job.get("others", ())]
        paths = dict.fromkeys(key.split("::", 1)[0] for key in wanted) or self.hello["test_files"]
        files = [os.path.join(self.rerun.project.root, path) for path in paths]
        config.args = [path for path in files if os.path.exists(path)] or config.args
        yield

    @pytest.hookimpl(tryfirst=True, hookwrapper=True)
    def pytest_generate_tests(self, metafunc: Any) -> Any:
        implementations = metafunc.definition.ihook.pytest_generate_tests.get_hookimpls()
        files = (getattr(each.plugin, "__file__", None) for each in implementations)
        is_own = any(isinstance(file, str) and self.rerun.project.place(file)[1] for file in files)
        if (
            is_own
            or hasattr(metafunc.module, "pytest_generate_tests")
            or hasattr(metafunc.cls, "pytest_generate_tests")
        ):
            with self.imports.looking():
                yield
        else:
            yield

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: Any) -> bool:
        self.rerun.finish_collection(session)
        if self.role == "warm":
            self._serve_warm()
        else:
            self._judge_cold()
        return True

    def left(self) -> None:
        """Called when pytest came back without having run its loop: something stopped it before."""
        if self.role == "warm" and self.channel:
            self.channel.send({"ready": False})
        elif self.role == "cold":
            self._judge_cold()

    def _serve(self) -> None:
        """Answers the host until it hangs up. Raises `Child` in the processes that it forks."""
        self.warm = _WarmProcess(float(self.hello["startup_s"]))
        self.reporter.send("hello", version=list(sys.version_info[:3]))
        for line in self.requests:
            request = located(json.loads(line.decode("ascii")), self.rerun.project.root)
            for answer in self._answers(request):
                self.reporter.send("answer", **answer)
            self.reporter.send("done")
        self.warm.end()
        os._exit(0)

    def _answers(self, request: Dict[str, Any]) -> Iterator[Answer]:
        until = time.monotonic() + request["seconds"]
        self.common = request["common"]
        cold: List[Dict[str, Any]] = []
        jobs = {job["n"]: job for job in request["jobs"]}
        assert self.warm is not None
        for answer in self.warm.answers(request):
            job = jobs.pop(answer["n"])
            if answer["state"] == "cold":
                cold.append(dict(job, why=answer["why"]))
            else:
                yield answer
        cold += jobs.values()
        passed: List[int] = []
        for answer in self._cold_answers([dict(job, others=[]) for job in cold], until):
            if answer["state"] == "plausible" and self.common["others"]:
                passed.append(answer["n"])
            else:
                yield answer
        # Few candidates come this far, and to collect all that touches them may take seconds.
        for answer in self._cold_answers([job for job in cold if job["n"] in passed], until):
            yield answer

    def _cold_answers(self, jobs: Sequence[Dict[str, Any]], until: float) -> Iterator[Answer]:
        """Each job in a process of its own, which collects just the files of its tests."""
        assert self.warm is not None
        silent_s = _COLD_S + 10.0 * self.warm.took_s
        for job, end in Pool(int(self.hello["workers"]), 1, silent_s).run(jobs, until):
            answer = dict(end, n=job["n"]) if isinstance(end, dict) else told(job, end)
            yield dict(answer, cold=job.get("why", ""))

    def _become(self, child: Child) -> None:
        """This process is a new child: it goes on with pytest as what its parent wants it to be."""
        self.requests.close()
        if self.reporter.fd is not None:
            os.close(self.reporter.fd)
        limits.silence()
        self.channel, self.watch = child.channel, child.watch
        if isinstance(child, _WarmChild):
            self.role = "warm"
            self.imports.start()
            return
        self.role = "cold"
        jobs = self.channel.receive()
        if not jobs:
            os._exit(0)
        self.job = {**self.common, **jobs[0]}
        limits.limit_memory(int(self.hello["memory_bytes"]))
        self._serve_changed_sources()

    def _serve_changed_sources(self) -> None:
        changed: Dict[str, bytes] = {}
        edits: Dict[str, Any] = {}
        for path, start, end, text in self.job.get("edits", ()):
            edits.setdefault(path, []).append((start, end, text.encode("latin-1")))
        try:
            for path, own in edits.items():
                changed[path] = apply(self.hello["sources"][path].encode("latin-1"), own)
                compile(changed[path], path, "exec", 0, True)
        except (SyntaxError, ValueError, KeyError) as error:
            self._answer({"state": "invalid", "why": "%s: %s" % (type(error).__name__, error)})
        if loader.already_loaded(changed):
            self._answer({"state": "unfit", "why": "pytest itself loads what the candidate changes"})
        loader.serve(changed)

    def _judge_cold(self) -> None:
        assert self.watch is not None
        trial = Trial(self.rerun, self.watch)
        if self.job["do"] == "judge":
            self._answer(trial.verdict(self.job))
        if self.job["do"] == "tell":
            self.watch.allow(self.job["seconds"])
            functions = named(self.job["functions"])
            calls = [arrived(self.job["calls"], functions) for _ in range(2)]
            self._answer({"state": "told", "told": Caller(functions).called_twice(*calls)})
        self._answer({"state": "ran", "ends": {}})

    def _answer(self, answer: Answer) -> None:
        """The one answer of a cold process, which ends with it."""
        assert self.channel is not None
        self.channel.send(dict(answer, n=self.job["n"], retire=True))
        self.channel.receive()
        os._exit(0)

    def _serve_warm(self) -> None:
        ran = self.imports.stop()
        warm = Warm(self.rerun, self.hello, ran)
        assert self.channel is not None
        self.channel.send({"ready": True, "foreign": warm.foreign()})
        warm.serve(self.channel)


class _WarmChild(Child):
    pass


class _WarmProcess:
    """The pristine process's end of the warm one, which it starts again once when it dies."""

    def __init__(self, startup_s: float) -> None:
        self.startup_s = startup_s
        self.took_s = 0.0
        self.lives = 2
        self.pid = 0
        self.channel: Optional[Channel] = None
        self._start()

    def answers(self, request: Mapping[str, Any]) -> Iterator[Answer]:
        """The warm process's answers; jobs it cannot have any more are left out."""
        left = {job["n"]: job for job in request["jobs"]}
        while left and self._is_ready():
            assert self.channel is not None
            self.channel.send(dict(request, jobs=list(left.values())))
            for answer in iter(self.channel.receive, None):
                if answer.get("done"):
                    return
                del left[answer["n"]]
                yield answer
            self._start()

    def _is_ready(self) -> bool:
        if self.channel is None or self.took_s:
            return self.channel is not None
        self.channel.sock.settimeout(self.startup_s)
        message = self.channel.receive()
        self.channel.sock.settimeout(None)
        self.took_s = time.monotonic() - self.began
        if message is None or not message["ready"]:
            self.end()
        else:
            _import_foreign(message["foreign"])
        return self.channel is not None

    def end(self) -> None:
        """Ends the process and counts its CPU time as that of a child."""
        if self.channel is not None:
            self.channel.close()
            pool.kill(self.pid)
        self.channel = None

    def _start(self) -> None:
        self.end()
        self.lives -= 1
        if self.lives < 0:
            return
        ours, theirs = socket.socketpair()
        self.began = time.monotonic()
        self.pid = os.fork()
        if self.pid == 0:
            ours.close()
            os.setpgid(0, 0)
            raise _WarmChild(Channel(theirs), None)
        theirs.close()
        self.channel, self.took_s = Channel(ours), 0.0


def _import_foreign(names: Sequence[str]) -> None:
    """Imports what the project imports of others, once for all cold processes, which would each spend seconds on it."""
    for name in names:
        try:
            importlib.import_module(name)
        except BaseException:  # it may need what only the project prepares
            continue


def real_path(root: str, path: str) -> str:
    """The file at this path of the project, however its modules are found."""
    return os.path.realpath(os.path.join(root, path))


def located(request: Dict[str, Any], root: str) -> Dict[str, Any]:
    """The request with real paths in all its edits."""
    for each in (*request["jobs"], *request["common"].get("candidates", ())):
        each["edits"] = [(real_path(root, path), *rest) for path, *rest in each.get("edits", ())]
    return request


def main(arguments: Sequence[str] = ()) -> None:
    """Reads the hello and runs pytest with the server in it; ends when the host hangs up."""
    requests = os.fdopen(int(os.environ.pop("DREAMSCAPE_REQUESTS")), "rb")
    reporter = report.from_environment()
    hello = json.loads(requests.readline().decode("ascii"))
    root = os.path.abspath(os.environ.pop("DREAMSCAPE_TREE", "") or os.getcwd())
    hello["sources"] = {real_path(root, path): data for path, data in hello["sources"].items()}
    server = Server(hello, requests, reporter, Rerun(root))
    chosen = [*arguments, *hello["arguments"], *hello["test_files"]]
    sys.argv = [os.path.join(os.path.dirname(pytest.__file__), "__main__.py"), *chosen]
    pinned, _ = settings_arguments(root, chosen)
    status = pytest.main([*pinned, *chosen], plugins=[server, server.rerun])
    if server.role == "pristine":
        reporter.send("refused", status=int(status))
    server.left()
    os._exit(0)
