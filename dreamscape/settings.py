"""Command line, environment and files go in; checked settings come out, each with its origin.

The order, the strongest first: the command line, ``DREAMSCAPE_SECTION__KEY``, the project's ``dreamscape.toml`` or
``[tool.dreamscape]`` in its ``pyproject.toml``, the user's ``config.toml``, the defaults. A project's files come with
the project: they may lower what the user allows, never raise or redirect it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Any, Literal

from dreamscape.domain.errors import UsageError
from dreamscape.domain.settings import (
    BudgetSettings,
    ClientSettings,
    HealSettings,
    RoutingSettings,
    SandboxSettings,
    ScanSettings,
    Settings,
)
from dreamscape.tools.home import users_folder
from dreamscape.tools.toml_files import hint_for, read_toml

ENVIRONMENT_PREFIX = "DREAMSCAPE_"
DEFAULT, COMMAND_LINE = "default", "command line"

SECTIONS: Mapping[str, type] = {
    "scan": ScanSettings,
    "heal": HealSettings,
    "sandbox": SandboxSettings,
    "budget": BudgetSettings,
    "routing": RoutingSettings,
    "client": ClientSettings,
}
LIMITS_OF_THE_USER = ("sandbox", "budget", "routing", "client")
"""Sections whose numbers a project may only lower."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """``origins`` tells for each ``section.key`` where its value is from; ``files`` are those that were read."""

    settings: Settings
    origins: Mapping[str, str]
    files: tuple[Path, ...] = ()

    def value(self, key: str) -> object:
        """The value of ``section.key``. Raises UsageError for a key that does not exist."""
        section, _, name = checked_key(key, "").partition(".")
        return getattr(getattr(self.settings, section), name)


@dataclass(frozen=True, slots=True)
class _Layer:
    """One source of values; ``values`` maps ``section.key`` to what stands there, ``is_text`` in the environment."""

    origin: str
    values: Mapping[str, object]
    is_project: bool = False
    is_text: bool = False
    path: Path | None = None


def load_settings(
    project: Path,
    config_file: Path | None,
    flags: Mapping[str, object],
    environment: Mapping[str, str] = os.environ,
) -> Loaded:
    """All settings of one call. ``config_file`` stands for the user's own; flags that are None were not given.

    Raises UsageError naming file and key for what does not exist, does not fit or is not allowed there.
    """
    settled: dict[str, object] = dict(_defaults())
    origins = dict.fromkeys(settled, DEFAULT)
    layers = [
        *_user_layers(config_file),
        *_project_layers(project),
        *_environment_layers(environment),
        _Layer(COMMAND_LINE, {key: value for key, value in flags.items() if value is not None}),
    ]
    for layer in layers:
        for key, raw in layer.values.items():
            value = _checked(checked_key(key, layer.origin), raw, layer)
            settled[key] = _allowed(key, value, settled[key], layer)
            origins[key] = f"{layer.origin} {_variable(key)}" if layer.is_text else layer.origin
        if layer.is_project and any(key.startswith("budget.") and not value for key, value in layer.values.items()):
            for key in (f"budget.{field.name}" for field in fields(BudgetSettings)):  # their defaults are zero
                # Where one limit is zero another holds, so that a zero alone would allow more.
                settled[key], origins[key] = dict(_defaults())[key], layer.origin
    settings = Settings(**{name: _section(name, settled) for name in SECTIONS})  # type: ignore[arg-type]  # by name
    return Loaded(settings, origins, tuple(layer.path for layer in layers if layer.path))


def known_keys() -> tuple[str, ...]:
    """Every ``section.key``, in the order of the sections."""
    return tuple(key for key, _ in _defaults())


def checked_key(key: str, origin: str) -> str:
    """The key itself if it exists. Raises UsageError naming the nearest that does."""
    if key in known_keys():
        return key
    where = f" ({origin})" if origin else ""
    raise UsageError(f"there is no setting {key!r}{where}", hint_for(key, [*known_keys(), *SECTIONS], least=0.5))


def shipped_file(name: str) -> Path:
    """A file that comes with Dreamscape: inside the package once installed, beside it in a checkout."""
    package = Path(__file__).parent
    for folder in (package / "config", package.parent / "config"):
        if (folder / name).exists():
            return folder / name
    raise FileNotFoundError(f"{name} is missing from this installation")


def user_file(name: str) -> Path | None:
    """A file of the user's configuration, there or not; None where the user has no home to keep one in."""
    folder = users_folder("config")
    return folder / name if folder else None


def _defaults() -> Iterator[tuple[str, object]]:
    for section, kind in SECTIONS.items():
        for name, value in ((field.name, getattr(kind(), field.name)) for field in fields(kind)):
            yield f"{section}.{name}", value


def _section(section: str, settled: Mapping[str, object]) -> object:
    kind = SECTIONS[section]
    return kind(**{field.name: settled[f"{section}.{field.name}"] for field in fields(kind)})


def _user_layers(config_file: Path | None) -> Iterator[_Layer]:
    if config_file is not None and not config_file.is_file():
        raise UsageError(f"there is no file {config_file}", "--config takes a configuration file")
    path = config_file or user_file("config.toml")
    if path is not None and path.is_file():
        yield _Layer(str(path), _flat(read_toml(path), str(path)), path=path)


def _project_layers(project: Path) -> Iterator[_Layer]:
    own, shared = project / "dreamscape.toml", project / "pyproject.toml"
    table = _table_in_pyproject(shared) if shared.is_file() else None
    if own.is_file() and table is not None:
        raise UsageError(f"settings stand both in {own} and in [tool.dreamscape] of {shared}", "keep one of them")
    if own.is_file():
        yield _Layer(str(own), _flat(read_toml(own), str(own)), is_project=True, path=own)
    if table is not None:
        yield _Layer(str(shared), _flat(table, str(shared)), is_project=True, path=shared)


