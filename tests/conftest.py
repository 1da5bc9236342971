"""What all tests share: the number of those that were skipped is the last thing said."""

from __future__ import annotations

import pytest


def pytest_unconfigure(config: pytest.Config) -> None:
    """Comes after pytest's own summary."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None:
        reporter.write_line(f"skipped tests: {len(reporter.stats.get('skipped', ()))}")
