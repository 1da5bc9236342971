"""Files reached through links bear the names they have in git."""

from __future__ import annotations

from pathlib import Path

from dreamscape.agent.links import without_links
from dreamscape.domain.failures import Failure, Frame
from dreamscape.domain.runs import RunEnd, TestRun


def test_lines_and_frames_count_for_the_file_a_link_leads_to(tmp_path: Path) -> None:
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "app.py").touch()
    (tmp_path / "linked").symlink_to("code")
    (tmp_path / "outside.py").symlink_to("/etc/hostname")
    frames = (
        Frame("linked/app.py", 3, "work", True),
        Frame("linked/app.py", 4, "there", False),
        Frame("gone.py", 5, "x", True),
    )
    lines = {"linked/app.py": frozenset({1, 2}), "code/app.py": frozenset({3}), "outside.py": frozenset({9})}
    run = TestRun((), (Failure("t", "call", "E", "", frames),), RunEnd.EXITED, 1, 0.1, coverage={"t": lines})

    renamed = without_links(run, tmp_path)

    assert [frame.path for frame in renamed.failures[0].frames] == ["code/app.py", "linked/app.py", "gone.py"]
    assert renamed.coverage == {"t": {"code/app.py": frozenset({1, 2, 3}), "outside.py": frozenset({9})}}
