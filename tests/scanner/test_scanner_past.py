"""Learning from a real repository's past, and replaying it: nothing later than a cut-off may reach it."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dreamscape.domain.errors import CannotGoOn, DreamscapeError
from dreamscape.domain.evidence import Marks
from dreamscape.domain.settings import ScanSettings
from dreamscape.scanner import ProjectScanner
from dreamscape.scanner.backtest import backtest, differences
from dreamscape.scanner.history import FilePast
from dreamscape.scanner.impact import Measures
from dreamscape.scanner.learn import learn
from dreamscape.scanner.past import ProjectPast
from dreamscape.scanner.snapshots import Snapshot, Snapshots, is_product
from dreamscape.scanner.weights import PRIOR, Weights, store, stored
from dreamscape.tools.git import Git

SETTINGS = ScanSettings()


class Story:
    """A repository written as one stream, so that a long past costs one process."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._stream: list[str] = []
        folder.mkdir()
        self._git("init", "--quiet", "--bare", "--initial-branch=main")

    def commit(self, when: str, says: str, *changes: str, **texts: str) -> None:
        """Each text becomes a file; ``changes`` are fast-import commands such as ``R old.py new.py``."""
        self._stream.append(f"commit refs/heads/main\ncommitter P <p@example.org> {when}\n{_data(says)}")
        self._stream += [f"{change}\n" for change in changes]
        self._stream += [f"M 644 inline {_path(name)}\n{_data(text)}" for name, text in texts.items()]

    def told(self) -> Path:
        """The repository's folder, everything written."""
        self._git("fast-import", "--quiet", "--date-format=rfc2822", said="".join(self._stream))
        return self.folder

    def _git(self, *words: str, said: str = "") -> None:
        subprocess.run(["git", *words], cwd=self.folder, input=said, text=True, check=True, capture_output=True)


def _data(text: str) -> str:
    return f"data {len(text.encode())}\n{text}\n"


def _path(name: str) -> str:
    return f"{name.replace('__', '/')}.py"


def body(lines: int) -> str:
    return "".join(f"x{at} = {at}\n" for at in range(lines))


def on(year: int, month: int, day: int = 10) -> str:
    name = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"][month - 1]
    return f"{day} {name} {year} 12:00:00 +0000"


def eventful(folder: Path) -> Path:
    """Ten files over three years; `hot` is fixed every second month, `big` is only long."""
    story = Story(folder)
    story.commit(on(2021, 1), "Begin", hot=body(30), big=body(900), **{f"f{at}": body(20) for at in range(8)})
    for year in (2021, 2022, 2023):
        for month in (3, 5, 7, 9, 11):
            story.commit(on(year, month), "Fix hot", hot=body(30 + month))
            story.commit(on(year, month, 11), "Extend", tests__test_hot=body(month))
    story.commit(on(2023, 12), "Fixed the long one, a bug", big=body(901))
    return story.told()


def snapshots(folder: Path, memory: Path | None = None) -> Snapshots:
    git = Git.find(folder)
    assert git is not None
    return Snapshots(git, memory, 12)


def at(past: Snapshots, step: int) -> Snapshot:
    found = past.at(step)
    assert found is not None
    return found


def test_a_cutoff_knows_the_fixes_that_followed_and_nothing_of_them_in_its_measures(tmp_path: Path) -> None:
    with snapshots(eventful(tmp_path / "r")) as past:
        last, first = at(past, 1), at(past, 5)

    assert {path: count for path, count in last.fixes[6].items() if count} == {"hot.py": 3, "big.py": 1}
    assert 18 not in last.fixes
    assert first.fixes[18]["hot.py"] == 8
    hot = next(file for file in first.files if file.path == "hot.py")
    assert hot.past is not None
    assert hot.past.fixed == 2
    assert [file.path for file in first.files] == ["big.py", *[f"f{at}.py" for at in range(8)], "hot.py"]


def test_history_after_a_cutoff_changes_nothing_at_it(tmp_path: Path) -> None:
    with snapshots(eventful(tmp_path / "r")) as past:
        whole = at(past, 2)
    git = Git.find(tmp_path / "r")
    assert git is not None
    cut = tmp_path / "cut"
    subprocess.run(["git", "clone", "--quiet", "--bare", str(tmp_path / "r"), str(cut)], check=True)
    subprocess.run(["git", "update-ref", "refs/heads/main", whole.commit], cwd=cut, check=True)

    with snapshots(cut) as past:
        assert at(past, 0).files == whole.files


