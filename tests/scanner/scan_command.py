"""What tests of ``dreamscape scan`` share: how a call ends, and what holds for a file of results in SARIF."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import jsonschema
import pytest

SCHEMA = Path(__file__).parents[3] / "shared" / "data" / "sarif-schema-2.1.0.json"


class Ended(NamedTuple):
    code: int
    out: str
    err: str


Scan = Callable[..., Ended]


def sarif_run(text: str) -> dict[str, Any]:
    """The one run of a valid file."""
    if not SCHEMA.is_file():
        pytest.skip("the schema lies beside the checkout, not in it")
    document = json.loads(text)
    assert list(jsonschema.Draft4Validator(json.loads(SCHEMA.read_bytes())).iter_errors(document)) == []
    (run,) = document["runs"]
    found: dict[str, Any] = run
    return found
