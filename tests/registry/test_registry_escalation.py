"""How often a model is asked again, and when a module is looked at more closely."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from dreamscape.domain.failures import FailureClass
from dreamscape.domain.lessons import Flaw
from dreamscape.domain.models import ModelCard
from dreamscape.domain.records import AttemptRecord
from dreamscape.registry.escalation import ALLOWED, context_level, may_try_again, needs_deeper_scan

CHEAP, DEAR = ModelCard("cheap", "api", tier=1, attempts=5), ModelCard("dear", "api", tier=2, attempts=5)
FLAWS = st.lists(st.sampled_from(Flaw), max_size=6)


def test_a_form_is_mended_but_a_guess_that_changes_nothing_ends_a_dear_model() -> None:
    assert may_try_again(DEAR, [Flaw.INVALID_PATCH]) and may_try_again(CHEAP, [Flaw.SAME_FAILURE])
    assert not may_try_again(DEAR, [Flaw.SAME_FAILURE])
    assert not may_try_again(CHEAP, [Flaw.CUT_OFF])
    assert not may_try_again(CHEAP, [Flaw.DECLINED])
    assert may_try_again(CHEAP, [Flaw.NEW_FAILURE, Flaw.REGRESSION, Flaw.INVALID_PATCH])


def test_every_kind_of_failure_has_its_number_of_attempts() -> None:
    assert set(ALLOWED) == set(Flaw)


@given(FLAWS, st.sampled_from(Flaw), st.integers(1, 5))
def test_more_failures_never_bring_more_attempts(flaws: list[Flaw], more: Flaw, attempts: int) -> None:
    card = replace(CHEAP, attempts=attempts)

    if not may_try_again(card, flaws):
        assert not may_try_again(card, [*flaws, more])
    assert may_try_again(card, flaws) or flaws
    assert not may_try_again(card, [more] * attempts)
    assert may_try_again(CHEAP, flaws) >= may_try_again(DEAR, flaws)


@given(st.integers(0, 5), st.integers(0, 5))
def test_context_grows_with_the_tier_and_with_each_model_that_failed(tier: int, failed: int) -> None:
    level = context_level(replace(CHEAP, tier=tier), failed)

    assert 0 <= level <= context_level(replace(CHEAP, tier=tier + 1), failed)
    assert level <= context_level(replace(CHEAP, tier=tier), failed + 1)
    assert context_level(CHEAP, 0) == 0 < context_level(DEAR, 0) < context_level(replace(DEAR, tier=3), 0)
    assert context_level(CHEAP, 2) == 2


def tried(fingerprint: str, path: str = "a.py", *, solved: bool = False) -> AttemptRecord:
    return AttemptRecord(
        "r", "1", fingerprint, FailureClass.UNKNOWN, "m", 1, solved, "nothing", 0, 0.0, 0.0, content="c", path=path
    )


def test_a_module_that_has_had_two_cases_in_vain_is_looked_at_more_closely() -> None:
    assert not needs_deeper_scan("a.py", [tried("one"), tried("one"), tried("two", "b.py")])
    assert not needs_deeper_scan("a.py", [tried("one"), tried("two"), tried("two", solved=True)])
    assert needs_deeper_scan("a.py", [tried("one"), tried("two")])
