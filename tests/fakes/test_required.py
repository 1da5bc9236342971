"""What happens to a test for which a part is missing."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from required import missing


def test_without_a_part_a_test_is_skipped_and_fails_where_the_part_is_required(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DREAMSCAPE_REQUIRE", "sandboxes, browser")

    with pytest.raises(pytest.skip.Exception, match="no user namespaces"):
        missing("sandbox", "no user namespaces")
    with pytest.raises(pytest.fail.Exception, match="browser is required here: none is installed"):
        missing("browser", "none is installed")


def test_the_number_of_skipped_tests_is_said_last(tmp_path: Path) -> None:
    shutil.copy(Path(__file__).parents[1] / "conftest.py", tmp_path)
    (tmp_path / "test_it.py").write_text("import pytest\ndef test_a(): pytest.skip('no')\ndef test_b(): pass\n")

    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-c", "/dev/null", "--rootdir", tmp_path, "-p", "no:cacheprovider"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )

    assert ran.stdout.splitlines()[-1] == "skipped tests: 1"
