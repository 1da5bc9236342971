"""Files of ours are whole or not there, private where they must be, and a refusing disk is a plain sentence."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from required import missing

from dreamscape.domain.errors import CannotGoOn
from dreamscape.tools.files import atomic_write, state_folder

ROOT = Path(__file__).parents[2]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(old=st.binary(max_size=200), new=st.binary(max_size=200), mode=st.sampled_from([0o600, 0o644, 0o755, 0o700]))
def test_content_changes_and_permissions_stay(tmp_path: Path, old: bytes, new: bytes, mode: int) -> None:
    path = tmp_path / "file"
    path.write_bytes(old)
    path.chmod(mode)

    atomic_write(path, new)

    assert path.read_bytes() == new
    assert stat.S_IMODE(path.stat().st_mode) == mode
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]


def test_a_private_file_is_its_owners_alone(tmp_path: Path) -> None:
    atomic_write(tmp_path / "secret", b"x", private=True)

    assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o600


def test_a_link_is_replaced_and_its_target_left_alone(tmp_path: Path) -> None:
    (tmp_path / "target").write_bytes(b"precious")
    (tmp_path / "link").symlink_to(tmp_path / "target")

    atomic_write(tmp_path / "link", b"new")

    assert (tmp_path / "target").read_bytes() == b"precious"
    assert not (tmp_path / "link").is_symlink()


def test_the_state_folder_is_private_and_git_never_sees_it(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)

    folder = state_folder(tmp_path)
    (folder / "something").write_bytes(b"x")

    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    status = subprocess.run(["git", "status", "--porcelain"], cwd=tmp_path, check=True, capture_output=True)
    assert status.stdout == b""
    assert state_folder(tmp_path) == folder


def test_a_state_folder_that_is_a_link_or_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    (tmp_path / "a" / ".dreamscape").symlink_to(tmp_path / "b")
    (tmp_path / "b" / ".dreamscape").write_bytes(b"")

    with pytest.raises(CannotGoOn, match="symbolic link"):
        state_folder(tmp_path / "a")
    with pytest.raises(CannotGoOn):
        state_folder(tmp_path / "b")
    assert not (tmp_path / "b" / ".gitignore").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root writes for others")
def test_a_file_stays_its_owners_when_root_writes_it(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"old")
    os.chown(tmp_path / "file", 12345, 12346)

    atomic_write(tmp_path / "file", b"new")

    assert ((tmp_path / "file").stat().st_uid, (tmp_path / "file").stat().st_gid) == (12345, 12346)


def on_a_mount(folder: Path, mount: str, code: str) -> str:
    """What ``code`` prints with a file system of its own mounted on ``folder``; skips where mounts are refused."""
    script = f'{mount} && exec "$0" -c "$1" "$2"'
    user = [] if os.geteuid() == 0 else ["--map-root-user"]
    ran = subprocess.run(
        ["unshare", "--mount", *user, "sh", "-ec", script, sys.executable, code, str(folder)],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), "FOLDER": str(folder)},
    )
    if "unshare" in ran.stderr or "mount:" in ran.stderr:
        missing("sandbox", f"mounts are refused here: {ran.stderr}")
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.strip()


def test_a_full_disk_is_said_and_the_old_file_stays(tmp_path: Path) -> None:
    code = """if True:
        import sys
        from pathlib import Path
        from dreamscape.domain.errors import DiskFull
        from dreamscape.tools.files import atomic_write
        path = Path(sys.argv[1], "file")
        path.write_bytes(b"old")
        try:
            atomic_write(path, b"x" * 1_000_000)
        except DiskFull as error:
            print(error.exit_code, path.read_bytes(), len(list(path.parent.iterdir())))
    """

    assert on_a_mount(tmp_path, 'mount -t tmpfs -o size=64k none "$FOLDER"', code) == "3 b'old' 1"


def test_a_read_only_place_is_said_with_what_to_do(tmp_path: Path) -> None:
    code = """if True:
        import sys
        from pathlib import Path
        from dreamscape.domain.errors import CannotGoOn
        from dreamscape.tools.files import state_folder
        try:
            state_folder(Path(sys.argv[1]))
        except CannotGoOn as error:
            print(error.exit_code, error.hint)
    """

    said = on_a_mount(tmp_path, 'mount -t tmpfs -o ro none "$FOLDER"', code)

    assert said == "3 make its folder writable for the user who runs this"
