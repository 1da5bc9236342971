"""The values of a repair: case, candidates, verdicts, and the steps a proposer asks for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum

from dreamscape.domain.failures import Failure, FailureClass, digest
from dreamscape.domain.lessons import Lesson
from dreamscape.domain.models import Answer, Prompt


@dataclass(frozen=True, slots=True)
class Suspect:
    """One line that may hold the fault; ``suspiciousness`` runs from 0 to 1; ``function`` is qualified in its file
    (``""`` for module level)."""

    path: str
    line: int
    function: str
    suspiciousness: float


@dataclass(frozen=True, slots=True)
class RepairCase:
    """One cause of failing tests, with all a proposer may know of it.

    ``failures`` has one entry per failing test, ``suspects`` is sorted by suspiciousness, the highest first;
    ``sources`` maps the project-relative path of each file that may be edited to its bytes; ``touching`` names
    passing tests that run suspect lines, ``passing`` all tests that pass and must go on passing (``touching`` first);
    ``failing_elsewhere`` tests of other cases that fail near the same suspects, perhaps of the same cause;
    ``test_sources`` has the failing tests' files, to be read, never to be changed; ``untouchable`` says why there are
    no suspects where there are none. ``tried`` is what models have answered in vain, ``signals`` what a closer look at
    the first suspect's file has found, in sentences.
    """

    id: str
    failures: tuple[Failure, ...]
    failure_class: FailureClass
    fingerprint: str
    suspects: tuple[Suspect, ...]
    sources: Mapping[str, bytes]
    touching: tuple[str, ...] = ()
    passing: tuple[str, ...] = ()
    failing_elsewhere: tuple[str, ...] = ()
    test_sources: Mapping[str, bytes] = field(default_factory=dict)
    untouchable: str = ""
    tried: tuple[Lesson, ...] = ()
    signals: tuple[str, ...] = ()

    @property
    def tests(self) -> tuple[str, ...]:
        """Keys of the failing tests."""
        return tuple(failure.test for failure in self.failures)

    @property
    def content(self) -> str:
        """Names all that is asked about: another one once a file of the suspects or of the failing tests changes."""
        suspected = {suspect.path: self.sources.get(suspect.path, b"") for suspect in self.suspects}
        files = sorted({**suspected, **self.test_sources}.items())
        return digest(part for path, data in files for part in (path, data.decode("latin-1")))


@dataclass(frozen=True, slots=True)
class SetAside:
    """A failure nobody should repair: it does not fail always, or not because of the code."""

    failure: Failure
    failure_class: FailureClass
    why: str


@dataclass(frozen=True, slots=True)
class Triage:
    """``confirmed`` failed every time: in order, alone, and in a fresh process with another hash seed."""

    confirmed: tuple[Failure, ...]
    set_aside: tuple[SetAside, ...]


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace bytes ``start`` to ``end`` of a source (offsets into the case's bytes) by ``replacement``."""

    path: str
    start: int
    end: int
    replacement: bytes


@dataclass(frozen=True, slots=True)
class Candidate:
    """A possible repair: edits that do not overlap, any order.

    ``origin`` names the template or model it came from, ``weight`` how likely it was held to be (higher first; only
    comparable within one case), ``summary`` says in words what it changes.
    """

    edits: tuple[Edit, ...]
    origin: str
    weight: float
    summary: str

    @property
    def id(self) -> str:
        """Names the change itself, whoever proposed it."""
        return digest(f"{e.path}\0{e.start}\0{e.end}\0{e.replacement!r}" for e in sorted_edits(self.edits))

    @property
    def paths(self) -> tuple[str, ...]:
        """The files it changes, sorted."""
        return tuple(sorted({edit.path for edit in self.edits}))

    def applied_to(self, sources: Mapping[str, bytes]) -> dict[str, bytes]:
        """The changed files only, path -> new bytes. Raises ValueError where edits overlap or lie outside."""
        changed: dict[str, bytes] = {}
        for path in self.paths:
            source = sources.get(path, b"")
            pieces: list[bytes] = []
            at = 0
            for edit in sorted_edits(e for e in self.edits if e.path == path):
                if not at <= edit.start <= edit.end <= len(source):
                    raise ValueError(f"edits of {path} overlap or lie outside the file")
                pieces += [source[at : edit.start], edit.replacement]
                at = edit.end
            changed[path] = b"".join([*pieces, source[at:]])
        return changed


