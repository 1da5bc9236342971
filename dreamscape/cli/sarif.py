"""Findings as SARIF 2.1.0 (OASIS), which code hosts and editors show at the line."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import PurePath
from typing import Any, Literal
from urllib.parse import quote

from dreamscape import __version__
from dreamscape.domain.scan import SkippedFile

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
ROOT = "PROJECTROOT"
"""What relative paths are relative to; the run says where that is."""
SKIPPED, NOTE = "skipped-file", "note"
ERROR_ABOVE, WARNING_ABOVE = 0.8, 0.4
"""Impact above which a finding is an error (where no limit was given) and a warning; chosen."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A kind of finding: its name, what it means in a sentence, and what to do about it."""

    id: str
    meaning: str
    help: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding at some lines (1-based, inclusive) of a file; ``impact`` is 0 to 1.

    ``identity`` names it among those of its rule and stays when lines move or scores change.
    """

    rule: Rule
    path: str
    function: str | None
    lines: tuple[int, int]
    text: str
    impact: float
    identity: str


def report(
    name: str,
    project: str,
    rules: Sequence[Rule],
    findings: Iterable[Finding],
    skipped: Iterable[SkippedFile],
    notes: Iterable[str],
    limit: float | None,
) -> str:
    """One run. Findings with an impact over the limit are errors; skipped files and notes are the tool's own words."""
    number = {rule.id: at for at, rule in enumerate(rules)}
    met: Counter[str] = Counter()
    run = {
        "tool": {"driver": _driver(rules)},
        "automationDetails": {"id": f"dreamscape-{name}/"},
        "originalUriBaseIds": {ROOT: {"uri": f"{PurePath(project).as_uri()}/"}},
        "invocations": [
            {
                "executionSuccessful": True,
                "toolExecutionNotifications": [*map(_skipped, skipped), *map(_note, notes)],
            }
        ],
        "results": [
            _result(finding, number[finding.rule.id], _fingerprint(finding, met), limit) for finding in findings
        ],
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=1, ensure_ascii=False)


def _driver(rules: Iterable[Rule]) -> dict[str, object]:
    return {
        "name": "Dreamscape",
        "version": __version__,
        "rules": [
            {
                "id": rule.id,
                "shortDescription": {"text": rule.meaning},
                "fullDescription": {"text": f"{rule.meaning}. {rule.help}"},
                "help": {"text": rule.help},
                "defaultConfiguration": {"level": "warning"},
            }
            for rule in rules
        ],
        "notifications": [
            {"id": SKIPPED, "shortDescription": {"text": "A file that could not be measured"}},
            {"id": NOTE, "shortDescription": {"text": "What a reader of the results should know"}},
        ],
    }


def _fingerprint(finding: Finding, met: Counter[str]) -> str:
    """What finds a result again in the next run; of those with the same identity (a property and its setter), each has
    its own. ``met`` counts them."""
    identity = f"{finding.rule.id}\0{finding.identity}"
    met[identity] += 1
    return blake2b(f"{identity}\0{met[identity]}".encode(), digest_size=16).hexdigest()


def _result(finding: Finding, rule_index: int, fingerprint: str, limit: float | None) -> dict[str, object]:
    first, last = finding.lines
    location: dict[str, Any] = {"physicalLocation": _place(finding.path)}
    location["physicalLocation"]["region"] = {"startLine": first, "endLine": last}
    if finding.function is not None:
        location["logicalLocations"] = [{"fullyQualifiedName": finding.function, "kind": "function"}]
    return {
        "ruleId": finding.rule.id,
        "ruleIndex": rule_index,
        "level": _level(finding.impact, limit),
        "message": {"text": finding.text},
        "locations": [location],
        "partialFingerprints": {"dreamscape/v1": fingerprint},
        "rank": round(100 * finding.impact, 2),
    }


def _level(impact: float, limit: float | None) -> Literal["error", "warning", "note"]:
    if impact > (ERROR_ABOVE if limit is None else limit):
        return "error"
    return "warning" if impact > WARNING_ABOVE else "note"


def _skipped(row: SkippedFile) -> dict[str, object]:
    return {
        "descriptor": {"id": SKIPPED},
        "level": "warning",
        "message": {"text": f"{row.path} could not be measured: {row.reason}"},
        "locations": [{"physicalLocation": _place(row.path)}],
    }


def _note(text: str) -> dict[str, object]:
    return {"descriptor": {"id": NOTE}, "level": "note", "message": {"text": text}}


def _place(path: str) -> dict[str, object]:
    return {"artifactLocation": {"uri": quote(path), "uriBaseId": ROOT}}
