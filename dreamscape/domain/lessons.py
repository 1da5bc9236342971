"""What became of a model's answer, so that it, another model or a person goes on from there."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Flaw(Enum):
    """Why an answer did not solve its case; the value says it in words."""

    INVALID_PATCH = "no change that can be applied"
    SAME_FAILURE = "it fails as before"
    NEW_FAILURE = "it fails otherwise"
    REGRESSION = "it breaks other tests"
    TIMEOUT = "it takes too long"
    REFUSED = "a change that is not allowed"
    DECLINED = "the model will not help"
    CUT_OFF = "the answer was cut off"


@dataclass(frozen=True, slots=True)
class Lesson:
    """One answer in vain: ``said`` tells what came of it in a sentence, ``diff`` is its change, if it was one."""

    model: str
    flaw: Flaw
    said: str
    diff: str = ""
