"""Whatever a project holds, a scan ends, with a row or a reason for every source."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from dreamscape.domain.errors import CannotGoOn
from dreamscape.domain.scan import ScanResult
from dreamscape.domain.settings import ScanSettings
from dreamscape.scanner import ProjectScanner
from dreamscape.scanner import looks as looks_module
from dreamscape.scanner.facts import FileFacts, Unreadable
from dreamscape.scanner.measure import measure
from dreamscape.scanner.past import ProjectPast


def scan(project: Path, cache: Path | None = None) -> ScanResult:
    return ProjectScanner(project, ScanSettings(), cache=cache).scan()


def skipped(result: ScanResult) -> dict[str, str]:
    return {row.path: row.reason for row in result.skipped}


def git(folder: Path, *words: str) -> None:
    own = ["-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "protocol.file.allow=always"]
    subprocess.run(["git", *own, *words], cwd=folder, check=True, capture_output=True)


def repository(folder: Path) -> Path:
    folder.mkdir()
    (folder / "a.py").write_text("def f(): pass\n")
    git(folder, "init", "-q")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "All")
    return folder


def as_nobody(project: Path) -> list[str]:
    """A command that scans as somebody for whom permissions count."""
    code = (
        "import sys; from pathlib import Path; from dreamscape.domain.settings import ScanSettings;"
        "from dreamscape.scanner import ProjectScanner;"
        "found = ProjectScanner(Path(sys.argv[1]), ScanSettings(), cache=None).scan();"
        "print([row.path for row in found.files], [(row.path, row.reason) for row in found.skipped])"
    )
    words = [sys.executable, "-c", code, str(project)]
    if os.geteuid() != 0:
        return words
    drop = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs"]
    if not shutil.which("setpriv"):
        pytest.skip("permissions do not count for root, and there is no setpriv to give them up")
    return [*drop, *words]


def test_what_may_not_be_read_is_told_and_the_rest_is_scanned(tmp_path: Path) -> None:
    project = tmp_path / "project"
    (project / "closed").mkdir(parents=True)
    for path in ("open.py", "secret.py", "closed/a.py"):
        (project / path).write_text("def f(): pass\n")
    (project / "secret.py").chmod(0)
    (project / "closed").chmod(0)
    try:
        env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        ended = subprocess.run(as_nobody(project), capture_output=True, text=True, check=False, env=env)
    finally:
        (project / "closed").chmod(0o755)

    assert ended.stdout.strip() == (
        "['open.py'] [('closed', 'permission denied'), ('secret.py', 'permission denied')]"
    ), ended.stderr


def test_a_file_that_vanishes_during_the_scan_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a.py", "b.py", "c.py"):
        (tmp_path / name).write_text(f"def {name[0]}(): pass\n")
    read = looks_module.read_source

    def and_remove_the_next(file: str) -> bytes | Unreadable:
        (tmp_path / "b.py").unlink(missing_ok=True)
        return read(file)

    monkeypatch.setattr(looks_module, "read_source", and_remove_the_next)
    result = scan(tmp_path, tmp_path / ".dreamscape" / "scan-cache.db")

    assert [row.path for row in result.files] == ["a.py", "c.py"]
    assert skipped(result) == {"b.py": "vanished during the scan"}


def test_a_folder_that_vanishes_during_the_scan_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.py").write_text("x = 1\n")
    (tmp_path / "gone").mkdir()
    scandir = os.scandir

    def and_remove_the_next(folder: str) -> object:
        listing = scandir(folder)
        if folder == f"{tmp_path}/":
            entries = list(listing)
            listing.close()
            (tmp_path / "gone").rmdir()
            return _Listing(entries)
        return listing

    monkeypatch.setattr(os, "scandir", and_remove_the_next)

    assert skipped(scan(tmp_path)) == {"gone": "vanished during the scan"}


class _Listing(list[os.DirEntry[str]]):
    def __enter__(self) -> _Listing:
        return self

    def __exit__(self, *_: object) -> None:
        pass


def test_names_that_differ_by_case_alone_are_files_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "Shop.py").write_text("def big(): pass\n")
    (tmp_path / "shop.py").write_text("def small(): pass\n")
    if len(list(tmp_path.iterdir())) == 1:
        pytest.skip("this file system knows no case")
    (tmp_path / "app.py").write_text("import Shop\ndef f(): Shop.big()\n")

    result = scan(tmp_path, tmp_path / ".dreamscape" / "scan-cache.db")

    assert sorted(row.path for row in result.files) == ["Shop.py", "app.py", "shop.py"]
    assert {row.path: row.centrality for row in result.files} == {"Shop.py": 1.0, "app.py": 0.0, "shop.py": 0.0}


def test_links_that_go_in_circles_end_the_walk_nowhere(tmp_path: Path) -> None:
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "a.py").write_text("x = 1\n")
    (tmp_path / "p" / "up").symlink_to(tmp_path)
    (tmp_path / "one.py").symlink_to("two.py")
    (tmp_path / "two.py").symlink_to("one.py")

    result = scan(tmp_path)

    assert [row.path for row in result.files] == ["p/a.py"]
    assert set(skipped(result).values()) == {"a symbolic link that goes in circles"}


def test_a_link_to_a_folder_above_counts_no_file_and_no_test_twice(tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "cart.py").write_text("def total():\n    return 1\n")
    (tmp_path / "test_cart.py").write_text("from shop.cart import total\n\n\ndef test_total():\n    assert total()\n")
    before, told = scan(tmp_path), ProjectScanner(tmp_path, ScanSettings(), cache=None).explain("shop/cart.py")
    (tmp_path / "shop" / "self").symlink_to("..")
    (tmp_path / "self").symlink_to(".")
    (tmp_path / "again.py").symlink_to("shop/cart.py")

    after = scan(tmp_path)

    assert (after.files, after.graph, after.skipped) == (before.files, before.graph, ())
    assert ProjectScanner(tmp_path, ScanSettings(), cache=None).explain("shop/cart.py") == told
    found = ProjectScanner(tmp_path, ScanSettings(), cache=None).why_ignored(tmp_path / "again.py")
    assert found.is_left_out and "its target counts where it lies" in found.why


def test_a_submodule_is_scanned_and_its_files_have_no_churn_of_ours(tmp_path: Path) -> None:
    inner, project = repository(tmp_path / "inner"), repository(tmp_path / "project")
    git(project, "submodule", "--quiet", "add", str(inner), "sub")
    git(project, "commit", "-q", "-m", "Add sub")

    result = scan(project)

    assert {row.path: row.churn for row in result.files} == {"a.py": 1, "sub/a.py": 0}


@pytest.mark.parametrize("damage", ["HEAD", "objects", "config", "refs", "gitfile", "index"])
def test_damaged_git_data_costs_the_history_and_not_the_scan(tmp_path: Path, damage: str) -> None:
    project = repository(tmp_path / "project")
    place = project / ".git" / damage
    if damage in ("objects", "refs"):
        shutil.rmtree(place)
        place.mkdir()
    elif damage == "gitfile":
        shutil.rmtree(project / ".git")
        (project / ".git").write_text("gitdir: ../nowhere\n")
    else:
        place.write_bytes(b"\xff\0nonsense")

    for _ in range(2):
        result = scan(project, project / ".dreamscape" / "scan-cache.db")

        assert [row.path for row in result.files] == ["a.py"]
        assert result.notes or result.files[0].churn == 1


def test_a_bare_repository_is_no_working_tree(tmp_path: Path) -> None:
    git(repository(tmp_path / "project"), "clone", "-q", "--bare", ".", str(tmp_path / "bare"))

    result = scan(tmp_path / "bare")

    assert result.files[:] == ()
    assert result.notes


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (b"x = 1\0\n", "null bytes"),
        (b"x = '" + b"a" * 10_000_000 + b"'\n", "larger than 1 MiB"),
        (b"x = " + b"(" * 5_000 + b")" * 5_000 + b"\n", ""),
        (b"x = " + b"f(" * 5_000 + b")" * 5_000 + b"\n", ""),
        (b"x = " + b"[" * 5_000 + b"]" * 5_000 + b"\n", ""),
    ],
    ids=["null byte", "10 MB in a line", "5,000 brackets", "5,000 calls", "5,000 lists"],
)
def test_a_hostile_source_costs_a_row_and_not_its_neighbours(tmp_path: Path, source: bytes, words: str) -> None:
    (tmp_path / "bad.py").write_bytes(source)
    (tmp_path / "good.py").write_text("def f(): pass\n")

    result = scan(tmp_path)

    assert [row.path for row in result.files] == ["good.py"]
    assert words in skipped(result)["bad.py"]


def test_a_hundred_thousand_branches_are_told_or_measured_whole() -> None:
    source = b"def f(a):\n if a == 0: pass\n" + b" elif a == 1: import b\n" * 100_000

    reading = measure(source)

    if isinstance(reading, FileFacts):
        assert reading.functions[0].complexity == 100_002
        assert len(reading.imports) == 100_000
    else:
        assert "nested too deeply" in reading.reason


def test_names_handed_on_or_inherited_without_end_cost_no_scan(tmp_path: Path) -> None:
    for at in range(300):
        (tmp_path / f"m{at}.py").write_text(f"from m{at + 1} import *\nfrom m{at + 1} import x\ndef f(): x()\n")
    classes = "\n".join(f"class C{at}(C{at - 1}): pass" for at in range(1, 3_000))
    (tmp_path / "deep.py").write_text(f"class C0:\n def g(self): pass\n{classes}\ndef f(): C2999.g(1)\n")

    result = scan(tmp_path)

    assert len(result.files) == 301
    assert result.skipped == ()


def test_a_head_that_cannot_be_read_is_not_taken_for_none(tmp_path: Path) -> None:
    project = repository(tmp_path / "project")
    shutil.rmtree(project / ".git" / "objects")
    (project / ".git" / "objects").mkdir()
    past = ProjectPast(project, ScanSettings(), None)

    assert "HEAD's commit cannot be read: churn is unknown" in scan(project).notes
    for ask in (past.backtest, lambda: ProjectScanner(project, ScanSettings(), cache=None).diff("HEAD")):
        with pytest.raises(CannotGoOn, match="HEAD's commit cannot be read"):
            ask()
