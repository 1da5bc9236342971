"""What a setting is by default is the same in the code, the shipped file, README and docs."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from dreamscape.domain.settings import RoutingSettings

ROOT = Path(__file__).parents[2]


def test_the_worth_of_a_repair_is_shipped_as_it_is_by_default() -> None:
    shipped = tomllib.loads((ROOT / "config" / "dreamscape.toml").read_text("utf-8"))

    assert shipped["routing"] == {"usd_per_impact": RoutingSettings().usd_per_impact}


@pytest.mark.parametrize("file", ["README.md", "docs/routing.md"])
def test_the_worth_of_a_repair_is_told_to_people_as_it_is_by_default(file: str) -> None:
    told = re.search(r"routing\.usd_per_impact`\W+(\d+) USD", (ROOT / file).read_text("utf-8"))

    assert told is not None and float(told[1]) == RoutingSettings().usd_per_impact