def test_a_fix_is_followed_through_a_rename_and_a_file_born_later_is_left_out(tmp_path: Path) -> None:
    story = Story(tmp_path / "r")
    story.commit(on(2021, 1), "Begin", old=body(50), other=body(5))
    story.commit(on(2021, 8), "Move", "R old.py pkg/new.py")
    story.commit(on(2021, 9), "fix it", pkg__new=body(51))
    story.commit(on(2021, 10), "Add", late=body(3))
    story.commit(on(2021, 11), "fix that", late=body(4))
    story.commit(on(2021, 12), "fix a lot", **{f"f{number}": body(1) for number in range(11)}, other=body(6))

    with snapshots(story.told()) as past:
        assert at(past, 1).fixes == {6: {"old.py": 1}}


@pytest.mark.parametrize(
    "path", ["tests/a.py", "docs/conf.py", "a/examples/b.py", "x/_vendor/y.py", "test_a.py", "a.pyi", "vendored/b.py"]
)
def test_tests_documentation_examples_and_vendored_code_are_no_product(path: str) -> None:
    assert not is_product(path)


@pytest.mark.parametrize("path", ["a.py", "src/doctor.py", "vendors.py", "example.py", "a/documents/b.py"])
def test_everything_else_is(path: str) -> None:
    assert is_product(path)


def test_what_was_read_is_remembered_and_a_damaged_memory_made_anew(tmp_path: Path) -> None:
    folder, memory = eventful(tmp_path / "r"), tmp_path / "memory.db"
    with snapshots(folder, memory) as past:
        cold = at(past, 1)
    with snapshots(folder, memory) as past:
        warm = at(past, 1)
    memory.write_bytes(b"nonsense" * 1_000)
    with snapshots(folder, memory) as past:
        mended = at(past, 1)

    assert cold == warm == mended


def test_past_source_that_python_warns_of_is_read_and_one_that_is_none_is_left_out(tmp_path: Path) -> None:
    story = Story(tmp_path / "r")
    story.commit(on(2021, 1), "Begin", a='x = "\\d"\n', b="def (\n")
    story.commit(on(2021, 12), "fix it", a="x = 1\n")

    with snapshots(story.told()) as past:
        found = at(past, 1)

    assert [file.path for file in found.files] == ["a.py"]
    assert found.left_out == 1


def test_replaying_tells_our_orders_beside_the_yardsticks(tmp_path: Path) -> None:
    with snapshots(eventful(tmp_path / "r")) as past:
        found = backtest("p", past)

    half_year, year_and_half = found.windows
    assert (half_year.months, len(half_year.cutoffs), half_year.quiet) == (6, 5, 0)
    assert (year_and_half.months, len(year_and_half.cutoffs)) == (18, 3)
    marks = half_year.marks
    assert marks["impact"].popt > marks["line count"].popt
    assert marks["oracle per line"].popt == pytest.approx(1)
    assert marks["random"] == Marks(0.2, 0.2, 0.5, 0.5)
    gap = half_year.against_lines["impact"]["popt"]
    assert gap.low <= gap.mean <= gap.high
    assert half_year.cutoffs[-1].weights == "prior"
    assert half_year.cutoffs[0].weights.startswith("learned from")


def test_a_past_without_fixes_says_so(tmp_path: Path) -> None:
    story = Story(tmp_path / "r")
    for year in (2021, 2022):
        story.commit(on(year, 1), "Write", a=body(year))

    with snapshots(story.told()) as past:
        found = backtest("p", past)

    assert found.notes == ("no fix is known to have followed any cut-off: the past says nothing here",)


def test_learning_moves_weights_to_what_the_past_shows_and_scans_use_them(tmp_path: Path) -> None:
    project = tmp_path / "project"
    subprocess.run(["git", "clone", "--quiet", str(eventful(tmp_path / "r")), str(project)], check=True)
    state = project / ".dreamscape"
    scanner = ProjectScanner(project, SETTINGS, cache=state / "scan-cache.db")
    before, shown = scanner.explain("hot.py"), scanner.scan().files

    learned = ProjectPast(project, SETTINGS, state).learn()

    assert learned.origin.startswith("learned from 14 fixes after 5 past commits")
    assert learned.weights["fixes"] > PRIOR.of["fixes"]
    after = scanner.explain("hot.py")
    assert (before.weights, after.weights) == ("prior", learned.origin)
    warm = scanner.scan().files
    assert warm[0].path == "hot.py"
    assert warm != shown
    assert warm == ProjectScanner(project, SETTINGS, cache=state / "another.db").scan().files
    first = (state / "scan-weights.json").read_bytes()
    ProjectPast(project, SETTINGS, state).learn()
    assert (state / "scan-weights.json").read_bytes() == first


MEASURES = st.builds(
    Measures,
    path=st.just(""),
    sloc=st.integers(0, 5_000),
    complexity=st.integers(0, 900),
    max_complexity=st.just(0),
    centrality=st.just(0.0),
    importers=st.just(0),
    past=st.builds(FilePast, lately=st.floats(0, 50), churn=st.floats(0, 50), authors=st.integers(0, 30)),
)


