"""The memory keeps what it is told, through kills, disks and other processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from required import missing

from dreamscape.domain.errors import CannotGoOn, DiskFull, UsageError
from dreamscape.domain.events import Event, EventKind
from dreamscape.domain.failures import FailureClass
from dreamscape.domain.ports import History
from dreamscape.domain.records import AttemptRecord, HealReport, ItemReport, LandingRecord, VerdictCount
from dreamscape.domain.repair import ItemState, VerdictState
from dreamscape.domain.runs import Tally
from dreamscape.store import Store, open_store

ROOT = Path(__file__).parents[2]
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
ITEM = ItemReport(
    id="i1", kind="test", tests=("t.py::a", "t.py::b"), failure_class=FailureClass.WRONG_VALUE, impact=0.5,
    state=ItemState.LANDED, model="embedded", attempts=1, files=("app.py",), commit="c" * 40, cost_usd=0.0,
    seconds=1.5, why="proven", fingerprint="f1", diff="-a\n+b\n", rivals=("-a\n+c\n",), examples=("f(1)",),
)  # fmt: skip
ATTEMPT = AttemptRecord("r1", "i1", "f1", FailureClass.WRONG_VALUE, "embedded", 1, True, "plausible", 40, 0.0, 2.0)
LANDING = LandingRecord(0, "r1", "i1", "f1", "branch", "dreamscape/heal-r1", "c" * 40, "b" * 40, ("app.py",), NOON)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "state" / "dreamscape.db"


@pytest.fixture
def store(place: Path) -> Iterator[Store]:
    with open_store(place) as opened:
        yield opened


def report(run: str, *items: ItemReport) -> HealReport:
    return HealReport(run, Tally(9, 1, 0), Tally(10, 0, 0), items, 0.25, 12.5, f"dreamscape/heal-{run}", 0, ("a note",))


def test_a_store_keeps_the_promise_of_the_history(store: Store) -> None:
    history: History = store

    assert history.runs() == ()


def test_a_run_comes_back_as_it_was_told(store: Store, place: Path) -> None:
    other = replace(ITEM, id="i0", state=ItemState.REVIEW, commit=None, model=None)
    store.start_run("r1", "heal", "b" * 40, NOON)
    store.set_sandbox("r1", "bubblewrap")
    store.save_item("r1", replace(ITEM, state=ItemState.DEFERRED))
    store.save_item("r1", other)
    store.end_run(report("r1", ITEM, other), NOON + timedelta(minutes=1))

    with open_store(place) as again:
        run = again.run("r1")

    assert run is not None
    assert (run.command, run.base, run.branch, run.exit_code) == ("heal", "b" * 40, "dreamscape/heal-r1", 0)
    assert (run.started, run.ended) == (NOON, NOON + timedelta(minutes=1))
    assert (run.baseline, run.final) == (Tally(9, 1, 0), Tally(10, 0, 0))
    assert run.items == (ITEM, other)
    assert (run.sandbox, run.cost_usd, run.seconds, run.notes) == ("bubblewrap", 0.25, 12.5, ("a note",))
    assert not run.interrupted


def test_runs_are_listed_newest_first_and_unknown_ones_are_none(store: Store) -> None:
    for number in range(3):
        store.start_run(f"r{number}", "heal", None, NOON + timedelta(hours=number))

    assert [run.id for run in store.runs(limit=2)] == ["r2", "r1"]
    assert store.run("absent") is None
    with pytest.raises(UsageError, match="there is no run absent"):
        store.end_run(report("absent"), NOON)


def test_a_killed_run_is_shown_as_interrupted_with_all_it_wrote(place: Path) -> None:
    code = """if True:
        import sys
        from datetime import UTC, datetime
        from dreamscape.store import open_store
        from tests_store_values import ATTEMPT, ITEM
        store = open_store(sys.argv[1])
        store.start_run("r1", "heal", None, datetime(2026, 1, 1, tzinfo=UTC))
        store.save_item("r1", ITEM)
        store.save_attempt(ATTEMPT)
        print("written", flush=True)
        sys.stdin.read()
    """.replace("tests_store_values", Path(__file__).stem)
    paths = os.pathsep.join([str(ROOT), str(Path(__file__).parent), str(ROOT / "tests" / "fakes")])
    with subprocess.Popen(
        [sys.executable, "-c", code, str(place)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": paths},
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "written\n"
        with open_store(place) as watching:
            assert [run.interrupted for run in watching.runs()] == [False]
        process.send_signal(signal.SIGKILL)
        process.wait()

    with open_store(place) as after:
        (run,) = after.runs()
        assert (run.interrupted, run.ended, run.items) == (True, None, (ITEM,))
        assert after.attempts() == (ATTEMPT,)
        assert after.notes == ()


def test_a_persons_word_corrects_the_last_attempt_of_that_model_at_that_cause(store: Store) -> None:
    store.start_run("r1", "heal", None, NOON)
    failed = replace(ATTEMPT, solved=False, outcome="plausible")
    others = (failed, replace(failed, fingerprint="f2"), replace(failed, model="another"))
    for attempt in (*others, failed):
        store.save_attempt(attempt)

    store.correct_attempt("f1", failed.model, solved=True)
    assert store.attempts() == (*others, replace(failed, solved=True, outcome="solved"))

    store.correct_attempt("f1", failed.model, solved=False)
    store.correct_attempt("f1", None, solved=True)
    assert store.attempts() == (*others, replace(failed, solved=False, outcome="undone"))


def test_attempts_are_found_by_cause(store: Store) -> None:
    store.start_run("r1", "heal", None, NOON)
    store.save_attempt(ATTEMPT)
    store.save_attempt(replace(ATTEMPT, fingerprint="f2", solved=False))

    assert store.attempts("f1") == (ATTEMPT,)
    assert [attempt.solved for attempt in store.attempts()] == [True, False]


def test_an_item_of_no_known_run_is_refused(store: Store) -> None:
    with pytest.raises(Exception, match="FOREIGN KEY"):
        store.save_item("r", ITEM)


def test_the_latest_attempts_outlive_their_runs(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dreamscape.store.store.KEPT_ATTEMPTS", 2)
    made = [
        replace(
            ATTEMPT, attempt=number, at=NOON, content="c0de", path="a.py", tokens=9, questions=("q",), features={"n": 1}
        )
        for number in range(3)
    ]
    for attempt in made:
        store.save_attempt(attempt)

    store.prune(keep_runs=9)

    assert store.attempts() == tuple(made[1:])


def test_verdict_counts_add_up(store: Store) -> None:
    one = VerdictCount("embedded", "swap-operator", FailureClass.WRONG_VALUE, VerdictState.PLAUSIBLE, 2)
    other = replace(one, state=VerdictState.STILL_FAILS, failure_class=FailureClass.IMPORT, count=7)

    store.add_verdicts([one, other])
    store.add_verdicts([one, one])

    assert store.verdicts() == (other, replace(one, count=6))
    assert store.verdicts(FailureClass.WRONG_VALUE) == (replace(one, count=6),)


def test_landings_are_numbered_and_marked_undone(store: Store) -> None:
    first = store.save_landing(LANDING)
    second = store.save_landing(replace(LANDING, run="r2", commit=None, mode="patch"))

    store.mark_undone(first, NOON + timedelta(hours=1))

    assert store.landings("r1") == (replace(LANDING, id=first, undone=NOON + timedelta(hours=1)),)
    assert [landing.id for landing in store.landings()] == [first, second]
    with pytest.raises(UsageError, match="no landing 99"):
        store.mark_undone(99, NOON)


def test_a_review_is_opened_and_closed_once(store: Store) -> None:
    review = store.open_review("r1", ITEM, "b" * 40, NOON)
    (case,) = store.reviews("open")

    store.close_review(review, "accepted")

    assert (case.id, case.run, case.item, case.base, case.opened) == (review, "r1", ITEM, "b" * 40, NOON)
    assert store.reviews("open") == ()
    assert [case.state for case in store.reviews()] == ["accepted"]
    with pytest.raises(UsageError, match="accepted already"):
        store.close_review(review, "rejected")
    with pytest.raises(UsageError, match="no review 7"):
        store.close_review(7, "rejected")


def test_events_come_back_in_order_and_by_range(store: Store) -> None:
    zone = timezone(timedelta(hours=9))
    late = Event(EventKind.ITEM_LANDED, NOON + timedelta(hours=2), "r1", "i1", {"files": ["a.py"], "n": 1})
    early = Event(EventKind.RUN_STARTED, NOON.astimezone(zone), "r1")
    numbers = (store.add_event(late), store.add_event(early))

    assert store.events() == (replace(early, id=numbers[1]), replace(late, id=numbers[0]))
    assert [event.kind for event in store.events(since=NOON + timedelta(hours=1))] == [EventKind.ITEM_LANDED]
    assert [event.kind for event in store.events(until=NOON + timedelta(hours=2))] == [EventKind.RUN_STARTED]
    assert all(event.at.utcoffset() == timedelta(0) for event in store.events())
    assert store.events()[0].at == NOON


def test_a_time_without_a_zone_is_a_bug_and_nothing_is_written(store: Store) -> None:
    with pytest.raises(Exception, match="has no time zone"):
        store.start_run("r1", "heal", None, datetime(2026, 1, 1))

    assert store.runs() == ()


TEXT = st.text(st.characters(), max_size=20) | st.just("null\0 and \udce9")


@settings(max_examples=15)
@given(tests=st.lists(TEXT, max_size=3), why=TEXT, impact=st.floats(0, 1), diff=TEXT)
def test_words_of_every_kind_are_kept(tests: list[str], why: str, impact: float, diff: str) -> None:
    item = replace(ITEM, tests=tuple(tests), why=why, impact=impact, diff=diff)
    with tempfile.TemporaryDirectory() as folder, open_store(Path(folder, "db")) as store:
        store.start_run("r1", "heal", None, NOON)
        store.save_item("r1", item)
        store.open_review("r1", item, None, NOON)

        run = store.run("r1")

        assert run is not None
        assert run.items[0].tests == tuple(tests)
        assert run.items[0].impact == impact
        assert run.items[0].why == why.replace("\0", "\\0").encode("utf-8", "backslashreplace").decode()
        assert store.reviews()[0].item == item


def test_pruning_forgets_old_runs_but_not_what_was_learned_or_waits(store: Store) -> None:
    for number in range(5):
        run = f"r{number}"
        store.start_run(run, "heal", None, NOON + timedelta(hours=number))
        store.save_attempt(replace(ATTEMPT, run=run))
        store.open_review(run, ITEM, None, NOON)
        store.save_landing(replace(LANDING, run=run))
        store.add_event(Event(EventKind.RUN_STARTED, NOON, run))
        if number != 1:
            store.end_run(report(run, ITEM), NOON + timedelta(hours=number, minutes=1))
    store.add_verdicts([VerdictCount("embedded", "x", FailureClass.UNKNOWN, VerdictState.CRASH, 1)])
    store.close_review(1, "obsolete")
    store.close_review(5, "rejected")

    forgotten = store.prune(keep_runs=2)

    assert forgotten == 2
    assert [run.id for run in store.runs()] == ["r4", "r3", "r1"]
    assert [run.items for run in store.runs()] == [(ITEM,), (ITEM,), ()]
    assert [attempt.run for attempt in store.attempts()] == ["r0", "r1", "r2", "r3", "r4"]
    assert [(case.run, case.state) for case in store.reviews()] == [
        ("r1", "open"), ("r2", "open"), ("r3", "open"), ("r4", "rejected"),
    ]  # fmt: skip
    assert len(store.landings()) == len(store.events()) == 5
    assert len(store.verdicts()) == 1


def test_another_thread_may_not_use_it(store: Store) -> None:
    caught: list[BaseException] = []

    def work() -> None:
        try:
            store.runs()
        except RuntimeError as error:
            caught.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()

    assert "only the thread that opened" in str(caught[0])


def test_two_processes_write_side_by_side(place: Path) -> None:
    code = """if True:
        import sys
        from datetime import UTC, datetime
        from dreamscape.domain.events import Event, EventKind
        from dreamscape.domain.failures import FailureClass
        from dreamscape.domain.records import VerdictCount
        from dreamscape.domain.repair import VerdictState
        from dreamscape.store import open_store
        one = VerdictCount("embedded", "swap", FailureClass.UNKNOWN, VerdictState.CRASH, 1)
        with open_store(sys.argv[1]) as store:
            for number in range(40):
                store.add_event(Event(EventKind.SCANNED, datetime.now(UTC), data={"number": number}))
                store.add_verdicts([one])
    """
    workers = [
        subprocess.Popen([sys.executable, "-c", code, str(place)], env={**os.environ, "PYTHONPATH": str(ROOT)})
        for _ in range(3)
    ]

    assert [worker.wait() for worker in workers] == [0, 0, 0]
    with open_store(place) as store:
        assert len(store.events()) == 120
        assert [count.count for count in store.verdicts()] == [120]


# The disk's side


def test_the_file_is_private_and_in_wal_mode_with_foreign_keys(store: Store, place: Path) -> None:
    import sqlite3

    assert place.stat().st_mode & 0o077 == 0
    connection = sqlite3.connect(place)
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()
    with store._read() as session:
        for pragma, value in (("foreign_keys", 1), ("busy_timeout", 10_000), ("synchronous", 1)):
            assert session.connection().exec_driver_sql(f"PRAGMA {pragma}").scalar() == value


@pytest.mark.parametrize("harm", ["rubbish", "truncated", "page"])
def test_a_damaged_file_is_moved_aside_and_a_fresh_one_begun(place: Path, harm: str) -> None:
    with open_store(place) as store:
        for number in range(200):
            store.add_event(Event(EventKind.SCANNED, NOON, data={"text": "x" * 200, "number": number}))
    content = place.read_bytes()
    match harm:
        case "rubbish":
            place.write_bytes(b"not a database at all " * 100)
        case "truncated":
            place.write_bytes(content[: len(content) // 2])
        case _:
            place.write_bytes(content[:8192] + b"\xff" * 20_000 + content[28_192:])
    damaged = place.read_bytes()

    with open_store(place) as store:
        assert store.events() == ()
        assert "damaged" in store.notes[0]
        store.add_event(Event(EventKind.SCANNED, NOON))

    (aside,) = place.parent.glob("dreamscape.db.damaged-*")
    assert aside.read_bytes() == damaged
    with open_store(place) as store:
        assert (len(store.events()), store.notes) == (1, ())


def test_a_folder_in_the_way_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "db").mkdir()

    with pytest.raises(CannotGoOn, match="cannot be written"):
        open_store(tmp_path / "db")


def test_somebody_elses_database_is_left_alone(tmp_path: Path) -> None:
    import sqlite3

    connection = sqlite3.connect(tmp_path / "db")
    connection.execute("CREATE TABLE precious (x)")
    connection.commit()
    connection.close()

    with pytest.raises(UsageError, match="not Dreamscape's"):
        open_store(tmp_path / "db")


def test_a_database_url_works_as_well_as_a_path(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'db'}"

    with open_store(url) as store:
        store.start_run("r1", "heal", None, NOON)

    with open_store(url) as store:
        assert [run.id for run in store.runs()] == ["r1"]


def test_a_url_without_its_driver_names_what_to_install() -> None:
    pytest.importorskip("sqlalchemy")
    try:
        import psycopg  # type: ignore[import-not-found,unused-ignore] # noqa: F401
    except ImportError:
        with pytest.raises(UsageError, match="no driver"):
            open_store("postgresql+psycopg://nobody@127.0.0.1:1/none")


def inside_mount(folder: Path, mount: str, code: str) -> str:
    """What ``code`` prints with a file system of its own on ``folder``; skips where mounts are refused."""
    user = [] if os.geteuid() == 0 else ["--map-root-user"]
    ran = subprocess.run(
        ["unshare", "--mount", *user, "sh", "-ec", f'{mount} && exec "$0" -c "$1" "$2"', sys.executable, code, folder],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), "FOLDER": str(folder)},
    )
    if "unshare" in ran.stderr or "mount:" in ran.stderr:
        missing("sandbox", f"mounts are refused here: {ran.stderr}")
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.strip()


FILL = """if True:
    import sys
    from datetime import UTC, datetime
    from pathlib import Path
    from dreamscape.domain.errors import DreamscapeError
    from dreamscape.domain.events import Event, EventKind
    from dreamscape.store import open_store
    place = Path(sys.argv[1], "dreamscape.db")
    written = 0
    try:
        with open_store(place) as store:
            for _ in range(1000):
                store.add_event(Event(EventKind.SCANNED, datetime.now(UTC), data={"x": "y" * 10_000}))
                written += 1
    except DreamscapeError as error:
        print(type(error).__name__, error.exit_code, error.message.split(str(place))[0])
    if written:
        for other in Path(sys.argv[1]).glob("ballast"):
            other.unlink()
        with open_store(place) as store:
            assert len(store.events()) == written, (len(store.events()), written)
            assert store.notes == ()
            print("kept")
"""


def test_a_full_disk_is_said_and_what_was_written_stays(tmp_path: Path) -> None:
    mount = 'mount -t tmpfs -o size=2m none "$FOLDER" && head -c 200000 /dev/zero > "$FOLDER/ballast"'

    assert inside_mount(tmp_path, mount, FILL) == f"{DiskFull.__name__} 3 no space left to write\nkept".replace(
        "write\n", "write \n"
    )


def test_a_read_only_folder_is_said(tmp_path: Path) -> None:
    said = inside_mount(tmp_path, 'mount -t tmpfs -o ro none "$FOLDER"', FILL)

    assert said == "CannotGoOn 3"
