"""The sections of the configuration, as each station is handed its own."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ScanSettings:
    """``ignore`` holds patterns in gitignore syntax beside those of `.scannerignore`; ``gitignore`` tells whether
    `.gitignore` files count, too; ``top`` rows are shown."""

    ignore: tuple[str, ...] = ()
    gitignore: bool = True
    top: int = 20
    churn_months: int = 12


@dataclass(frozen=True, slots=True)
class HealSettings:
    """Limits of a heal run; ``land`` is branch, commit or patch; ``python`` the project's interpreter.

    ``test_timeout_s`` bounds one test, ``suite_timeout_s`` one run of the suite, ``max_minutes`` the whole run,
    ``item_minutes`` one item; ``pytest_args`` are handed to every run of the suite (paths, options).
    """

    land: str = "branch"
    python: str = ""
    pytest_args: tuple[str, ...] = ()
    max_minutes: float = 60.0
    item_minutes: float = 10.0
    max_items: int = 50
    test_timeout_s: float = 60.0
    suite_timeout_s: float = 900.0
    keep_runs: int = 50
    protected: tuple[str, ...] = ()
    """Patterns (gitignore syntax) of files no repair may change, beside tests, CI, configuration and `.git`."""


@dataclass(frozen=True, slots=True)
class SandboxSettings:
    """Limits of everything that runs inside; ``level`` is auto or none (none only from the command line)."""

    level: str = "auto"
    memory_mib: int = 4096
    processes: int = 256
    output_mib: int = 16
    disk_mib: int = 2048


@dataclass(frozen=True, slots=True)
class BudgetSettings:
    """What may be asked of outside models: money in USD, tokens (of prompt and answer), calls.

    Zero is no limit where others hold; but without a limit for the day or the month nothing is asked, and without one
    in money no money is spent. An item is one failure, counted over all runs of a month; days and months are UTC's.
    """

    usd_per_call: float = 0.0
    usd_per_item: float = 0.0
    usd_per_run: float = 0.0
    usd_per_day: float = 0.0
    usd_per_month: float = 0.0
    tokens_per_call: int = 0
    tokens_per_item: int = 0
    tokens_per_run: int = 0
    tokens_per_day: int = 0
    tokens_per_month: int = 0
    calls_per_item: int = 0
    calls_per_run: int = 0
    calls_per_day: int = 0
    calls_per_month: int = 0

    @property
    def allows_asking(self) -> bool:
        """Whether there is a limit, and with it leave, for the day or the month."""
        return bool(
            self.allows_money
            or self.tokens_per_day
            or self.tokens_per_month
            or self.calls_per_day
            or self.calls_per_month
        )

    @property
    def allows_money(self) -> bool:
        """Whether models that cost money may be asked."""
        return bool(self.usd_per_day or self.usd_per_month)


@dataclass(frozen=True, slots=True)
class RoutingSettings:
    """What decides whether a model is worth its price: a repair in code of impact 1 is worth ``usd_per_impact``."""

    usd_per_impact: float = 20.0


@dataclass(frozen=True, slots=True)
class ClientSettings:
    """How chat sites are reached: ``grid`` is the address of a Selenium Grid or another WebDriver (empty: browsers of
    this machine); an account has at most ``browsers`` at a time, each renewed after ``prompts_per_browser`` or once it
    takes more than ``browser_mib`` of memory (proportional set size). What is asked and spent is counted in the folder
    ``ledger``, which several machines may share (empty: the user's data folder)."""

    grid: str = ""
    browsers: int = 2
    prompts_per_browser: int = 200
    browser_mib: int = 3000
    ledger: str = ""


@dataclass(frozen=True, slots=True)
class Settings:
    """All sections; the models' cards are the registry's."""

    scan: ScanSettings = field(default_factory=ScanSettings)
    heal: HealSettings = field(default_factory=HealSettings)
    sandbox: SandboxSettings = field(default_factory=SandboxSettings)
    budget: BudgetSettings = field(default_factory=BudgetSettings)
    routing: RoutingSettings = field(default_factory=RoutingSettings)
    client: ClientSettings = field(default_factory=ClientSettings)
