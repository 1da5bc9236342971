"""A failure goes in, its class comes out: what kind of wrong it is, judged by exception, phase and message."""

from __future__ import annotations

import re
from collections.abc import Callable

from dreamscape.agent.missing import Importable, is_named_wrongly, missing_module
from dreamscape.domain.failures import Failure, FailureClass

_BY_EXCEPTION = {
    "Timeout": FailureClass.TIMEOUT,
    "Crash": FailureClass.RESOURCE,
    "MemoryError": FailureClass.RESOURCE,
    "RecursionError": FailureClass.RECURSION,
    "IndexError": FailureClass.INDEX_OR_KEY,
    "KeyError": FailureClass.INDEX_OR_KEY,
    "TypeError": FailureClass.NONE_OR_TYPE,
    "AttributeError": FailureClass.NONE_OR_TYPE,
    "NameError": FailureClass.IMPORT,
    "UnboundLocalError": FailureClass.IMPORT,
    "ImportError": FailureClass.IMPORT,
    "ModuleNotFoundError": FailureClass.IMPORT,
    "SyntaxError": FailureClass.COLLECTION,
    "IndentationError": FailureClass.COLLECTION,
    "TabError": FailureClass.COLLECTION,
}
_NETWORK_ERRORS = re.compile(
    r"gaierror|herror|Connect(ion)?Error|ConnectTimeout|ConnectionRefused|NewConnectionError|URLError|SSLError"
    r"|Network is unreachable|Temporary failure in name resolution|Name or service not known"
)
_NETWORK_MODULES = re.compile(r"(^|/)(socket|ssl|urllib/request|http/client|urllib3|requests|httpx|httpcore|aiohttp)\b")
_DID_NOT_RAISE = re.compile(r"DID NOT (RAISE|WARN)|\w+ not (raised|triggered)")
_FIXTURE = re.compile(r"fixture '.+' not found|ScopeMismatch|recursive dependency involving fixture")
_SNAPSHOT = re.compile(r"snapshot|golden|approved file", re.IGNORECASE)


def classify(failure: Failure, importable: Importable) -> FailureClass:
    """The class of one failure seen alone; what only reruns can tell (flaky, order, environment) is `triage`'s.

    ``importable`` tells a wrong import from a missing dependency.
    """
    for rule in _RULES:
        found = rule(failure, importable)
        if found is not None:
            return found
    return FailureClass.COLLECTION if failure.phase == "collect" else FailureClass.WRONG_EXCEPTION


def smells_of_network(failure: Failure) -> bool:
    """Whether a look at the network explains this failure; only then is a run with the network worth its risk."""
    return bool(
        _NETWORK_ERRORS.search(f"{failure.exception} {failure.message}")
        or any(_NETWORK_MODULES.search(frame.path) for frame in failure.frames if not frame.in_project)
    )


def _missing_dependency(failure: Failure, importable: Importable) -> FailureClass | None:
    if missing_module(failure) is None or is_named_wrongly(failure, importable):
        return None
    return FailureClass.MISSING_DEPENDENCY


def _fixture(failure: Failure, _: Importable) -> FailureClass | None:
    return FailureClass.FIXTURE if failure.phase == "setup" and _FIXTURE.search(failure.message) else None


def _did_not_raise(failure: Failure, _: Importable) -> FailureClass | None:
    return FailureClass.DID_NOT_RAISE if _DID_NOT_RAISE.search(failure.message) else None


def _assertion(failure: Failure, _: Importable) -> FailureClass | None:
    if failure.exception.rpartition(".")[2] not in ("AssertionError", "Failed"):
        return None
    return FailureClass.GOLDEN_FILE if _SNAPSHOT.search(failure.message) else FailureClass.WRONG_VALUE


def _network(failure: Failure, _: Importable) -> FailureClass | None:
    return FailureClass.NETWORK if smells_of_network(failure) else None


def _by_exception(failure: Failure, _: Importable) -> FailureClass | None:
    return _BY_EXCEPTION.get(failure.exception.rpartition(".")[2])


_RULES: tuple[Callable[[Failure, Importable], FailureClass | None], ...] = (
    _missing_dependency,
    _fixture,
    _did_not_raise,
    _assertion,
    _network,
    _by_exception,
)
