"""ProjectPast: what a project's own history says about its ranking, and what can be learned from it."""

from __future__ import annotations

from pathlib import Path

from dreamscape.domain.errors import CannotGoOn, NotARepository, UsageError
from dreamscape.domain.evidence import Backtest, Learned
from dreamscape.domain.settings import ScanSettings
from dreamscape.scanner.backtest import TEACHERS, backtest
from dreamscape.scanner.learn import learn
from dreamscape.scanner.snapshots import Snapshot, Snapshots
from dreamscape.scanner.walk import shown
from dreamscape.scanner.weights import PRIOR, store
from dreamscape.tools.git import Git

MEMORY = "scan-past.db"
BUDGET_CONTENTS = 20_000
"""How many different file contents learning reads at most (chosen: about three minutes of CPU time)."""


class ProjectPast:
    """The past of one project; ``state`` is the folder of our files (None remembers nothing)."""

    def __init__(self, project: Path, settings: ScanSettings, state: Path | None) -> None:
        self.project = project
        self.settings = settings
        self.state = state

    def backtest(self) -> Backtest:
        """How well our orders would have found the fixes of the last five years. Raises CannotGoOn without history."""
        with self._snapshots() as snapshots:
            return backtest(shown(str(self.project.resolve())), snapshots)

    def learn(self) -> Learned:
        """Learns what each signal weighs here and keeps it for the scans to come.

        The latest cut-offs teach, until the budget of contents is spent. Raises CannotGoOn where nothing can be
        learned or kept.
        """
        if self.state is None:
            raise CannotGoOn("there is no place to keep what would be learned")
        with self._snapshots() as snapshots:
            taken, notes = _teachers(snapshots)
        weights = learn(taken)
        if weights is PRIOR:
            raise CannotGoOn(
                "no fix followed any past commit of this project: there is nothing to learn from",
                "a fix is a commit whose message says fix, bug, defect or regression",
            )
        store(self.state, weights)
        project = shown(str(self.project.resolve()))
        return Learned(project, weights.origin, len(taken), weights.of, PRIOR.of, tuple(notes))

    def _snapshots(self) -> Snapshots:
        if not self.project.is_dir():
            raise UsageError(f"there is no folder {self.project}", "--project takes the folder of a project")
        git = Git.find(self.project)
        if git is None:
            raise NotARepository(
                f"{self.project} is in no git repository", "only a history can tell where fixes were needed"
            )
        memory = self.state / MEMORY if self.state else None
        return Snapshots(git, memory, self.settings.churn_months)


def _teachers(snapshots: Snapshots) -> tuple[list[Snapshot], list[str]]:
    """The latest cut-offs, and what there is to say about them."""
    notes = [snapshots.note] if snapshots.note else []
    taken: list[Snapshot] = []
    for step in range(1, TEACHERS + 1):
        if snapshots.contents >= BUDGET_CONTENTS:
            notes.append(f"{BUDGET_CONTENTS:,} contents read: older commits were left out")
            break
        snapshot = snapshots.at(step)
        if snapshot is None:
            break
        taken.append(snapshot)
    return taken, notes
