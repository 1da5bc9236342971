"""Figures over the small programs: `python tests/repairer/repairer_classics.py [tune|kept|all] [name ...]`."""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from repairer_behaviour import behaviour_of
from repairer_judge import PATH, _TooLong, case_of, judged, limited, load, streamed

from dreamscape.agent.choice import choose
from dreamscape.domain.repair import Candidate, Judge, VerdictState
from dreamscape.repairer import Repairer

CLASSICS = Path(__file__).parent.parent / "projects" / "classics"


@dataclass(frozen=True)
class Outcome:
    name: str
    tried: int
    plausible: int
    rank: int | None
    """Place of the first correct candidate among all tried, from 1."""
    groups: int
    best_is_right: bool
    lands: bool
    cpu_s: float
    best: str
    why: str
    right: str = ""


def folders(half: str) -> list[Path]:
    """The programs to tune on (``tune``), those kept aside (``kept``), or all."""
    found = sorted(each for each in CLASSICS.iterdir() if each.is_dir())
    return found if half == "all" else found[0::2] if half == "tune" else found[1::2]


def correct(folder: Path, sources: Sequence[bytes]) -> list[bool]:
    """Whether each source does what the fixed program does on 200 seeded inputs."""
    space: dict[str, object] = {}
    exec((folder / "hidden.py").read_text(), space)
    observe = space["observe"]
    assert callable(observe)

    def observations(source: bytes) -> list[str]:
        sys.setrecursionlimit(400)
        module = load(source)
        seen = []
        for seed in range(200):
            try:
                seen.append(repr(limited(lambda seed=seed: observe(module, random.Random(seed)))))
            except (_TooLong, Exception) as error:  # noqa: BLE001 - the program may raise anything
                seen.append(type(error).__name__)
                if isinstance(error, _TooLong):
                    break
        return seen

    wanted = streamed([lambda: observations((folder / "fixed.py").read_bytes())], 60.0)[0]
    assert wanted is not None and "_TooLong" not in wanted
    return [each == wanted for each in streamed([lambda s=source: observations(s) for source in sources], 60.0)]


def heal(folder: Path, repairer: Repairer) -> Outcome:
    visible = (folder / "visible.py").read_text()
    case = case_of((folder / "buggy.py").read_bytes(), visible)
    assert case.failures, folder.name
    steps = repairer.steps(case)
    tried: list[Candidate] = []
    plausible: list[tuple[int, Candidate]] = []
    spent = 0.0
    reply = None
    while True:
        start = time.process_time()
        try:
            step = steps.send(reply)
        except StopIteration:
            break
        finally:
            spent += time.process_time() - start
        assert isinstance(step, Judge)
        reply = judged(case, step.candidates, visible)
        for verdict in reply:
            tried.append(verdict.candidate)
            if verdict.state is VerdictState.PLAUSIBLE:
                plausible.append((len(tried), verdict.candidate))
    if not plausible:
        return Outcome(folder.name, len(tried), 0, None, 0, False, False, spent, "", "")
    right = correct(folder, [each.applied_to(case.sources)[PATH] for _, each in plausible])
    rank = next((place for (place, _), good in zip(plausible, right, strict=True) if good), None)
    behaviour = behaviour_of(case, [each for _, each in plausible], visible)
    choice = choose([each for _, each in plausible], behaviour, case.sources)
    best = next(good for (_, each), good in zip(plausible, right, strict=True) if each is choice.best)
    first = next((f"{c.origin} {c.summary}" for (_, c), good in zip(plausible, right, strict=True) if good), "")
    return Outcome(
        folder.name, len(tried), len(plausible), rank, len(behaviour.groups), best, choice.may_land, spent,
        f"{choice.best.origin} {choice.best.summary}", choice.why, first,
    )  # fmt: skip


def told(each: Outcome) -> str:
    """One program's line."""
    mark = "ok" if each.best_is_right else "WRONG" if each.plausible else "none"
    line = (
        f"{each.name:18} {mark:5} {'lands' if each.lands else 'review':6} rank={each.rank} tried={each.tried} "
        f"plausible={each.plausible} groups={each.groups} | {each.best}"
    )
    return line if each.best_is_right else f"{line} || right: {each.right}"


def summed(half: str, outcomes: Sequence[Outcome]) -> str:
    """The figures."""
    n = len(outcomes)
    ranks = sorted(each.rank for each in outcomes if each.rank)
    landed = [each for each in outcomes if each.lands]
    tried, spent = sum(each.tried for each in outcomes), sum(each.cpu_s for each in outcomes)
    return (
        f"{half}: {n} programs; a correct candidate found {len(ranks) / n:.0%}, median rank "
        f"{ranks[len(ranks) // 2] if ranks else '-'}; best is right {sum(e.best_is_right for e in outcomes) / n:.0%}; "
        f"landed right {sum(e.best_is_right for e in landed) / n:.0%}, "
        f"landed wrong {sum(not e.best_is_right for e in landed) / n:.0%}; "
        f"making a candidate {1000 * spent / max(1, tried):.2f} ms CPU"
    )


def main() -> None:
    half = sys.argv[1] if len(sys.argv) > 1 else "tune"
    outcomes = []
    for folder in folders(half):
        if not sys.argv[2:] or folder.name in sys.argv[2:]:
            outcomes.append(heal(folder, Repairer()))
            print(told(outcomes[-1]), flush=True)  # noqa: T201
    print(summed(half, outcomes))  # noqa: T201


if __name__ == "__main__":
    main()