@given(st.lists(st.tuples(MEASURES, st.integers(0, 9)), min_size=1, max_size=8))
def test_whatever_the_past_weights_stay_finite_and_a_firm_prior_stays_put(seen: list[tuple[Measures, int]]) -> None:
    files = tuple(replace(file, path=f"{number}.py") for number, (file, _) in enumerate(seen))
    fixes = {f"{number}.py": count for number, (_, count) in enumerate(seen)}
    snapshot = Snapshot(0.0, "", files, {6: fixes}, 0)

    loose, firm = learn([snapshot]), learn([snapshot], pull=1e9)

    assert all(abs(value) < 5 for value in loose.of.values())
    assert firm.of == pytest.approx(PRIOR.of, abs=1e-4)


@pytest.mark.parametrize(
    "left", [b"", b"[]", b"\xff", b'{"format": "1"}', b'{"format": "1", "origin": "", "base": NaN, "weights": {}}']
)
def test_weights_that_are_not_ours_are_not_used(tmp_path: Path, left: bytes) -> None:
    (tmp_path / "scan-weights.json").write_bytes(left)

    assert stored(tmp_path) is None


def test_a_projects_own_file_cannot_switch_everything_else_off(tmp_path: Path) -> None:
    store(tmp_path, PRIOR)
    assert stored(tmp_path) == PRIOR
    data = json.loads((tmp_path / "scan-weights.json").read_text())
    data["weights"]["size"] = 1_000
    (tmp_path / "scan-weights.json").write_text(json.dumps(data))

    assert stored(tmp_path) is None
    store(tmp_path, Weights({**PRIOR.of, "size": 0.5}, -3.0, "learned"))
    assert stored(tmp_path) is not None


def test_where_there_is_no_past_a_sentence_says_why(tmp_path: Path) -> None:
    plain, shallow = tmp_path / "plain", tmp_path / "shallow"
    plain.mkdir()
    folder = eventful(tmp_path / "r")
    subprocess.run(["git", "clone", "-q", "--depth=1", f"file://{folder}", str(shallow)], check=True)
    quiet = Story(tmp_path / "quiet")
    quiet.commit(on(2021, 1), "Begin", a=body(3))

    for project, words in ((plain, "in no git"), (shallow, "shallow"), (quiet.told(), "nothing to learn")):
        with pytest.raises(DreamscapeError, match=words):
            ProjectPast(project, SETTINGS, tmp_path).learn()
    with pytest.raises(CannotGoOn, match="no commit"):
        ProjectPast(Story(tmp_path / "empty").folder, SETTINGS, None).backtest()


def test_the_interval_of_equal_differences_is_that_difference() -> None:
    pairs = [(Marks(0.5, 0.5, 0.5, 0.5), Marks(0.25, 0.5, 0.75, 0.5))] * 3

    found = differences(pairs)

    assert (found["r20f"].low, found["r20f"].mean, found["r20f"].high) == (0.25, 0.25, 0.25)
    assert found["popt"].high == -0.25


def test_the_commands_answer_in_text_and_json(tmp_path: Path) -> None:
    project = tmp_path / "project"
    subprocess.run(["git", "clone", "--quiet", str(eventful(tmp_path / "r")), str(project)], check=True)

    text = asked(project, "--backtest")
    assert "6 months after 5 cut-offs" in text
    assert "impact against line count" in text
    assert "so impact finds more in R20L, POPT; no sure difference in R20F\n" in text
    assert "R20F and R20L: the share of these touches" in text
    assert json.loads(asked(project, "--backtest", "--json"))["schema"] == "dreamscape.scan-backtest/1"
    assert "scans of this project use it from now on" in asked(project, "--learn")
    assert "rank 1 of 11" in asked(project, "--explain", "hot.py")
    paths = [row["path"] for row in json.loads(asked(project, "--order", "effort", "--json"))["files"]]
    assert paths.index("hot.py") < paths.index("big.py")


def asked(project: Path, *words: str) -> str:
    from dreamscape.cli.app import main

    output = project.parent / "answer"
    assert main(["scan", "--project", str(project), "--output", str(output), *words]) == 0
    return output.read_text("utf-8")


def test_questions_that_exclude_each_other_or_name_no_file_end_with_2(tmp_path: Path) -> None:
    from dreamscape.cli.app import main

    (tmp_path / "a.py").write_text("x = 1\n")
    os.environ.pop("DREAMSCAPE_PROJECT", None)
    for words in (
        ["--learn", "--backtest"],
        ["--why-ignored", "a.py", "--explain", "a.py"],
        ["--explain", "nowhere.py"],
        ["--explain", ""],
        ["--order", "x"],
    ):
        assert main(["scan", "--project", str(tmp_path), *words]) == 2
