"""Where settings come from, which one counts, and what is refused."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dreamscape.domain.errors import UsageError
from dreamscape.domain.settings import BudgetSettings
from dreamscape.settings import COMMAND_LINE, DEFAULT, Loaded, known_keys, load_settings, shipped_file, user_file


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """The user's configuration file, empty."""
    path = tmp_path / "config.toml"
    path.write_text("")
    return path


def load(
    project: Path,
    own: Path,
    flags: Mapping[str, object] | None = None,
    environment: Mapping[str, str] | None = None,
) -> Loaded:
    return load_settings(project, own, flags or {}, environment or {})


def refused(project: Path, own: Path, environment: Mapping[str, str] | None = None) -> UsageError:
    with pytest.raises(UsageError) as caught:
        load(project, own, environment=environment)
    return caught.value


def test_the_shipped_file_holds_every_setting_with_its_default(project: Path, own: Path) -> None:
    shipped = tomllib.loads(shipped_file("dreamscape.toml").read_text())
    loaded = load(project, own)

    flat = {f"{section}.{key}": value for section, table in shipped.items() for key, value in table.items()}

    assert set(flat) == set(known_keys())
    for key, value in flat.items():
        assert loaded.value(key) == (tuple(value) if isinstance(value, list) else value), key
        assert loaded.origins[key] == DEFAULT


def test_each_source_wins_over_all_weaker_ones(project: Path, own: Path) -> None:
    sources = [
        (None, 60.0, DEFAULT),
        (own, 1.0, str(own)),
        (project / "dreamscape.toml", 2.0, str(project / "dreamscape.toml")),
    ]
    for path, value, origin in sources:
        if path is not None:
            path.write_text(f"[heal]\nmax_minutes = {value}\n")
        loaded = load(project, own)
        assert (loaded.settings.heal.max_minutes, loaded.origins["heal.max_minutes"]) == (value, origin)

    environment = {"DREAMSCAPE_HEAL__MAX_MINUTES": "3"}
    loaded = load(project, own, environment=environment)
    assert loaded.settings.heal.max_minutes == 3.0
    assert loaded.origins["heal.max_minutes"] == "environment DREAMSCAPE_HEAL__MAX_MINUTES"

    loaded = load(project, own, {"heal.max_minutes": 4.0}, environment)
    assert loaded.settings.heal.max_minutes == 4.0
    assert loaded.origins["heal.max_minutes"] == COMMAND_LINE


def test_a_flag_that_was_not_given_changes_nothing(project: Path, own: Path) -> None:
    assert load(project, own, {"heal.max_minutes": None}).origins["heal.max_minutes"] == DEFAULT


def test_the_table_in_pyproject_counts_like_a_file_of_its_own(project: Path, own: Path) -> None:
    (project / "pyproject.toml").write_text('[tool.dreamscape.scan]\nignore = ["gen/"]\n')

    loaded = load(project, own)

    assert loaded.settings.scan.ignore == ("gen/",)
    assert loaded.origins["scan.ignore"] == str(project / "pyproject.toml")
    assert loaded.files == (own, project / "pyproject.toml")


def test_settings_in_both_project_files_are_refused(project: Path, own: Path) -> None:
    (project / "pyproject.toml").write_text("[tool.dreamscape.scan]\ntop = 3\n")
    (project / "dreamscape.toml").write_text("[scan]\ntop = 4\n")

    assert "keep one" in refused(project, own).hint


@pytest.mark.parametrize(
    ("text", "named", "hint"),
    [
        ("[heal]\nmax_minuts = 5", "heal.max_minuts", "heal.max_minutes"),
        ("[heel]\nmax_minutes = 5", "heel", "heal"),
        ("heal = 5", "must be a table", "[heal]"),
        ("[heal]\nmax_minutes = '5'", 'max_minutes = "5"', ""),
        ("[heal]\nmax_minutes = true", "max_minutes = true", ""),
        ("[heal]\nmax_minutes = 0", "a number above 0", ""),
        ("[heal]\nmax_minutes = inf", "a number above 0", ""),
        ("[heal]\nmax_items = 1.5", "a whole number from 1 on", ""),
        ("[heal]\nland = 'everywhere'", "branch, commit or patch", ""),
        ("[scan]\nignore = 'a'", "a list of texts", ""),
        ("[scan]\nignore = [1]", "a list of texts", ""),
        ("[scan]\ntop = = 1", "line 2", ""),
        ("[[models]]\nname = 'mine'", "models do not belong", "models.toml"),
    ],
)
def test_what_does_not_exist_or_fit_is_refused_naming_file_and_key(
    project: Path, own: Path, text: str, named: str, hint: str
) -> None:
    path = project / "dreamscape.toml"
    path.write_text(text)

    error = refused(project, own)

    assert str(path) in error.message
    assert named in error.message
    assert hint in error.hint


@pytest.mark.parametrize(
    ("variable", "value", "named"),
    [
        ("DREAMSCAPE_HEAL__MAX_MINUTES", "soon", "DREAMSCAPE_HEAL__MAX_MINUTES"),
        ("DREAMSCAPE_HEAL__MAX_MINUTS", "5", "heal.max_minuts"),
        ("DREAMSCAPE_SCAN__IGNORE", "[broken", "a list of texts"),
        ("DREAMSCAPE_SANDBOX__LEVEL", "none", "not allowed"),
    ],
)
def test_a_variable_that_does_not_fit_is_refused(
    project: Path, own: Path, variable: str, value: str, named: str
) -> None:
    assert named in refused(project, own, {variable: value}).message


