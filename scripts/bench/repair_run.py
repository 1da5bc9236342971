"""Puts cases to ``dreamscape heal --auto`` through the command line, judges what came of them, and tells the totals."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
import traceback
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

import repair_cases as cases
import repair_judge as judges
import repair_trees as trees

OUTCOMES = ("fixed", "wrong landed", "review, right proposed", "review, wrong proposed", "review, nothing proposed",
            "not fixed", "trouble")  # fmt: skip
GOALS = {
    "real": "correct >= 15 % first, then >= 25 %; wrong <= 5 % of landed",
    "mutants": "correct >= 60 %; wrong <= 5 % of landed",
    "second": "correct >= 60 %; wrong <= 5 % of landed",
    "classics": "correct >= 85 %; wrong landed <= 2 %",
}
ACCOUNTING = Path("/sys/fs/cgroup/cpuacct")


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a case; ``candidates`` is what the report counts as attempts, ``cpu_s`` None where the machine
    cannot tell."""

    id: str
    outcome: str
    why: str
    seconds: float
    cpu_s: float | None
    candidates: int
    exit_code: int
    judgement: dict[str, object] | None = None
    items: list[dict[str, object]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Ran:
    """A command that ended: exit code (-1: patience ended), both outputs, and what it took."""

    code: int
    out: str
    err: str
    seconds: float
    cpu_s: float | None


@contextmanager
def accounted() -> Iterator[Path | None]:
    """A control group that adds up the CPU time of all a command starts, sandboxes included; None without the right."""
    group = ACCOUNTING / f"bench-{uuid.uuid4().hex[:12]}"
    try:
        group.mkdir()
    except OSError:
        yield None
        return
    try:
        yield group
    finally:
        for left in (group / "cgroup.procs").read_text().split():
            os.kill(int(left), signal.SIGKILL)
        time.sleep(0.2)
        group.rmdir()


def run_command(command: Sequence[str], cwd: Path, wall_s: float, env: dict[str, str]) -> Ran:
    with accounted() as group, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        enter = ["sh", "-c", f'echo $$ > {group}/cgroup.procs; exec "$@"', "sh"] if group else []
        started = time.monotonic()
        process = subprocess.Popen(
            [*enter, *command],
            cwd=cwd,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            start_new_session=True,
        )
        try:
            code = process.wait(wall_s)
        except subprocess.TimeoutExpired:
            code = -1
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        seconds = time.monotonic() - started
        cpu_s = int((group / "cpuacct.usage").read_text()) / 1e9 if group else None
        texts = []
        for stream in (out, err):
            stream.seek(0)
            texts.append(stream.read().decode("utf-8", "replace"))
    return Ran(code, *texts, seconds, cpu_s)


def heal(bench: cases.Bench, case: cases.Case, product: Sequence[str], minutes: float, extra: Sequence[str]) -> Result:
    """Prepare the case, heal it and judge what came of it; all it leaves lies in ``work/cases/ID``."""
    folder = bench.work / "cases" / case.id
    laid = cases.prepare(bench, case, folder)
    base = trees.git(laid.tree, "rev-parse", "HEAD").decode().strip()
    home = folder / "home"
    home.mkdir()
    env = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "HOME": str(home), "LC_ALL": "C.UTF-8"}
    command = [*product, "heal", "--auto", "--json", "--project", str(laid.tree), "--python", str(laid.python)]
    command += ["--max-minutes", f"{minutes:g}", *extra]
    ran = run_command(command, laid.tree, 60 * minutes + 180, env)
    (folder / "heal.json").write_text(ran.out)
    (folder / "heal.err").write_text(ran.err)
    try:
        report = json.loads(ran.out)
    except ValueError:
        report = None
    items = (report or {}).get("items", [])
    candidates = sum(item.get("attempts") or 0 for item in items)
    taken = (round(ran.seconds, 1), None if ran.cpu_s is None else round(ran.cpu_s, 1), candidates, ran.code)
    if report is None:
        return Result(case.id, "trouble", f"no report: {ran.err[-400:]}", *taken)
    outcome, why, judgement = settle(bench, case, laid, base, items, folder)
    slim = [{key: value for key, value in item.items() if key != "rivals"} for item in items]
    return Result(case.id, outcome, why, *taken, judgement and asdict(judgement), slim)


