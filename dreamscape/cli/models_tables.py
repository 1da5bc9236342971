"""Models, what is expected of them and how they did, as text for a person."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dreamscape.cli.amounts import dollars
from dreamscape.cli.render import table
from dreamscape.domain.model_stats import Advice, ModelStats, ModelView, Record
from dreamscape.domain.models import ASSUMED_CONTEXT, ModelCard
from dreamscape.domain.routing import Estimate
from dreamscape.domain.simulation import Simulation


def cards_text(cards: Sequence[ModelCard]) -> str:
    """All cards."""
    rows = (
        (c.name, c.provider, c.tier, "yes" if c.enabled else "no", c.usd_per_million_in, c.usd_per_million_out)
        for c in cards
    )
    return table(("model", "provider", "tier", "enabled", "USD/M in", "USD/M out"), rows, right=(2, 4, 5))


def view_text(view: ModelView) -> str:
    """One model."""
    card, record = view.card, view.record
    lines = [
        f"model          {card.name}, {card.provider}, tier {card.tier}, {'enabled' if card.enabled else 'disabled'}",
        f"rules          {', '.join(_rules(card))}",
        f"by its price   {view.listed_usd:.4f} USD for an item, expected",
    ]
    if record is None or view.measured_usd is None:
        return "\n".join([*lines, "here           no repair was asked of it"])
    lines.append(f"measured       {view.measured_usd:.4f} USD for an item, on average")
    return "\n".join(
        [*lines, f"here           solved {record.solved} of {record.asked}, {dollars(record.usd)} USD in all"]
    )


def _rules(card: ModelCard) -> Iterable[str]:
    yield f"for {' and '.join(card.kinds)}"
    if card.provider in ("web", "api", "recorded"):
        is_assumed = not card.prompt_tokens and card.context_tokens == ASSUMED_CONTEXT
        yield f"prompts up to {card.largest_prompt} tokens{' (assumed: see context_tokens)' if is_assumed else ''}"
    yield f"{card.attempts} attempts"
    if card.failure_classes:
        yield f"only {', '.join(card.failure_classes)}"
    if card.least_impact:
        yield f"from impact {card.least_impact:g} on"
    if card.hours:
        yield f"in the hours {card.hours}"
    if card.concurrency:
        yield f"{card.concurrency} at a time"
    if card.calls_per_hour:
        yield f"{card.calls_per_hour} calls an hour"


def advice_text(advice: Advice, *, explain: bool) -> str:
    """Who would be asked; ``explain`` gives each model a line."""
    order = ", then ".join([*advice.here, *(estimate.model for estimate in advice.order)]) or "nobody"
    left = "no money may be spent" if advice.left_usd is None else f"{dollars(advice.left_usd)} USD left"
    lines = [
        f"{advice.target}: impact {advice.impact:.2f}, worth {advice.worth_usd:.2f} USD, {left}",
        f"asked          {order}",
        f"then           {advice.stop}",
    ]
    if explain:
        numbered = [(str(place), each) for place, each in enumerate(advice.order, 1)]
        rows = [_row(place, each) for place, each in (*numbered, *(("-", each) for each in advice.declined))]
        if rows:
            head = ("", "model", "chance", "90 %", "USD", "index", "why")
            lines += ["", table(head, rows, right=(2, 4, 5))]
        lines += [f"asked first, free and here: {name}" for name in advice.here]
        lines += [f"not asked: {name} ({why})" for name, why in advice.refused.items()]
    return "\n".join(lines)


def _row(place: str, each: Estimate) -> tuple[str, ...]:
    between = f"{each.low:.0%} to {each.high:.0%}"
    return place, each.model, f"{each.chance:.0%}", between, f"{each.cost_usd:.4f}", f"{each.index_usd:.2f}", each.why


def stats_text(stats: ModelStats) -> str:
    """How models and routing did."""
    if not stats.models:
        return "no model was asked yet: dreamscape heal"
    head = ("model", "class", "asked", "solved", "USD", "USD/solved", "seconds")
    rows = [_record_row(record) for record in (*stats.models, *stats.classes)]
    lines = [table(head, rows, right=(2, 3, 4, 5, 6))]
    if stats.calibration:
        steps = [
            (f"{c.low:.0%} to {c.high:.0%}", str(c.attempts), f"{c.expected:.0%}", f"{c.solved:.0%}")
            for c in stats.calibration
        ]
        lines += ["", table(("chance", "attempts", "expected", "solved"), steps, right=(1, 2, 3))]
        lines.append(f"mean squared error of the chances: {stats.brier:.3f}")
    regret = stats.regret
    items = f"{regret.items} item{'' if regret.items == 1 else 's'}"
    gained, best = f"{items} gained {regret.gained_usd:.2f} USD", f"{regret.best_usd:.2f} USD"
    lines += ["", f"{gained}; hindsight: {best}, so that the regret is {regret.regret_usd:.2f} USD"]
    return "\n".join(lines)


def _record_row(record: Record) -> tuple[str, ...]:
    per_solved = "-" if record.usd_per_solved is None else f"{record.usd_per_solved:.4f}"
    counts = str(record.asked), str(record.solved), f"{record.usd:.2f}", per_solved, f"{record.seconds:.0f}"
    return (record.model, record.failure_class or "all", *counts)


def simulation_text(simulation: Simulation) -> str:
    """What a replay shows, beside the best single model in hindsight and the strongest."""
    tasks, declined = len(simulation.tasks), sum(not task.tried for task in simulation.tasks)
    rows = [
        ("routed", simulation.solved, f"{simulation.cost_usd:.4g}", f"{simulation.net_usd:.4g}"),
        *(
            (f"{single.model} always ({why})", single.solved, f"{single.cost_usd:.4g}", f"{single.net_usd:.4g}")
            for why, single in (("best in hindsight", simulation.best), ("solves most", simulation.strongest))
        ),
        ("the cheapest that solves it", "", "", f"{simulation.oracle_usd:.4g}"),
    ]
    score = "-" if simulation.score is None else f"{simulation.score:+.3f}"
    return "\n".join(
        [
            f"{tasks} tasks worth {simulation.value:g} USD each, after {simulation.warm} seen in full: "
            f"{simulation.calls} calls, {declined} declined",
            "",
            table(("asked", "solved", "USD", "net USD"), rows, right=(1, 2, 3)),
            "",
            f"score {score} (0: the best single model in hindsight or nothing, 1: the cheapest that solves it)",
        ]
    )
