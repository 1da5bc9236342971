"""Runs in the projects' interpreters: records the calls tests make, varies them, replays them on another version.

As a pytest plugin (``-p repair_calls``) it keeps the arguments of each outermost call into the package under whose
run one of the functions in question ran. ``repair_calls.py vary CALLS OUT`` adds calls with arguments changed.
``repair_calls.py replay CALLS OUT`` makes the calls and writes what each came to, one JSON line per call.
"""

import contextlib
import importlib
import json
import os
import pickle
import random
import re
import signal
import sys
from itertools import islice
from pathlib import Path

RECORDED_MOST = 300
VARIED_MOST = 600
PER_CALL_S = 0.3
_GENERATORS = 0x20 | 0x80 | 0x200
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{6,}")


class Recorder:
    """Watches calls by ``sys.setprofile``; ``focus`` holds (file, qualified function) pairs, function ``*`` for any."""

    def __init__(self, root, focus, out):
        self.root, self.out = root, out
        self.focus = {tuple(pair) for pair in focus}
        self.skip = re.compile(r"(^|/)(tests?/|test_[^/]*$|[^/]*_tests?\.py$|conftest\.py$)")
        self.kind = {}
        self.stack = []
        self.recent = []
        self.kept = {}
        self.seen = 0

    def kind_of(self, code):
        """0: none of the package's; 1: the package's; 2: in question."""
        kind = self.kind.get(code)
        if kind is None:
            path = code.co_filename
            kind = 0
            if path.startswith(self.root) and not self.skip.search(path[len(self.root) :]):
                relative = path[len(self.root) :]
                names = code.co_qualname.replace(".<locals>", "").split(".")
                heads = {".".join(names[: n + 1]) for n in range(len(names))} | {"*"}
                kind = 2 if any((relative, head) in self.focus for head in heads) else 1
            self.kind[code] = kind
        return kind

    def __call__(self, frame, event, _argument):
        if event not in ("call", "return"):
            return
        kind = self.kind_of(frame.f_code)
        if not kind:
            return
        if event == "return":
            if self.stack and self.stack[-1][0] is frame:
                _, entry = self.stack.pop()
                if not self.stack:
                    self.settle(entry)
            return
        entry = None if self.stack else self.enter(frame)
        self.stack.append((frame, entry))
        if kind == 2:
            first = self.stack[0][1]
            if first is not None:
                first["reached"] = True
            else:
                for late in self.recent:
                    self.keep(late)
                self.recent.clear()

    def enter(self, frame):
        code = frame.f_code
        if code.co_name.startswith("<") or "<locals>" in code.co_qualname:
            return None
        if code.co_flags & _GENERATORS and frame.f_lasti > 8:
            return None
        values = frame.f_locals
        count = code.co_argcount
        names = code.co_varnames
        try:
            args = [values[name] for name in names[:count]]
            after = count + code.co_kwonlyargcount
            kwargs = {name: values[name] for name in names[count:after]}
            if code.co_flags & 0x04:
                args += values[names[after]]
                after += 1
            if code.co_flags & 0x08:
                kwargs.update(values[names[after]])
        except KeyError:
            return None
        name = code.co_qualname
        if code.co_name in ("__init__", "__new__"):
            made = args.pop(0)
            made = made if isinstance(made, type) else type(made)
            if made.__module__ != frame.f_globals.get("__name__"):
                return None
            name = made.__qualname__
        sys.setprofile(None)
        try:
            packed = pickle.dumps((args, kwargs), 4)
        except Exception:  # noqa: BLE001 (pickling runs the project's code)
            packed = None
        finally:
            sys.setprofile(self)
        if packed is None or len(packed) > 200_000:
            return None
        return {"module": frame.f_globals.get("__name__"), "name": name, "packed": packed, "reached": False}

    def settle(self, entry):
        if entry is None:
            return
        if entry["reached"]:
            self.keep(entry)
        else:
            self.recent = [*self.recent[-30:], entry]

    def keep(self, entry):
        key = (entry["module"], entry["name"], entry["packed"])
        if key in self.kept:
            return
        self.seen += 1
        if len(self.kept) < RECORDED_MOST:
            self.kept[key] = None
        else:
            place = random.Random(self.seen).randrange(self.seen)
            if place < RECORDED_MOST:
                self.kept.pop(next(iter(islice(self.kept, place, None))))
                self.kept[key] = None


def pytest_runtest_call(item):
    sys.setprofile(_recorder)


def pytest_runtest_teardown(item):
    sys.setprofile(None)
    _recorder.stack.clear()
    _recorder.recent.clear()


def pytest_sessionfinish(session):
    save([(*key, False) for key in _recorder.kept], _recorder.out)


if "BENCH_RECORD" in os.environ:
    _recorder = Recorder(**json.loads(os.environ["BENCH_RECORD"]))


def save(calls, path):
    Path(path).write_bytes(pickle.dumps(calls))


def load(path):
    return pickle.loads(Path(path).read_bytes())


def leaves(value, path=()):
    """Paths to the values inside lists, tuples and dicts that can be varied."""
    if type(value) in (list, tuple):
        if path:
            yield path
        for index, part in enumerate(value):
            yield from leaves(part, (*path, index))
    elif type(value) is dict:
        for key, part in value.items():
            yield from leaves(part, (*path, key))
    elif value is None or type(value) in (int, bool, float, str, bytes, set):
        yield path