def test_lists_in_the_environment_are_separated_by_commas_or_written_as_json(project: Path, own: Path) -> None:
    commas = load(project, own, environment={"DREAMSCAPE_SCAN__IGNORE": "a/, b/"})
    json = load(project, own, environment={"DREAMSCAPE_SCAN__IGNORE": '["a,b/"]'})

    assert commas.settings.scan.ignore == ("a/", "b/")
    assert json.settings.scan.ignore == ("a,b/",)


def test_variables_that_are_no_settings_are_left_alone(project: Path, own: Path) -> None:
    load(project, own, environment={"DREAMSCAPE_REQUIRE": "sandbox", "DREAMSCAPE_PYTHON": "python3"})


@pytest.mark.parametrize("name", ["dreamscape.toml", "pyproject.toml"])
@pytest.mark.parametrize("setting", ["budget.usd_per_run = 1.0", "sandbox.memory_mib = 8192", 'sandbox.level = "auto"'])
def test_a_project_may_not_raise_what_the_user_allows(project: Path, own: Path, name: str, setting: str) -> None:
    prefix = "tool.dreamscape." if name == "pyproject.toml" else ""
    (project / name).write_text(f"{prefix}{setting}\n")

    assert "may only lower it" in refused(project, own).message


def test_a_project_may_lower_what_the_user_allows(project: Path, own: Path) -> None:
    own.write_text("[budget]\nusd_per_day = 10.0\n")
    (project / "dreamscape.toml").write_text("[budget]\nusd_per_day = 2.0\n[sandbox]\nmemory_mib = 512\n")

    settings = load(project, own).settings

    assert settings.budget.usd_per_day == 2.0
    assert settings.sandbox.memory_mib == 512


@given(allowed=st.floats(0, 1e6), wanted=st.floats(0, 1e6))
def test_no_project_ever_gets_more_than_the_user_allows(
    tmp_path_factory: pytest.TempPathFactory, allowed: float, wanted: float
) -> None:
    project = tmp_path_factory.mktemp("project")
    own = project.parent / f"{project.name}.toml"
    own.write_text(f"[budget]\nusd_per_run = {allowed!r}\n")
    (project / "dreamscape.toml").write_text(f"[budget]\nusd_per_run = {wanted!r}\n")

    try:
        given_to_it = load(project, own).settings.budget.usd_per_run
    except UsageError:
        assert wanted > allowed
    else:
        assert given_to_it <= allowed


@pytest.mark.parametrize("where", ["own", "project"])
def test_no_sandbox_is_accepted_on_the_command_line_alone(project: Path, own: Path, where: str) -> None:
    (own if where == "own" else project / "dreamscape.toml").write_text('[sandbox]\nlevel = "none"\n')
    error = refused(project, own)
    assert "not allowed" in error.message
    assert "--sandbox none" in error.hint

    own.write_text("")
    (project / "dreamscape.toml").unlink(missing_ok=True)
    assert load(project, own, {"sandbox.level": "none"}).settings.sandbox.level == "none"


def test_what_a_project_protects_is_added_to_what_the_user_protects(project: Path, own: Path) -> None:
    own.write_text('[heal]\nprotected = ["core/"]\n')
    (project / "dreamscape.toml").write_text('[heal]\nprotected = ["core/", "api/"]\n')

    assert load(project, own).settings.heal.protected == ("core/", "api/")


def test_a_broken_pyproject_matters_only_if_it_speaks_of_us(project: Path, own: Path) -> None:
    (project / "pyproject.toml").write_text("[project\n")
    assert load(project, own).files == (own,)

    (project / "pyproject.toml").write_text("[tool.dreamscape]\n[project\n")
    assert "line 2" in refused(project, own).message


def test_a_file_that_is_not_utf8_is_refused_by_name(project: Path, own: Path) -> None:
    (project / "dreamscape.toml").write_bytes(b"# caf\xe9\n")

    assert "not UTF-8" in refused(project, own).message


def test_a_configuration_file_that_is_not_there_is_refused(project: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no file"):
        load_settings(project, tmp_path / "missing.toml", {}, {})


def test_without_a_home_nothing_below_the_current_folder_is_taken_for_the_users(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", "relative")
    monkeypatch.delenv("HOME", raising=False)

    path = user_file("config.toml")

    assert path is None or path.is_absolute()


def test_asking_for_an_unknown_setting_names_the_nearest(project: Path, own: Path) -> None:
    with pytest.raises(UsageError) as caught:
        load(project, own).value("heal.max_minuts")

    assert "heal.max_minutes" in caught.value.hint


def test_a_projects_zero_allows_nothing_rather_than_anything(project: Path, own: Path) -> None:
    own.write_text("[budget]\nusd_per_day = 10.0\ncalls_per_day = 5\n")
    (project / "dreamscape.toml").write_text("[budget]\ncalls_per_day = 0\n")

    assert load(project, own).settings.budget == BudgetSettings()
