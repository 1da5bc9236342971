"""Where errors end: each becomes one sentence, an exit code, and a crash file if it was our own bug."""

from __future__ import annotations

import contextlib
import errno
import json
import logging
import os
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

import typer

from dreamscape import __version__
from dreamscape.cli.context import Call, Options, wants_json
from dreamscape.domain.errors import CannotGoOn, DiskFull, DreamscapeError, UsageError
from dreamscape.domain.spending import SPENDING

logger = logging.getLogger(__name__)

INTERRUPTED, BUG = 130, 70
BROKEN_PIPE = 141
"""What a shell reports of a program that died of SIGPIPE; the reader went away, nobody is told."""

_ENDING = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]

KEPT_CRASHES = 10
"""Chosen: enough to report from, too few to fill a disk night after night."""

_Unparsed: type[Exception] = next(kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException")
"""What Typer raises for a command line it cannot parse; its home has moved between versions, its name has not."""


class Terminated(KeyboardInterrupt):
    """SIGTERM, or SIGHUP of a terminal that closes: as Ctrl-C to all who save state, told apart by the exit code."""

    def __init__(self, number: int = signal.SIGTERM) -> None:
        super().__init__()
        self.exit_code = 128 + number


def guarded(parse: Callable[[], Call | int], args: Sequence[str]) -> int:
    """Parses and runs one command line; gives its exit code whatever happens."""
    is_json = wants_json(list(args))
    options = Options(debug="--debug" in args)
    try:
        with _ended_like_an_interrupt() as stopped:
            call = parse()
            if call == INTERRUPTED:  # Typer swallows what ends it while it parses
                raise stopped[0] if stopped else KeyboardInterrupt
            if isinstance(call, int):
                return call
            options = call.options
            start_logging(options.verbosity)
            _check_output(options.output)
            return call.work()
    except BrokenPipeError:
        return BROKEN_PIPE
    except KeyboardInterrupt as stop:
        code = stop.exit_code if isinstance(stop, Terminated) else INTERRUPTED
        return _told("interrupted, state saved", "", code, is_json=is_json)
    except _Unparsed as error:
        translated = _usage_error(error)
        return _told(translated.message, translated.hint, translated.exit_code, is_json=is_json)
    except Exception as error:  # noqa: BLE001  # the command line's seam
        if options.debug:
            traceback.print_exc()
        known = _known(error)
        if known is None:
            known = _bug(error, options, args)
        return _told(known.message, known.hint, known.exit_code, is_json=is_json)


def _check_output(output: Path | None) -> None:
    """Before work that may take an hour: whether its result can be written at all. Raises CannotGoOn."""
    if output is None or (output.exists() and not output.is_dir()):
        return
    folder = output.resolve().parent
    if output.is_dir():
        why = "it is a folder"
    elif not folder.is_dir():
        why = f"there is no folder {folder}"
    elif not os.access(folder, os.W_OK | os.X_OK):
        why = f"{folder} is read-only"
    else:
        return
    raise CannotGoOn(f"{output} cannot be written: {why}", "choose another --output")


def _usage_error(error: Exception) -> UsageError:
    message = str(getattr(error, "format_message", error.__str__)()).replace("\n\t", " ").strip()
    context = getattr(error, "ctx", None)
    return UsageError(message, f"see '{context.command_path} --help'" if context else "")


def _known(error: Exception) -> DreamscapeError | None:
    """What the user can understand of an exception; None for a bug."""
    match error:
        case DreamscapeError():
            return error
        case OSError(errno=errno.ENOSPC | errno.EDQUOT):
            place = f" at {error.filename}" if error.filename else ""
            return DiskFull(f"the disk or the quota is full{place}", "free some space and run it again")
        case PermissionError(filename=str() | bytes() as place):
            return CannotGoOn(f"{os.fsdecode(place)}: permission denied", "make it readable for the user who runs this")
        case _:
            return None


def _bug(error: Exception, options: Options, args: Sequence[str]) -> DreamscapeError:
    """Writes the crash file and tells where it is."""
    text = f"dreamscape {__version__}, Python {sys.version}, {sys.platform}\n{list(args)!r}\n\n"
    text += "".join(traceback.format_exception(error))
    try:
        hint = f"please report it with the file {_write_crash_file(text, options)}"
    except OSError as unwritable:
        hint = f"no crash file could be written ({unwritable.strerror}); --debug shows the traceback"
    return DreamscapeError(f"a bug in dreamscape: {type(error).__name__}: {error}", hint)


def _write_crash_file(text: str, options: Options) -> Path:
    """Only the user may read it; it lies in the project's state folder if there is one, else among temporary files."""
    name = f"crash-{datetime.now(UTC):%Y%m%dT%H%M%S}-{os.getpid()}-"
    folders = [_state_folder(options), Path(tempfile.gettempdir())]
    for folder in folders:
        if folder is not None and folder.is_dir() and os.access(folder, os.W_OK):
            handle, path = tempfile.mkstemp(".txt", name, folder)
            with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
                file.write(text)
            _prune(folder)
            return Path(path)
    raise FileNotFoundError(errno.ENOENT, "no folder to write to")


def _prune(folder: Path) -> None:
    """Their names begin with their time, so that the last by name are the newest."""
    for old in sorted(folder.glob("crash-*.txt"))[:-KEPT_CRASHES]:
        old.unlink(missing_ok=True)


def _state_folder(options: Options) -> Path | None:
    from dreamscape import bootstrap

    try:
        return bootstrap.find_project(options.project) / bootstrap.STATE_FOLDER
    except (DreamscapeError, OSError):
        return None


def _told(message: str, hint: str, code: int, *, is_json: bool) -> int:
    """Says it on stderr, and on stdout too where a program reads there; gives the code back."""
    sys.stderr.write(f"dreamscape: {message}\n" + (f"  {hint}\n" if hint else ""))
    if is_json:
        value = {"schema": "dreamscape.error/1", "error": message, "hint": hint, "exit_code": code}
        with contextlib.suppress(BrokenPipeError):
            sys.stdout.write(json.dumps(value) + "\n")
            sys.stdout.flush()
    return code


@contextlib.contextmanager
def _ended_like_an_interrupt() -> Iterator[list[Terminated]]:
    """Yields what came, if anything."""
    stopped: list[Terminated] = []

    def stop(number: int, frame: FrameType | None) -> None:
        stopped.append(Terminated(number))
        raise stopped[-1]

    try:
        before = {number: signal.getsignal(number) for number in _ENDING}
        for number in before:
            if before[number] is not signal.SIG_IGN:  # nohup asks not to be ended by its terminal
                signal.signal(number, stop)
    except ValueError:  # not the main thread: signals are somebody else's
        yield stopped
        return
    try:
        yield stopped
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class _Plain(logging.Formatter):
    """Progress and what is said of spending as it is, what is worse with its level."""

    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        return text if record.levelno < logging.WARNING else f"{record.levelname.lower()}: {text}"


def start_logging(verbosity: int) -> None:
    """Messages go to stderr: errors under -q, progress at a terminal or under -v, all under -vv."""
    by_itself = logging.INFO if sys.stderr.isatty() and not os.environ.get("CI") else SPENDING
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Plain())
    ours = logging.getLogger("dreamscape")
    ours.handlers[:] = [handler]
    ours.propagate = False
    ours.setLevel({-1: logging.ERROR, 1: logging.INFO, 2: logging.DEBUG}.get(verbosity, by_itself))


def prepare_streams() -> None:
    """UTF-8 whatever the locale says, and bytes that no name can express are shown escaped, never a crash."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def flushed(code: int) -> int:
    """Brings the last output out; a reader that went away is no error of ours, a full disk is."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        return BROKEN_PIPE
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _told(f"the result could not be written: {error.strerror}", "", DiskFull.exit_code, is_json=False)
    return code