def sorted_edits(edits: Iterable[Edit]) -> list[Edit]:
    """Edits in the order of their place."""
    return sorted(edits, key=lambda edit: (edit.path, edit.start, edit.end))


def smallest_edit(path: str, old: bytes, new: bytes) -> Edit:
    """The smallest single edit that makes ``new`` of ``old``."""
    start = _common(old, new)
    same = _common(old[start:][::-1], new[start:][::-1])
    return Edit(path, start, len(old) - same, new[start : len(new) - same])


def _common(one: bytes, other: bytes) -> int:
    """How many bytes at the beginning are the same."""
    return next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


class VerdictState(Enum):
    """What became of a candidate."""

    PLAUSIBLE = "plausible"
    """The failing tests and all others that were asked pass."""
    STILL_FAILS = "still_fails"
    BREAKS_OTHERS = "breaks_others"
    TIMEOUT = "timeout"
    CRASH = "crash"
    INVALID = "invalid"
    """It does not parse, compile or load."""
    REFUSED = "refused"
    """The gate does not let it run: it touches what it must not, or cheats."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The judge's word on one candidate; ``failure`` is the first failure seen, for a prompt to learn from."""

    candidate: Candidate
    state: VerdictState
    why: str = ""
    failure: Failure | None = None
    tests_run: int = 0
    cpu_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Judge:
    """Step: put these candidates to the tests; the reply is one `Verdict` each, in the same order."""

    candidates: tuple[Candidate, ...]


@dataclass(frozen=True, slots=True)
class Ask:
    """Step: put this prompt to the decided model; the reply is its `Answer`, or None where there was none."""

    prompt: Prompt


@dataclass(frozen=True, slots=True)
class Learn:
    """Step: an answer came to nothing; the reply is None."""

    lesson: Lesson


Step = Judge | Ask | Learn
Reply = tuple[Verdict, ...] | Answer | None


Example = tuple[str, tuple[str, ...]]
"""A call, for a person to read, and what each group does on it."""


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What plausible candidates did on generated inputs.

    ``groups`` puts together candidates that differ on none of ``inputs`` inputs; the largest first; ``inputs`` is 0
    where none could be made. ``examples`` shows inputs on which groups differ.
    """

    groups: tuple[tuple[Candidate, ...], ...]
    inputs: int
    examples: tuple[Example, ...] = ()


@dataclass(frozen=True, slots=True)
class Choice:
    """Which plausible candidate is best, whether it may land, and why; ``rivals`` behave differently.

    ``examples`` shows, for a person, on which inputs they do. ``is_partial`` where only other failing tests speak
    against it, which may pass once something else is repaired.
    """

    best: Candidate
    may_land: bool
    why: str
    rivals: tuple[Candidate, ...] = ()
    examples: tuple[str, ...] = ()
    is_partial: bool = False


@dataclass(frozen=True, slots=True)
class Proof:
    """What two fresh full runs said of a candidate."""

    holds: bool
    why: str
    seconds: float = 0.0


class ItemState(Enum):
    """Where a work item ended."""

    LANDED = "landed"
    REVIEW = "review"
    UNSOLVED = "unsolved"
    DEFERRED = "deferred"
    SKIPPED = "skipped"
    FLAKY = "flaky"
    ENVIRONMENT = "environment"
    AWAITING_MERGE = "awaiting_merge"
    ROLLED_BACK = "rolled_back"
    UNDONE = "undone"
    """It had landed, and a person took it back after the run."""


@dataclass(frozen=True, slots=True)
class WorkItem:
    """A repair case in the queue; ``impact`` 0 to 1 is the highest among its suspects."""

    id: str
    case: RepairCase
    impact: float


@dataclass(frozen=True, slots=True)
class Landing:
    """A proven change that is in the repository: commit and ref, or the patch file's path in ``ref``."""

    commit: str | None
    ref: str
    files: tuple[str, ...]
    diff: str = field(default="", repr=False)
