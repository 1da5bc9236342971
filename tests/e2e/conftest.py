"""Fixtures of the end-to-end tests."""

from __future__ import annotations

from pathlib import Path

import pytest
from healing import NewPatient, Patient, needs_sandbox


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here heals for real."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.sandbox)


@pytest.fixture
def patient(tmp_path: Path) -> NewPatient:
    """Makes a project of these files, committed; by default one with a single small bug."""
    needs_sandbox()
    return lambda files=None, **how: Patient(tmp_path, files, **how)