def settle(
    bench: cases.Bench, case: cases.Case, laid: cases.Laid, base: str, items: list[dict[str, object]], folder: Path
) -> tuple[str, str, judges.Judgement | None]:
    """The outcome, in a few words why, and the judgement of what landed or was proposed."""
    heads = trees.git(laid.tree, "for-each-ref", "--format=%(objectname)", "refs/heads/dreamscape").decode().split()
    if heads:
        patch = judges.patch_of(laid.tree, base, heads[-1])
        judgement = judges.judge(bench, case, patch, folder / "judge")
        shown = len(set(judgement.evidence) & set(getattr(case, "failing", ())))
        rest = f", {shown} of the shown tests among them" if shown else ""
        return ("fixed" if judgement.right else "wrong landed"), judgement.by + rest, judgement
    waiting = [item for item in items if item.get("state") == "review"]
    diffs = [diff for diff in map(proposed, waiting) if diff]
    if not waiting:
        return "not fixed", "; ".join(str(item.get("why")) for item in items)[:300] or "no items", None
    why = str(waiting[0].get("why"))[:300]
    if not diffs:
        return "review, nothing proposed", why, None
    patch = applied(laid.tree, base, diffs)
    if patch is None:
        return "review, wrong proposed", f"the proposed change does not apply; {why}", None
    judgement = judges.judge(bench, case, patch, folder / "judge")
    return f"review, {'right' if judgement.right else 'wrong'} proposed", why, judgement


def proposed(item: dict[str, object]) -> str:
    return str(item.get("diff") or "")


def applied(tree: Path, base: str, diffs: Iterable[str]) -> dict[str, bytes | None] | None:
    """The files the diffs change, as a patch; None if one does not apply."""
    for diff in dict.fromkeys(diffs):
        try:
            trees.git(tree, "apply", "--index", "-", data=diff.encode())
        except subprocess.CalledProcessError:
            trees.git(tree, "reset", "-q", "--hard", base)
            return None
    made = trees.git(tree, "write-tree").decode().strip()
    patch = judges.patch_of(tree, base, made)
    trees.git(tree, "reset", "-q", "--hard", base)
    return patch


def run(
    bench: cases.Bench, kind: str, product: Sequence[str], out: Path, *, limit: int | None, minutes: float, jobs: int,
    only: Sequence[str], extra: Sequence[str],
) -> None:  # fmt: skip
    """Run the cases of ``kind`` that ``out`` has no result of, write after each, and print them and the totals."""
    wanted = [case for case in cases.load(kind) if not only or case.id in only][:limit]
    results = json.loads(out.read_text()) if out.exists() else {}
    waiting = [case for case in wanted if case.id not in results]

    def one(case: cases.Case) -> Result:
        try:
            return heal(bench, case, product, minutes, extra)
        except cases.Missing as error:
            return Result(case.id, "trouble", str(error), 0, None, 0, 0)
        except Exception:  # noqa: BLE001 (one case's trouble must not end the run)
            return Result(case.id, "trouble", traceback.format_exc()[-800:], 0, None, 0, 0)

    with ThreadPoolExecutor(jobs) as pool:
        for done in as_completed([pool.submit(one, case) for case in waiting]):
            result = done.result()
            results[result.id] = asdict(result)
            fresh = out.with_suffix(".writing")
            fresh.write_text(json.dumps(results, indent=1) + "\n")
            fresh.replace(out)
            print(line(results[result.id]), flush=True)
            if result.outcome != "trouble":
                shutil.rmtree(bench.work / "cases" / result.id / "judge", ignore_errors=True)
    print(summary(kind, [results[case.id] for case in wanted if case.id in results]))


def line(result: dict[str, object]) -> str:
    cpu = "?" if result["cpu_s"] is None else f"{result['cpu_s']}"
    return (
        f"{result['id']:<62} {result['outcome']:<26} {result['seconds']:>7} s {cpu:>7} CPU s "
        f"{result['candidates']:>6} candidates  {str(result['why'])[:120]}"
    )


def summary(kind: str, results: Sequence[dict[str, object]]) -> str:
    """Totals and ratios of a kind with the goals beside them."""
    counts = Counter(str(result["outcome"]) for result in results)
    total = len(results)
    landed = counts["fixed"] + counts["wrong landed"]
    rows = [f"\n{kind}: {total} cases"]
    rows += [f"  {name:<26} {counts[name]:>4}  {share(counts[name], total)}" for name in OUTCOMES]
    partial = sum(r["outcome"] == "wrong landed" and not breaks(r) for r in results)
    rows.append(f"  wrong, but breaks nothing  {partial:>4}")
    rows.append(f"  wrong among landed         {counts['wrong landed']:>4}  {share(counts['wrong landed'], landed)}")
    times = sorted(float(str(result["seconds"])) for result in results)
    cpus = sorted(float(str(result["cpu_s"])) for result in results if result["cpu_s"] is not None)
    if times:
        rows.append(f"  seconds: median {times[len(times) // 2]:.1f}, all {sum(times):.0f}")
    if cpus:
        rows.append(f"  CPU seconds: median {cpus[len(cpus) // 2]:.1f}, all {sum(cpus):.0f}")
    rows.append(f"  candidates: {sum(int(str(result['candidates'])) for result in results)}")
    rows.append(f"  goal: {GOALS[kind]}")
    return "\n".join(rows)


def breaks(result: dict[str, object]) -> bool:
    judgement = result["judgement"]
    return isinstance(judgement, dict) and bool(judgement["breaks"])


def share(part: int, whole: int) -> str:
    return f"{100 * part / whole:5.1f} %" if whole else "    -"
