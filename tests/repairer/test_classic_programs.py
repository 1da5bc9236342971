"""Small programs with one bug each, repaired by the real search and judged by what they were not shown."""

from __future__ import annotations

import pytest
from repairer_classics import CLASSICS, Outcome, folders, heal

from dreamscape.repairer import Repairer


@pytest.mark.parametrize("name", ["quicksort", "lru_cache", "parse_config", "run_length"])
def test_a_bug_of_one_token_is_found_early_and_lands(name: str) -> None:
    outcome = heal(CLASSICS / name, Repairer())

    assert outcome.best_is_right
    assert outcome.lands
    assert outcome.rank is not None
    assert outcome.rank <= 64


@pytest.mark.slow
def test_most_programs_are_repaired_and_hardly_one_wrongly() -> None:
    outcomes: list[Outcome] = [heal(folder, Repairer()) for folder in folders("kept")]

    assert sum(each.rank is not None for each in outcomes) >= 0.85 * len(outcomes)
    assert sum(each.lands and not each.best_is_right for each in outcomes) <= 0.1 * len(outcomes)
