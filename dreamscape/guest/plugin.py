"""Runs the project's pytest suite; reports every test, failure and override as it happens.

`main` is given pytest's arguments; what else to do stands in ``run.json`` among the files handed in:
``only`` (keys or null), ``deselect`` (keys), ``ignore`` (paths), ``order`` (given, reversed, random), ``seed``,
``coverage`` (none, lines, files), ``test_timeout_s``.
"""

from __future__ import annotations

import errno
import faulthandler
import json
import os
import random
import sys
import tempfile
import traceback
from typing import Any, Dict, Iterator, List, Optional, Set

import pytest
from _pytest.outcomes import Failed

from .failure import Project, describe
from .keys import keys_of, masked, path_of, scope_of, wanted
from .outcomes import Progress, without_exception
from .overrides import overrule, settings_arguments
from .report import Reporter, from_environment, secret_from_requests
from .strangers import strangers
from .telling import keep_out
from .timeouts import Timer
from .tracer import Tracer, tracer_for

Hook = Iterator[None]


class Plugin:
    """One run of the suite, seen from inside pytest."""

    def __init__(self, reporter: Reporter, project: Project, request: Dict[str, Any], tracer: Tracer) -> None:
        self._reporter = reporter
        self._project = project
        self._request = request
        self._tracer = tracer
        self._timer = Timer(request["test_timeout_s"], reporter.fd)
        self._keys: Dict[pytest.Item, str] = {}
        self._deselected = 0
        self._progress: Optional[Progress] = None
        self._compared: Any = None
        self._is_poisoned = False
        self._told: Set[str] = set()

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_load_initial_conftests(self, early_config: Any) -> Any:
        self._overrule(early_config.known_args_namespace)
        # Not sooner: installed plugins are imported by now, and a trace function makes that slow.
        self._tracer.start()
        outcome = yield
        if outcome.excinfo is not None:
            self._not_collected(outcome.excinfo[1], "conftest.py")

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_cmdline_main(self, config: Any) -> Hook:
        self._overrule(config.option)
        settings = getattr(config, "_inicache", {})
        settings["cache_dir"] = os.path.join(tempfile.gettempdir(), "dreamscape-pytest-cache-%d" % os.getpid())
        settings["faulthandler_timeout"] = 0.0
        ignored = [os.path.join(self._project.root, path) for path in self._request["ignore"]]
        config.option.ignore = [*(config.option.ignore or ()), *ignored]
        if self._request["only"] is not None:
            config.args = [path for path in self._files(self._request["only"]) if path not in ignored]
        yield

    @pytest.hookimpl(trylast=True)
    def pytest_sessionstart(self) -> None:
        if self._reporter.fd is not None:
            faulthandler.enable(file=self._reporter.fd)

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_make_collect_report(self, collector: Any) -> Any:
        if isinstance(collector, pytest.File):
            self._reporter.send("collecting", key=masked(collector.nodeid))
            self._timer.start()
            with self._timer.running():
                outcome = yield
        else:
            outcome = yield
        report = outcome.get_result()
        key = masked(report.nodeid)
        if report.failed:
            self._timer.watch_again()
            call = report.__dict__.get("call")
            error = call.excinfo.value if call is not None and call.excinfo is not None else None
            self._not_collected(error or Failed(str(report.longrepr)), key)
        elif report.skipped and key:
            self._reporter.send("result", key=key, outcome="skipped", duration_s=0.0, phase="collect")

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_collection_modifyitems(self, config: Any, items: List[pytest.Item]) -> Hook:
        collected = list(items)
        self._keys = dict(zip(collected, keys_of(item.nodeid for item in collected)))  # noqa: B905
        yield
        chosen = self._ordered(self._selected(items))
        kept = set(chosen)
        left_out = [item for item in items if item not in kept]
        items[:] = chosen
        self._deselected = len(collected) - len(items)
        if left_out:
            config.hook.pytest_deselected(items=left_out)

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self, session: Any) -> None:
        self.tell_imports()
        keys = [self._key(item) for item in session.items]
        self._reporter.send("collected", keys=keys, deselected=self._deselected)

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: Any) -> Any:
        key = self._key(item)
        self._progress = progress = Progress(key)
        self._reporter.send("start", key=key)
        self._tracer.begin()
        self._timer.start()
        outcome = yield
        files = self._tracer.end()
        if files:
            self._reporter.send("coverage", key=key, files=files)
        if outcome.excinfo is not None:
            # `pytest.exit`, Ctrl-C, a hook that fails: inside a test it is that test's failure, not ours.
            progress.broke_off(describe(self._project, key, "call", outcome.excinfo[1], outcome.excinfo[2]))
        self._tell(progress)
        self._progress = self._compared = None

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_setup(self) -> Hook:
        with self._timer.running():
            yield

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_call(self) -> Hook:
        with self._timer.running():
            yield

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_teardown(self) -> Hook:
        with self._timer.running():
            yield

    def pytest_assertrepr_compare(self, op: str, left: object, right: object) -> None:
        self._compared = (op, left, right)

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_makereport(self, item: Any, call: Any) -> Any:
        with self._tracer.paused():
            outcome = yield
        report = outcome.get_result()
        if report.outcome != "failed":
            return
        self._timer.watch_again()
        if call.excinfo is None:
            report.dreamscape = without_exception(item, report, self._key(item))
            return
        error = call.excinfo.value
        if isinstance(error, MemoryError) or getattr(error, "errno", None) == errno.ENOSPC:
            self._is_poisoned = True
        compared = self._compared if isinstance(error, AssertionError) else None
        with self._tracer.paused():
            described = describe(
                self._project, self._key(item), report.when, error, call.excinfo.tb, compared, report.duration
            )
        if not any(frame[3] for frame in described["frames"]):
            described["frames"].append(_place_of(item))
        report.dreamscape = described

    def pytest_runtest_logreport(self, report: Any) -> None:
        if self._progress is not None:
            self._progress.add(report)

    def pytest_internalerror(self, excinfo: Any) -> None:
        """A hook of the project's that fails outside of tests, as in a conftest.py."""
        described = describe(self._project, "", "collect", excinfo.value, excinfo.tb)
        places = [frame[0] for frame in described["frames"] if frame[3]]
        if places and self._progress is None:
            described["test"] = places[-1]
            self._tell_uncollected(described)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, exitstatus: Any) -> None:
        self._timer.stop()
        # All tests have run: suites that end their process in a hook of their own, to be rid of threads, lose nothing.
        self._reporter.send("finish", exit_code=int(exitstatus))

    def _overrule(self, options: Any) -> None:
        for words in overrule(options, self._request["seed"]):
            self.say_overridden(words)

    def tell_imports(self) -> None:
        """Reports what ran outside of tests so far."""
        files = self._tracer.at_import()
        if files:
            self._reporter.send("coverage", key="", files=files)

    def say_overridden(self, words: str) -> None:
        """Tells once that a setting of the suite was overruled."""
        if words not in self._told:
            self._told.add(words)
            self._reporter.send("overridden", words=words)

    def _files(self, keys: List[str]) -> List[str]:
        """What to collect for these keys; a conftest stands for its folder."""
        names = dict.fromkeys(scope_of(key) if "::" not in key else path_of(key) for key in keys)
        paths = [os.path.join(self._project.root, path) for path in names]
        return [path for path in paths if os.path.exists(path)]

    def _key(self, item: Any) -> str:
        return self._keys.get(item) or masked(item.nodeid)

    def _selected(self, items: List[pytest.Item]) -> List[pytest.Item]:
        unwanted = set(self._request["deselect"])
        kept = [item for item in items if self._key(item) not in unwanted]
        if self._request["only"] is None:
            return kept
        return [kept[at] for at in wanted([self._key(item) for item in kept], self._request["only"])]

    def _ordered(self, items: List[pytest.Item]) -> List[pytest.Item]:
        if self._request["order"] == "reversed":
            return items[::-1]
        if self._request["order"] != "random":
            return items
        dice = random.Random(self._request["seed"])
        modules: Dict[str, List[pytest.Item]] = {}
        for item in items:
            modules.setdefault(path_of(self._key(item)), []).append(item)
        shuffled = list(modules.values())
        dice.shuffle(shuffled)
        for module in shuffled:
            dice.shuffle(module)
        return [item for module in shuffled for item in module]

    def _not_collected(self, error: BaseException, key: str) -> None:
        described = describe(self._project, key, "collect", error, error.__traceback__)
        if type(error).__name__ == "ConftestImportFailure":
            described["test"] = self._project.place(str(getattr(error, "path", key)))[0]
        self._tell_uncollected(described)

    def _tell_uncollected(self, described: Dict[str, Any]) -> None:
        self._reporter.send("failure", **described)
        self._reporter.send("result", key=described["test"], outcome="error", duration_s=0.0, phase="collect")

    def _tell(self, progress: Progress) -> None:
        described = progress.failure()
        if described is not None:
            self._reporter.send("failure", **described)
        self._reporter.send("result", **progress.result())
        if self._is_poisoned:
            # With memory or disk used up, what follows would fail for this test's sake; it runs in a fresh process.
            self._reporter.send("finish", exit_code=1)
            os._exit(1)