def _table_in_pyproject(path: Path) -> dict[str, Any] | None:
    """``[tool.dreamscape]``; a file that cannot be read matters only if it speaks of us."""
    try:
        tool = read_toml(path).get("tool", {})
    except UsageError:
        if b"tool.dreamscape" in path.read_bytes():
            raise
        return None
    table = tool.get("dreamscape") if isinstance(tool, dict) else None
    return table if isinstance(table, dict) else None


def _flat(sections: Mapping[str, Any], origin: str) -> dict[str, object]:
    """``section.key`` -> value. Raises UsageError for a section that does not exist or is none."""
    flat: dict[str, object] = {}
    for section, values in sections.items():
        if section == "models":
            raise UsageError(f"models do not belong in {origin}", "they stand in models.toml of your own configuration")
        if section not in SECTIONS:
            checked_key(section, origin)
        if not isinstance(values, dict):
            raise UsageError(f"{section!r} in {origin} must be a table", f"write [{section}]")
        flat |= {f"{section}.{name}": value for name, value in values.items()}
    return flat


def _environment_layers(environment: Mapping[str, str]) -> Iterator[_Layer]:
    names = (name for name in environment if name.startswith(ENVIRONMENT_PREFIX) and "__" in name)
    values = {name.removeprefix(ENVIRONMENT_PREFIX).lower().replace("__", ".", 1): environment[name] for name in names}
    yield _Layer("environment", values, is_text=True)


def _variable(key: str) -> str:
    return ENVIRONMENT_PREFIX + key.replace(".", "__").upper()


def _checked(key: str, raw: object, layer: _Layer) -> object:
    """The value in its own type. Raises UsageError where it does not fit."""
    from pydantic import TypeAdapter

    kind, words = _kinds()[key]
    try:
        value = _list_in_text(raw) if layer.is_text and _is_list(key) else raw
        value = tuple(value) if isinstance(value, list) else value
        return TypeAdapter(kind).validate_python(value, strict=not layer.is_text)
    except ValueError as error:
        origin = _variable(key) if layer.is_text else layer.origin
        shown = json.dumps(raw, ensure_ascii=False, default=str)
        raise UsageError(f"{key} = {shown} ({origin}) does not fit: it takes {words}") from error


def _is_list(key: str) -> bool:
    return isinstance(dict(_defaults())[key], tuple)


def _list_in_text(raw: object) -> object:
    """``a,b`` or ``["a", "b"]``."""
    text = str(raw).strip()
    if text.startswith("["):
        return json.loads(text)
    return [part.strip() for part in text.split(",") if part.strip()]


def _kinds() -> dict[str, tuple[Any, str]]:
    """What each value must be, as pydantic understands it and as a person does."""
    from pydantic import Field

    positive = Annotated[float, Field(gt=0, allow_inf_nan=False)], "a number above 0"
    money = Annotated[float, Field(ge=0, allow_inf_nan=False)], "a number from 0 on"
    count = Annotated[int, Field(ge=0)], "a whole number from 0 on"
    at_least_one = Annotated[int, Field(ge=1)], "a whole number from 1 on"
    texts = tuple[str, ...], "a list of texts"
    return {
        "scan.ignore": texts,
        "scan.gitignore": (bool, "true or false"),
        "scan.top": at_least_one,
        "scan.churn_months": at_least_one,
        "heal.land": (Literal["branch", "commit", "patch"], "branch, commit or patch"),
        "heal.python": (str, "a text: a program, or a virtual environment's folder"),
        "heal.pytest_args": texts,
        "heal.max_minutes": positive,
        "heal.item_minutes": positive,
        "heal.max_items": at_least_one,
        "heal.test_timeout_s": positive,
        "heal.suite_timeout_s": positive,
        "heal.keep_runs": at_least_one,
        "heal.protected": texts,
        "sandbox.level": (Literal["auto", "none"], "auto (or none, on the command line alone)"),
        "sandbox.memory_mib": (Annotated[int, Field(ge=64)], "a whole number from 64 on"),
        "sandbox.processes": at_least_one,
        "sandbox.output_mib": at_least_one,
        "sandbox.disk_mib": at_least_one,
        **{f"budget.{field.name}": money if field.type == "float" else count for field in fields(BudgetSettings)},
        "routing.usd_per_impact": money,
        "client.grid": (str, "a text: the address of a Selenium Grid, as http://127.0.0.1:4444"),
        "client.browsers": at_least_one,
        "client.prompts_per_browser": at_least_one,
        "client.browser_mib": (Annotated[int, Field(ge=512)], "a whole number from 512 on"),
        "client.ledger": (
            Annotated[str, Field(pattern=r"^$|^[~/]")],
            "a text: an absolute path, as /shared/dreamscape",
        ),
    }


def _allowed(key: str, value: Any, below: Any, layer: _Layer) -> object:
    """The value that counts. ``below`` is what weaker sources say. Raises UsageError for what may not stand there."""
    section = key.partition(".")[0]
    if key == "sandbox.level" and value == "none" and layer.origin != COMMAND_LINE:
        raise UsageError(
            f"{key} = 'none' ({layer.origin}) is not allowed", "only --sandbox none on the command line is"
        )
    if not layer.is_project:
        return value
    if key == "heal.protected":
        return (*below, *(pattern for pattern in value if pattern not in below))
    if section in LIMITS_OF_THE_USER and (isinstance(value, str) or value > below):
        raise UsageError(
            f"{key} = {value!r} ({layer.origin}): a project may only lower it (it is {below!r} now)",
            "what may be spent or reached is set in your own configuration or on the command line",
        )
    return value