def other(value, draw):
    """A value near ``value``."""
    if type(value) is bool:
        return not value
    if type(value) is int:
        return draw.choice([value + 1, value - 1, -value, 0, 1, 2 * value, value + 10, draw.randint(-100, 100)])
    if type(value) is float:
        return draw.choice([value + 1, -value, value / 2, 0.0, value * 10, round(value)])
    if type(value) in (str, bytes):
        cut = draw.randint(0, len(value))
        space = " " if type(value) is str else b" "
        near = [value[:cut], value[cut:], value[:cut] + space + value[cut:], value[:cut] + value[cut + 1 :]]
        far = [value + value, value[:0], value[::-1], value.upper(), value.title(), value + value[:1]]
        return draw.choice(near + far)
    if type(value) in (list, tuple):
        cut = draw.randint(0, len(value))
        return draw.choice(
            [value[:cut], value[cut:], value + value, value[::-1], value[:0], value[:cut] + value[cut + 1 :]]
        )
    if type(value) is set:
        return set(list(value)[: draw.randint(0, len(value))])
    return draw.choice([0, 1, "", "a", False])


def changed(value, path, draw):
    if not path:
        return other(value, draw)
    if type(value) is dict:
        return {key: changed(part, path[1:], draw) if key == path[0] else part for key, part in value.items()}
    return type(value)(changed(part, path[1:], draw) if index == path[0] else part for index, part in enumerate(value))


def vary(source, target):
    calls = load(source)
    draw = random.Random(0)
    known = {call[:3] for call in calls}
    more = []
    for _ in range(4 * VARIED_MOST):
        if len(more) >= VARIED_MOST or not calls:
            break
        module, name, packed, _ = draw.choice(calls)
        try:
            arguments = list(pickle.loads(packed))
            places = list(leaves(arguments))
            places = [place for place in places if len(place) > 1]
            if not places:
                continue
            again = pickle.dumps(tuple(changed(arguments, draw.choice(places), draw)), 4)
        except Exception:  # noqa: BLE001 (unpickling runs the project's code)
            continue
        if (module, name, again) not in known:
            known.add((module, name, again))
            more.append((module, name, again, True))
    save(calls + more, target)


def plain(value, depth=6):
    """A text that is equal for values that behave alike, whatever their identity and address."""
    kind = type(value)
    if value is None or kind in (bool, int, str, bytes, complex):
        return repr(value)
    if kind is float:
        return repr(value) if value != value or value in (float("inf"), float("-inf")) else f"{value:.12g}"
    if depth == 0:
        return "..."
    if kind in (list, tuple):
        return kind.__name__ + "(" + ",".join(plain(part, depth - 1) for part in value) + ")"
    if isinstance(value, dict):
        parts = [plain(key, depth - 1) + ":" + plain(part, depth - 1) for key, part in value.items()]
        return kind.__name__ + "{" + ",".join(parts) + "}"
    if kind in (set, frozenset):
        return kind.__name__ + "{" + ",".join(sorted(plain(part, depth - 1) for part in value)) + "}"
    if isinstance(value, BaseException):
        return kind.__name__ + plain(value.args, depth - 1)
    if isinstance(value, type) or callable(value):
        return getattr(value, "__qualname__", kind.__qualname__)
    if hasattr(value, "__next__"):
        return "iterator(" + ",".join(plain(part, depth - 1) for part in islice(value, 500)) + ")"
    shown = _ADDRESS.sub("0x", repr(value))
    state = dict(getattr(value, "__dict__", {}))
    for parent in kind.__mro__:
        slots = parent.__dict__.get("__slots__", ())
        for slot in [slots] if isinstance(slots, str) else slots:
            if hasattr(value, slot):
                state[slot] = getattr(value, slot)
    return kind.__qualname__ + "<" + (plain(state, depth - 1) if state or shown.startswith("<") else shown) + ">"


class TooLong(BaseException):
    pass


def too_long(_number, _frame):
    raise TooLong


def outcome(module, name, packed):
    try:
        function = importlib.import_module(module)
        for part in name.split("."):
            function = getattr(function, part)
        args, kwargs = pickle.loads(packed)
    except Exception as error:  # noqa: BLE001 (importing and unpickling run the project's code)
        return ["cannot", type(error).__name__]
    random.seed(0)
    signal.setitimer(signal.ITIMER_VIRTUAL, PER_CALL_S)
    try:
        result = function(*args, **kwargs)
        return ["gives", plain(result), plain(args), plain(kwargs)]
    except TooLong:
        return ["hangs"]
    except RecursionError:
        return ["hangs"]
    except BaseException as error:  # noqa: BLE001 (what it raises is what we want to know)
        return ["raises", type(error).__name__]
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)


def replay(source, target):
    sys.path.insert(0, str(Path.cwd()))
    signal.signal(signal.SIGVTALRM, too_long)
    with (
        Path(os.devnull).open("w") as nowhere,
        Path(target).open("w", encoding="utf-8", errors="backslashreplace") as out,
        contextlib.redirect_stdout(nowhere),
        contextlib.redirect_stderr(nowhere),
    ):
        for module, name, packed, varied in load(source):
            try:
                said = outcome(module, name, packed)
            except TooLong:
                said = ["hangs"]
            out.write(json.dumps({"name": f"{module}.{name}", "varied": varied, "said": said}) + "\n")
            out.flush()


if __name__ == "__main__":
    {"vary": vary, "replay": replay}[sys.argv[1]](sys.argv[2], sys.argv[3])
