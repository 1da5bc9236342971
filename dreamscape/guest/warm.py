"""The warm process: project imported, tests collected; forks of it judge candidates by swapping code."""

from __future__ import annotations

import gc
import importlib
import importlib.machinery
import os
import resource
import sys
import time
from contextlib import contextmanager
from typing import Any, Dict, Iterator, List, Mapping, Sequence, Set, Tuple

from _pytest.assertion.rewrite import AssertionRewritingHook

from . import limits
from .behaviour import Comparison
from .failure import Project
from .pool import Channel, Child, Pool, Watch
from .rerun import Rerun
from .state import CannotRestore, State
from .swap import CannotSwap, Edit, Live, swap
from .trial import Answer, Trial, missing, told

_LOADERS = (importlib.machinery.SourceFileLoader, AssertionRewritingHook)
_CHUNK = 16
_SILENT_S = 20.0
"""How long a worker may take for anything but a test before it is taken for hung (chosen)."""
_GROWTH_PAGES = 64 * 1024 * 1024 // resource.getpagesize()
"""Resident memory a used worker may have gained before it is replaced (chosen)."""

Ran = Set[Tuple[str, int, str]]


class ImportWatch:
    """Notes which functions run while the project is imported and its tests are collected.

    What they did then is done: a candidate that changes one of them has to be imported afresh. A trace function makes
    a collection three times as slow, so it looks only while modules and hooks of the project's own run.
    """

    def __init__(self, project: Project) -> None:
        self._project = project
        self._codes: Dict[int, Any] = {}
        self._depth = 0

    def start(self) -> None:
        for loader in _LOADERS:
            loader.exec_module = self._watching(loader.exec_module)  # type: ignore[method-assign]

    def stop(self) -> Ran:
        for loader in _LOADERS:
            if "watched" in vars(loader.exec_module):
                loader.exec_module = vars(loader.exec_module)["watched"]  # type: ignore[method-assign]
        return {(code.co_filename, code.co_firstlineno, code.co_name) for code in self._codes.values()}

    @contextmanager
    def looking(self) -> Iterator[None]:
        """Functions that are called inside the block are noted."""
        codes = self._codes

        def note(frame: Any, event: str, _: Any) -> None:
            codes[id(frame.f_code)] = frame.f_code

        self._depth += 1
        if self._depth == 1:
            sys.settrace(note)
        try:
            yield
        finally:
            self._depth -= 1
            if not self._depth:
                sys.settrace(None)

    def _watching(self, plain: Any) -> Any:
        def exec_module(loader: Any, module: Any) -> None:
            file = getattr(getattr(module, "__spec__", None), "origin", None)
            if isinstance(file, str) and self._project.place(file)[1]:
                with self.looking():
                    plain(loader, module)
            else:
                plain(loader, module)

        exec_module.watched = plain  # type: ignore[attr-defined]
        return exec_module


class Warm:
    """Answers the pristine process's requests with the help of forked workers."""

    def __init__(self, rerun: Rerun, hello: Mapping[str, Any], ran: Ran) -> None:
        self.rerun = rerun
        self.workers = int(hello["workers"])
        self.memory_bytes = int(hello["memory_bytes"])
        self.sources = {path: data.encode("latin-1") for path, data in hello["sources"].items()}
        self.live = Live(self.sources, ran)
        self.project = rerun.project
        self.common: Mapping[str, Any] = {}
        self.imported: Set[str] = set()
        self._settle()

    def _settle(self) -> None:
        """From here on, forks come back to how things are now."""
        self.state = State([module for module in list(sys.modules.values()) if self.is_own(module)])
        gc.collect()
        gc.freeze()

    def _import(self, names: Sequence[str]) -> None:
        """Imports modules of the project that a test was seen to import, or it would spend a process each time."""
        fresh = set(names) - self.imported - set(sys.modules)
        self.imported |= fresh
        if not fresh:
            return
        watch = ImportWatch(self.project)
        watch.start()
        for name in sorted(fresh):
            try:
                importlib.import_module(name)
            except BaseException:  # the test had prepared for it; its forks still can
                continue
        gc.unfreeze()  # what is frozen is not among the objects to look at
        self.live.look(watch.stop())
        self._settle()

    def is_own(self, module: Any) -> bool:
        """Whether the module is the project's, tests included."""
        file = getattr(module, "__file__", None)
        return isinstance(file, str) and self.project.place(file)[1]

    def foreign(self) -> List[str]:
        """Names of the modules that are not the project's, in the order of their import."""
        specs = [(name, getattr(module, "__spec__", None), module) for name, module in list(sys.modules.items())]
        return [name for name, spec, module in specs if spec and spec.name == name and not self.is_own(module)]

    def serve(self, channel: Channel) -> None:
        """Answers requests until the other end is gone; never returns."""
        try:
            while True:
                request = channel.receive()
                if request is None:
                    os._exit(0)
                for answer in self._answers(request):
                    channel.send(answer)
                channel.send({"done": True})
        except Child as child:
            channel.close()
            assert child.watch is not None
            Worker(self, child.watch).work(child.channel)

    def _answers(self, request: Mapping[str, Any]) -> Iterator[Answer]:
        self.common = request["common"]
        for each in (*request["jobs"], *self.common.get("candidates", ())):
            self.live.prepare(_edits(each))
        deadline = time.monotonic() + request["seconds"]
        unconfirmed: List[Dict[str, Any]] = []
        for jobs, chunk in ((request["jobs"], _CHUNK), (unconfirmed, 1)):
            for job, end in Pool(self.workers, chunk, _SILENT_S).run(jobs, deadline):
                answer = dict(end, n=job["n"]) if isinstance(end, dict) else told(job, end)
                self._import(answer.pop("imported", ()))
                if answer.pop("confirm", False):
                    unconfirmed.append(dict(job, alone=True))
                else:
                    yield answer


