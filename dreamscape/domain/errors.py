"""What Dreamscape itself cannot do, as one tree; each leaf carries its exit code and what the reader can do.

    DreamscapeError                exit code
      UsageError                    2   the command or the configuration is wrong
      CannotGoOn                    3   something the work needs is missing
        SandboxMissing
        NotARepository
        NoTests
        PytestMissing
        DiskFull
      LimitReached                  4   budget or time spent
        TimeSpent
        BudgetSpent
      RunLocked                     5   another run holds the project's lock

A failing test of the project under repair is never one of these: it is data (`domain.runs`).
"""

from __future__ import annotations


class DreamscapeError(Exception):
    """Something Dreamscape cannot do; `str(error)` says what, `hint` what the reader can do about it."""

    exit_code = 70

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuilt, (type(self), self.message, self.hint)


def _rebuilt(kind: type[DreamscapeError], message: str, hint: str) -> DreamscapeError:
    """Errors cross process borders; a subclass with its own constructor would not unpickle by itself."""
    error = kind.__new__(kind)
    DreamscapeError.__init__(error, message, hint)
    return error


class UsageError(DreamscapeError):
    """The command line or the configuration asks for something that does not exist or is not allowed."""

    exit_code = 2


class CannotGoOn(DreamscapeError):
    """Something the work needs is missing on this machine or in this project."""

    exit_code = 3


class SandboxMissing(CannotGoOn):
    """No sandbox can be built here, and nothing of a project's may run outside one."""


class NotARepository(CannotGoOn):
    """The work needs a git repository with at least one commit."""


class NoTests(CannotGoOn):
    """The project's suite has no test that could prove anything."""


class PytestMissing(CannotGoOn):
    """The project's interpreter cannot run pytest."""


class DiskFull(CannotGoOn):
    """A file of ours could not be written because the disk or the quota is full."""


class LimitReached(DreamscapeError):
    """What the user allowed is spent."""

    exit_code = 4


class TimeSpent(LimitReached):
    """The run's minutes are over."""


class BudgetSpent(LimitReached):
    """The next question would cost more than the budget leaves."""


class RunLocked(DreamscapeError):
    """Another run works on this project."""

    exit_code = 5
