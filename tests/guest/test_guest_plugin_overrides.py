"""Settings of the suite that would falsify a run are overruled, and said; all others stay."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from guest_suites import environment, interpreters_and_pytests, lay, outcomes, run, told_outside

from dreamscape.domain.runs import TestRun

pytestmark = pytest.mark.sandbox

SUITE = {
    "shop.py": "price = 1\n",
    "test_a.py": """
        import pytest
        from shop import price
        def test_one(): assert price == 2
        def test_two(): assert price == 1
        @pytest.mark.slow
        def test_three(): assert price == 3
        def test_four(): assert price == 1
        """,
    "test_b.py": "def test_five(): pass\n",
}
ALL = {"test_one": "failed", "test_two": "passed", "test_three": "failed", "test_four": "passed", "test_five": "passed"}


def with_addopts(project: Path, addopts: str, more: str = "") -> Path:
    ini = f"[pytest]\naddopts = {addopts}\nmarkers = slow\n{more}\n"
    return lay(project, {**SUITE, "pytest.ini": ini})


def assert_all_ran(result: TestRun, *said: str) -> None:
    """Everything, in the order of the files, with these overrides told and no others."""
    assert outcomes(result) == ALL
    assert list(outcomes(result)) == list(ALL)
    assert result.exit_code == 1
    for words in said:
        assert [told for told in result.overridden if words in told], (words, result.overridden)
    assert len(result.overridden) == len(said), result.overridden


def test_stopping_debugging_and_resuming_are_overruled_together(tmp_path: Path) -> None:
    project = with_addopts(
        tmp_path, "-x --maxfail=2 --pdb --trace --ff --nf --stepwise --continue-on-collection-errors"
    )

    assert_all_ran(run(project), "--maxfail", "--pdb", "--trace", "--ff", "--nf", "--stepwise)")


@pytest.mark.parametrize("option", ["--collect-only", "--setup-only", "--setup-plan", "--markers", "--fixtures"])
def test_options_that_run_no_test_are_overruled(tmp_path: Path, option: str) -> None:
    assert_all_ran(run(with_addopts(tmp_path, option)), option)


def test_the_cache_of_earlier_runs_is_not_read(tmp_path: Path) -> None:
    project = with_addopts(tmp_path, "--lf")
    lay(project, {".pytest_cache/v/cache/lastfailed": json.dumps({"test_b.py::test_five": True})})

    assert_all_ran(run(project), "--lf")


def test_what_defines_the_suite_stays(tmp_path: Path) -> None:
    project = with_addopts(
        tmp_path, "-m 'not slow' -k 'not four' --deselect test_b.py::test_five -W error -p no:doctest"
    )

    result = run(project)

    assert outcomes(result) == {"test_one": "failed", "test_two": "passed"}
    assert result.overridden == ()


def test_outputs_the_suite_asks_for_leave_no_trace(tmp_path: Path) -> None:
    project = with_addopts(tmp_path, "--junitxml=out.xml --basetemp=base -ra --durations=3 --tb=long -vv")

    assert_all_ran(run(project))
    assert not (project / "out.xml").exists()
    assert not (project / ".pytest_cache").exists()


@pytest.mark.parametrize(
    ("ini", "says"),
    [
        ("addopts = --no-such-option", "--no-such-option"),
        ("required_plugins = pytest-not-there", "pytest-not-there"),
        ("minversion = 99", "99"),
    ],
)
def test_a_usage_error_is_told_with_pytests_own_words(tmp_path: Path, ini: str, says: str) -> None:
    result = run(lay(tmp_path, {**SUITE, "pytest.ini": f"[pytest]\n{ini}\n"}))

    assert (result.results, result.exit_code) == ((), 4)
    assert says in result.output_tail


def test_settings_and_conftest_above_the_project_are_shut_out(tmp_path: Path) -> None:
    lay(tmp_path, {"pytest.ini": "[pytest]\naddopts = -k nothing\n", "conftest.py": "raise ValueError('above')\n"})
    project = lay(tmp_path / "project", SUITE)

    record = told_outside(project)

    assert {key.partition("::")[2]: result.outcome.value for key, result in record.results.items()} == ALL
    assert record.overridden == [f"pytest's settings above the project ({tmp_path}/pytest.ini)"]


def test_modules_of_the_tree_the_project_was_copied_from_are_strangers(tmp_path: Path) -> None:
    original = lay(tmp_path / "original", {"shop.py": "price = 1\n"})
    project = lay(tmp_path / "copy", SUITE)
    lay(project, {"conftest.py": f"import sys\nsys.path.insert(0, {str(original)!r})\nimport shop\n"})

    record = told_outside(project, DREAMSCAPE_PROJECT=str(project), DREAMSCAPE_ORIGINAL=str(original))

    assert record.strangers == (f"shop: {original}/shop.py",)
    assert told_outside(project, DREAMSCAPE_PROJECT=str(project)).strangers == ()


def test_settings_of_the_project_are_found_from_a_selection_too(tmp_path: Path) -> None:
    project = lay(
        tmp_path,
        {
            "pyproject.toml": "[tool.pytest.ini_options]\npython_functions = ['check_*']\npythonpath = ['src']\n",
            "src/shop.py": "price = 1\n",
            "tests/pytest.ini": "[pytest]\n",
            "tests/test_a.py": "from shop import price\ndef check_a(): assert price == 1\ndef test_b(): pass\n",
        },
    )

    assert outcomes(run(project)) == {"check_a": "passed"}
    assert outcomes(run(project, only=["tests/test_a.py::check_a"])) == {"check_a": "passed"}


PLUGINS = (
    "pytest",
    "pytest-xdist",
    "pytest-cov",
    "pytest-randomly",
    "pytest-random-order",
    "pytest-reverse",
    "pytest-rerunfailures",
    "pytest-timeout",
    "pytest-forked",
    "pytest-split",
    "pytest-asyncio",
)


@pytest.fixture(scope="module")
def plugged() -> Path:
    """An interpreter with the plugins that real suites have."""
    import sys

    return environment(Path(sys.executable), *PLUGINS)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("addopts", "more", "said"),
    [
        ("", "", []),
        ("-n auto", "", ["-n"]),
        ("-n 2 --dist loadfile --maxprocesses 2", "", ["-n", "--dist"]),
        ("--dist each --tx 2*popen", "", ["--tx", "--dist"]),
        ("--cov=shop --cov-fail-under=100 --cov-report=term", "", ["--cov-fail-under"]),
        ("--random-order --random-order-bucket=global", "", ["(pytest-random-order)", "bucket"]),
        ("--random-order-seed=3 --reverse", "", ["seed", "--reverse"]),
        ("--reruns 3", "", ["--reruns"]),
        ("", "reruns = 2", []),
        ("--forked", "", ["--forked"]),
        ("--splits 2 --group 1", "", ["--splits", "--group"]),
        ("--timeout 20", "", []),
    ],
)
def test_plugins_do_not_bend_the_run(tmp_path: Path, plugged: Path, addopts: str, more: str, said: list[str]) -> None:
    result = run(with_addopts(tmp_path, addopts, more), plugged)

    assert_all_ran(result, *said, "(pytest-randomly)")


@pytest.mark.slow
def test_a_test_marked_for_reruns_counts_once_by_its_last_end(tmp_path: Path, plugged: Path) -> None:
    project = lay(
        tmp_path,
        {
            "test_a.py": """
                import pytest
                tries = []
                @pytest.mark.flaky(reruns=3)
                def test_late():
                    tries.append(1)
                    assert len(tries) > 2
                """
        },
    )

    result = run(project, plugged)

    assert outcomes(result) == {"test_late": "passed"}
    assert result.failures == ()


@pytest.mark.slow
def test_a_shorter_time_limit_of_the_suite_holds(tmp_path: Path, plugged: Path) -> None:
    project = lay(
        tmp_path,
        {
            "pytest.ini": "[pytest]\naddopts = --timeout 1\n",
            "test_a.py": "import time\ndef test_a(): time.sleep(20)\ndef test_b(): pass\n",
        },
    )

    result = run(project, plugged)

    assert outcomes(result) == {"test_a": "failed", "test_b": "passed"}
    assert result.seconds < 15


def test_a_run_of_no_keys_starts_nothing(tmp_path: Path) -> None:
    assert run(lay(tmp_path, SUITE), only=[]).results == ()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("python", "version"), interpreters_and_pytests(), ids=lambda it: it if isinstance(it, str) else it.parts[-3]
)
def test_every_pytest_from_6_on_is_overruled_alike(tmp_path: Path, python: Path, version: str) -> None:
    project = with_addopts(tmp_path, "-x --lf --pdb")

    assert_all_ran(run(project, environment(python, version)), "--maxfail", "--lf", "--pdb")