class Worker:
    """A fork of the warm zygote: judges one candidate after the other as long as each leaves no trace."""

    def __init__(self, warm: Warm, watch: Watch) -> None:
        self.warm = warm
        self.watch = watch
        self.used = False
        self.trial = Trial(warm.rerun, watch)
        limits.silence()
        limits.limit_memory(warm.memory_bytes)
        self.resident = limits.pages()[1]

    def work(self, channel: Channel) -> None:
        """Works off jobs until there are no more; never returns."""
        while True:
            self.watch.rest()
            jobs = channel.receive()
            if jobs is None:
                os._exit(0)
            for job in jobs:
                self.watch.allow(_SILENT_S)
                job = {**self.warm.common, **job}
                answer = getattr(self, job["do"])(job)
                answer["n"] = job["n"]
                channel.send(answer)
                if answer.get("retire"):
                    self.watch.allow(_SILENT_S)
                    channel.receive()

    def judge(self, job: Mapping[str, Any]) -> Answer:
        """The verdict on one candidate, ``state`` "cold" where this process cannot give it."""
        lacking = missing([*job["failing"], *job["others"]], self.warm.rerun)
        if lacking:
            return {"state": "cold", "why": "%s was not collected" % lacking[0]}
        try:
            back = swap(self.warm.live.plan(_edits(job)))
        except (SyntaxError, ValueError) as error:
            return {"state": "invalid", "why": "%s: %s" % (type(error).__name__, error)}
        except CannotSwap as error:
            return {"state": "cold", "why": str(error)}
        try:
            answer = self.trial.verdict(job)
        finally:
            swap(back)
        if job.get("alone"):
            return dict(answer, retire=True)
        # What repairs the failing tests is rare and worth a process of its own: a used one may bear traces of others.
        answer["confirm"] = self.used and answer["state"] in ("plausible", "breaks_others")
        return self._leave_clean(answer)

    def run(self, job: Mapping[str, Any]) -> Answer:
        """How the tests of ``failing`` end with the code as it is, each whatever became of the one before."""
        ends = {}
        for key in job["failing"]:
            if key in self.warm.rerun.items:
                end = self.trial.run_limited(key, None, job["limits"])
                ends[key] = {"status": end["status"], "failure": end["failure"], "wall_s": end["wall_s"]}
        return {"state": "ran", "ends": ends, "retire": True}

    def behaviours(self, job: Mapping[str, Any]) -> Answer:
        """What the candidates do on generated inputs."""
        comparison = Comparison(self.warm.live, self.trial, self.watch, self.warm.workers)
        return comparison.compare(job, [_edits(each) for each in job["candidates"]])

    def tell(self, job: Mapping[str, Any]) -> Answer:
        """Only a process that imports the candidate afresh can tell."""
        return {"state": "cold", "why": "asked for"}

    def _leave_clean(self, answer: Answer) -> Answer:
        """Puts the process back as it was, or has it retired."""
        self.used = True
        if not answer.get("retire"):
            try:
                self.warm.state.restore(self.warm.is_own)
            except CannotRestore as error:
                answer.update(retire=True, retired="%s" % error, imported=error.imported)
            if limits.has_children() or limits.pages()[1] > self.resident + _GROWTH_PAGES:
                answer.update(retire=True, retired="children or memory were left behind")
        return answer


def _edits(job: Mapping[str, Any]) -> List[Edit]:
    return [(path, start, end, text.encode("latin-1")) for path, start, end, text in job.get("edits", ())]
