"""How likely each template repairs a failure: one table, before anything is learned from outcomes.

The base numbers are chosen: edits of one token, which make up most one-site bugs in published collections of small
programs, stand above insertions, and insertions above what is known to fit tests without being right (statements left
out, conditions replaced). They were tuned on half of the programs under ``tests/projects/classics``; ``BOOSTS`` raises
what answers a failure's class.
"""

from __future__ import annotations

from collections.abc import Mapping

from dreamscape.domain.failures import FailureClass

BASE: dict[str, float] = {
    "comparison": 1.0, "arithmetic": 0.9, "augmented": 0.6, "boolean": 0.9, "drop-operand": 0.6,
    "swap-operands": 0.7, "regroup": 0.6, "negate": 0.4, "number": 1.0, "signed-number": 0.8, "off-by-one": 0.9,
    "offset-by-name": 0.45, "slices": 0.8, "part-of-sequence": 0.4, "ranges": 0.8, "known-constant": 0.35,
    "variable": 0.95, "stored-name": 0.4, "value-of": 0.35, "attribute": 0.8, "function": 0.8, "self-prefix": 0.7,
    "nearest-name": 0.6, "swap-arguments": 0.95, "drop-argument": 0.4, "add-argument": 0.5, "keyword": 0.6,
    "wrap": 0.55, "wrap-chosen": 0.3, "unwrap": 0.6, "call-or-not": 0.4, "star": 0.3, "negate-condition": 0.9,
    "none-or-empty": 0.8, "widen-condition": 0.45, "replace-condition": 0.4, "filter": 0.4, "branches": 0.45,
    "drop-statement": 0.25, "drop-frame": 0.25, "move": 0.5, "out-of-block": 0.6, "into-block": 0.6, "jump": 0.5,
    "yields": 0.8, "insert-call": 0.45, "insert-assignment": 0.4, "duplicate": 0.4, "base-case": 0.35,
    "guard": 0.35, "leave-loop": 0.25, "only-if": 0.3, "guarded-value": 0.4, "missing-return": 0.6,
    "returned-value": 0.55, "early-return": 0.6, "caught": 0.3, "raised": 0.3, "missing-raise": 0.2,
    "raise-instead": 0.1, "try-around": 0.1, "text": 0.5, "formatted": 0.5, "expression": 0.45,
    "sibling-statement": 0.4, "twin": 0.6, "default": 0.6, "mutable-default": 0.8, "signature": 0.5,
    "swap-parameters": 0.5,
    "declared": 0.5, "constructor": 0.5, "field-default": 0.5, "missing-import": 0.5, "wrong-import": 0.5,
}  # fmt: skip

BOOSTS: dict[FailureClass, dict[str, float]] = {
    FailureClass.DID_NOT_RAISE: {
        "missing-raise": 5.0, "comparison": 1.2, "negate-condition": 1.2, "widen-condition": 1.5, "caught": 2.0,
        "try-around": 0.0, "drop-frame": 1.5,
    },
    FailureClass.WRONG_EXCEPTION: {
        "raised": 3.0, "caught": 3.0, "missing-raise": 2.0, "raise-instead": 8.0, "try-around": 4.0, "guard": 1.5,
        "widen-condition": 1.3,
    },
    FailureClass.NONE_OR_TYPE: {
        "guard": 1.8, "guarded-value": 2.0, "none-or-empty": 1.3, "widen-condition": 1.4, "call-or-not": 2.0,
        "wrap": 1.5, "add-argument": 1.6, "drop-argument": 1.5, "attribute": 1.4, "self-prefix": 1.5,
        "missing-return": 1.6, "constructor": 2.0, "signature": 2.0, "swap-parameters": 2.0, "try-around": 2.0,
        "star": 1.5,
    },
    FailureClass.INDEX_OR_KEY: {
        "off-by-one": 1.3, "guarded-value": 2.0, "guard": 1.6, "base-case": 1.5, "ranges": 1.3, "widen-condition": 1.4,
        "try-around": 3.0, "slices": 1.2, "text": 1.3, "caught": 1.5,
    },
    FailureClass.RECURSION: {
        "base-case": 2.5, "off-by-one": 1.4, "guard": 1.3, "part-of-sequence": 1.8, "self-prefix": 1.3,
        "widen-condition": 1.4, "try-around": 0.0, "offset-by-name": 1.5,
    },
    FailureClass.TIMEOUT: {
        "insert-assignment": 1.8, "insert-call": 1.2, "jump": 2.0, "replace-condition": 1.6, "arithmetic": 1.2,
        "augmented": 1.3, "base-case": 1.5, "leave-loop": 1.8, "into-block": 1.4, "off-by-one": 1.2, "try-around": 0.0,
        "widen-condition": 1.3,
    },
    FailureClass.IMPORT: {"missing-import": 6.0, "wrong-import": 8.0, "nearest-name": 2.0, "attribute": 1.2},
    FailureClass.COLLECTION: {"missing-import": 6.0, "wrong-import": 6.0, "nearest-name": 3.0, "self-prefix": 1.5},
    FailureClass.MISSING_DEPENDENCY: {"wrong-import": 4.0},
    FailureClass.WRONG_VALUE: {"try-around": 0.0, "returned-value": 1.2},
}  # fmt: skip


def prior(template: str, failure_class: FailureClass, learned: Mapping[str, float] | None = None) -> float:
    """How likely, relative to the others, a template repairs this class of failure; ``learned`` multiplies it."""
    factor = (learned or {}).get(template, 1.0)
    return BASE[template] * BOOSTS.get(failure_class, {}).get(template, 1.0) * factor
