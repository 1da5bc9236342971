"""``dreamscape models simulate`` replays a user's own outcomes, and says plainly what is wrong with a file."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from dreamscape_process import Dreamscape

from dreamscape.bootstrap.routing import simulate
from dreamscape.domain.errors import UsageError

TABLE = "task_id,group,f_size,f_kind,model,success,cost\n"


def table(folder: Path, tasks: int = 40) -> Path:
    rng = random.Random(1)
    lines = []
    for task in range(tasks):
        kind = "easy" if rng.random() < 0.5 else "hard"
        for model, skill, cost in (("small", 0.8, 0.01), ("large", 0.9, 0.5)):
            solved = rng.random() < (skill if kind == "easy" else skill - 0.6 + 0.5 * (model == "large"))
            lines.append(f"t{task},g,{rng.random():.2f},{kind},{model},{int(solved)},{cost}\n")
    (folder / "o.models.csv").write_text("model,price_in,price_out,prior_cost\nsmall,1,1,0.01\nlarge,9,9,0.4\n")
    path = folder / "o.csv"
    path.write_text(TABLE + "".join(lines))
    return path


def test_every_task_after_the_warm_ones_is_told_with_the_models_asked_in_order(tmp_path: Path) -> None:
    simulation = simulate(table(tmp_path), value=2.0, warm=10)

    assert [task.task_id for task in simulation.tasks] == [f"t{number}" for number in range(10, 40)]
    assert simulation.calls == sum(len(set(task.tried)) for task in simulation.tasks) > 0
    assert simulation.net_usd == pytest.approx(2.0 * simulation.solved - simulation.cost_usd)


def test_tasks_worth_nothing_near_a_call_are_all_declined(tmp_path: Path) -> None:
    simulation = simulate(table(tmp_path), value=0.0001, warm=5)

    assert all(task.tried == () for task in simulation.tasks)


def test_the_same_table_gives_the_same_answer(tmp_path: Path) -> None:
    assert simulate(table(tmp_path), 1.0, 0) == simulate(table(tmp_path), 1.0, 0)


def test_later_outcomes_do_not_change_what_was_asked_before(tmp_path: Path) -> None:
    path = table(tmp_path)
    before = simulate(path, 1.0, 0).tasks
    lines = path.read_text().splitlines(keepends=True)
    flipped = [line.replace(",1,0", ",0,0") for line in lines[-20:]]
    path.write_text("".join(lines[:-20] + flipped))

    assert simulate(path, 1.0, 0).tasks[:30] == before[:30]


@pytest.mark.parametrize(
    ("content", "word"),
    [
        ("task_id,model,success\n", "lacks the column cost"),
        (TABLE, "has no rows"),
        (TABLE + "a,g,1,k,small,yes,1\n", "success is 'yes'"),
        (TABLE + "a,g,1,k,small,1,-1\n", "cost is '-1'"),
        (TABLE + "a,g,1,k,small,1,nan\n", "cost is 'nan'"),
        (TABLE + "a,g,1,k,nobody,1,1\n", "lacks the model 'nobody'"),
        (TABLE + "a,g,1,k,small,1,1\na,g,1,k,small,0,1\n", "twice"),
        (TABLE + "a,g,1\n", "more or fewer fields"),
        (TABLE + "a,g,1,k,small,1,1e300\n", "cost is '1e300'"),
        (TABLE + ",g,1,k,small,1,1\n", "line 2: task_id is empty"),
        (TABLE + "a,g,1,k,,1,1\n", "line 2: model is empty"),
        (TABLE.replace("group", "cost") + "a,1,1,k,small,1,1\n", "the column cost twice"),
        ("", "lacks the column task_id"),
    ],
)
def test_a_table_that_cannot_be_read_is_named_with_what_is_wrong(tmp_path: Path, content: str, word: str) -> None:
    path = table(tmp_path)
    path.write_text(content)

    with pytest.raises(UsageError, match=word):
        simulate(path, 1.0, 0)


@pytest.mark.parametrize(
    ("value", "warm", "said"),
    [
        (0.0, 0, "worth 0.0 USD"),
        (-1.0, 0, "worth -1.0 USD"),
        (float("nan"), 0, "worth nan USD"),
        (1e308, 0, "worth 1e.308 USD"),
        (1.0, 40, "--warm 40 leaves none of the 40 tasks"),
        (1.0, -1, "--warm -1 is no number of tasks"),
    ],
)
def test_a_value_or_a_number_of_tasks_that_makes_no_sense_is_refused(
    tmp_path: Path, value: float, warm: int, said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        simulate(table(tmp_path), value, warm)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"none\.csv cannot be read"):
        simulate(tmp_path / "none.csv", 1.0, 0)

    path = table(tmp_path)
    path.with_name("o.models.csv").unlink()
    with pytest.raises(UsageError, match=r"o\.models\.csv cannot be read"):
        simulate(path, 1.0, 0)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("model,price\nsmall,1\n", "lacks the column prior_cost"),
        ("model,prior_cost\nsmall,1\nlarge,-1\n", "line 3: prior_cost is '-1'"),
        ("model,prior_cost\nsmall,1\nsmall,1\nlarge,1\n", "line 3: .*the model 'small' twice"),
        ("model,prior_cost\n", "has no rows"),
    ],
)
def test_a_file_of_models_that_cannot_be_read_is_named_with_what_is_wrong(
    tmp_path: Path, content: str, said: str
) -> None:
    path = table(tmp_path)
    path.with_name("o.models.csv").write_text(content)

    with pytest.raises(UsageError, match=rf"o\.models\.csv.*{said}"):
        simulate(path, 1.0, 0)


def test_what_a_spreadsheet_saves_is_read_too(tmp_path: Path) -> None:
    path = table(tmp_path)
    plain = simulate(path, 1.0, 10)
    for file in (path, path.with_name("o.models.csv")):
        file.write_text("\ufeff" + file.read_text().replace("\n", "\r\n"), newline="")

    assert simulate(path, 1.0, 10) == plain


def test_a_model_that_was_not_recorded_on_a_task_is_not_asked_there(tmp_path: Path) -> None:
    path = table(tmp_path)
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(line for line in lines if not line.startswith("t3,") or ",large," in line))

    tasks = {task.task_id: task.tried for task in simulate(path, 5.0, 0).tasks}

    assert set(tasks["t3"]) <= {"large"}


def test_the_command_prints_one_json_object_or_a_summary(dreamscape_here: Dreamscape, tmp_path: Path) -> None:
    path = str(table(tmp_path))

    told = json.loads(dreamscape_here("models", "simulate", path, "--value", "2", "--warm", "10", "--json").stdout)
    summary = dreamscape_here("models", "simulate", path, "--value", "2").stdout

    assert told["schema"] == "dreamscape.models-simulate/1"
    assert told["tasks"][0]["task_id"] == "t10" and isinstance(told["tasks"][0]["tried"], list)
    assert "40 tasks worth 2 USD each" in summary


def test_its_help_says_which_tasks_are_told(dreamscape_here: Dreamscape) -> None:
    told = " ".join(dreamscape_here("models", "simulate", "--help").stdout.split())

    assert "the first N only teach, and are not among the tasks told" in told
    assert "success (0 or 1)" in told and "f_NAME" in told and "prior_cost" in told


def test_a_bad_table_ends_with_2_and_one_sentence(dreamscape_here: Dreamscape, tmp_path: Path) -> None:
    ended = dreamscape_here("models", "simulate", str(tmp_path / "none.csv"), "--value", "2")

    assert ended.returncode == 2
    assert "cannot be read" in ended.stderr and "Traceback" not in ended.stderr