def _place_of(item: Any) -> List[Any]:
    path, line, name = item.location
    return [path.replace(os.sep, "/"), (line or 0) + 1, name.split("[", 1)[0] or name, True]


def main(arguments: List[str]) -> None:
    """Runs pytest with these arguments and ends the process.

    The process ends at once when pytest is done: threads and exit handlers the tests left behind could keep it.
    """
    reporter = from_environment(secret_from_requests())
    told = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith("DREAMSCAPE_")}
    root = os.path.abspath(told.get("DREAMSCAPE_PROJECT") or os.getcwd())
    original = told.get("DREAMSCAPE_ORIGINAL", "")
    with open(os.path.join(told["DREAMSCAPE_FILES"], "run.json"), encoding="utf-8") as file:
        request = json.load(file)
    project = Project(root)
    reporter.send("hello", root=root, python=sys.version.split()[0], pytest=pytest.__version__)
    tracer = tracer_for(request["coverage"], project)
    keep_out(tracer)
    plugin = Plugin(reporter, project, request, tracer)
    pinned, said = settings_arguments(root, arguments)
    for words in said:
        plugin.say_overridden(words)
    sys.argv = [os.path.join(os.path.dirname(pytest.__file__), "__main__.py"), *arguments]
    exit_code = _run(pinned + arguments, plugin, tracer)
    reporter.send("strangers", modules=strangers(project, original))
    reporter.send("finish", exit_code=exit_code)
    _flush()
    os._exit(exit_code)


def _run(arguments: List[str], plugin: Plugin, tracer: Tracer) -> int:
    try:
        return int(pytest.main(arguments, plugins=[plugin]))
    except SystemExit as exit_:
        return exit_.code if isinstance(exit_.code, int) else 1
    except BaseException:
        traceback.print_exc()
        return 3
    finally:
        tracer.stop()
        plugin.tell_imports()


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except BaseException:
            pass
