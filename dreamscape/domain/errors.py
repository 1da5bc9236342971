"""What Dreamscape itself cannot do, as one tree; each leaf carries its exit code and what the reader can do.

    DreamscapeError                exit code
      UsageError                    2   the command or the configuration is wrong
      CannotGoOn                    3   something the work needs is missing
        SandboxMissing
        NotARepository
        NoTests
        PytestMissing
        DiskFull
        NoAnswer                    a chat site or an endpoint was asked in vain
          BrowserMissing, BrowserGone, TabCrashed, PageHung
          SiteUnreachable, SessionExpired, RateLimited, ChallengeShown, SiteChanged
          KeyRefused, ModelUnknown, ServerFailed
          PromptRefused             nothing was sent, or it was turned down unread
          AnswerUnfinished          the prompt was sent, the answer did not come whole
      LimitReached                  4   budget or time spent
        TimeSpent
        BudgetSpent
      RunLocked                     5   another run holds the project's lock
        SessionInUse

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


class NoAnswer(CannotGoOn):
    """A chat site or an endpoint gave no answer that can be trusted to be whole."""

    is_unsent = False
    """Whether it is certain that the prompt was not sent."""

    again_s: float | None = None
    """How long the server said not to be asked, in seconds."""


class BrowserMissing(NoAnswer):
    """There is no browser, or none that starts, or its driver does not fit."""


class BrowserGone(NoAnswer):
    """The browser or its driver ended while it was needed."""


class TabCrashed(NoAnswer):
    """The page's own process died."""


class PageHung(NoAnswer):
    """The page no longer reacts."""


class SiteUnreachable(NoAnswer):
    """No page of the site could be opened, nor a connection to the endpoint."""


class SessionExpired(NoAnswer):
    """The site wants a login."""


class RateLimited(NoAnswer):
    """The site has had enough prompts for now."""


class ChallengeShown(NoAnswer):
    """The site wants proof of a person, which only a person gives."""


class SiteChanged(NoAnswer):
    """The page no longer looks as its profile says."""


class KeyRefused(NoAnswer):
    """The endpoint does not take the key, or its account may not ask."""


class ModelUnknown(NoAnswer):
    """The endpoint has no such model."""


class ServerFailed(NoAnswer):
    """The endpoint says that it failed, or does not speak as one."""


class PromptRefused(NoAnswer):
    """The prompt cannot be put into the page exactly, or is too long; no model has worked on it."""


class AnswerUnfinished(NoAnswer):
    """The answer broke off, or its end was never seen."""


class LimitReached(DreamscapeError):
    """What the user allowed is spent."""

    exit_code = 4


class TimeSpent(LimitReached):
    """The run's minutes are over."""


class BudgetSpent(LimitReached):
    """The next question would cost more than the budget leaves."""

    is_for_all = False
    """Whether no other question may be asked either, however cheap."""


class RunLocked(DreamscapeError):
    """Another run works on this project."""

    exit_code = 5


class SessionInUse(RunLocked):
    """Another run uses this session of a chat site."""
