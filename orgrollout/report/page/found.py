"""Drift, posture and the plan on the page."""

from collections.abc import Iterable, Mapping
from typing import Any

from orgrollout.drift.finding import Finding, FindingKind
from orgrollout.drift.findings import Findings
from orgrollout.drift.history import Record
from orgrollout.model.ids import Digest
from orgrollout.plan.model.plan import Plan
from orgrollout.report.layout.words import iso, word
from orgrollout.report.page.columns import Ledger, Places
from orgrollout.report.plan.as_json import skipped_json
from orgrollout.report.plan.as_text import actions_of
from orgrollout.report.plan.changes import changes_json
from orgrollout.report.plan.unchecked import not_looked_at

MOST_FINDINGS = 10_000  # that are spelled out; the page says how many more there are
MOST_LINES = 2_000  # of a template's differences


def drift_on_page(
    found: Findings, records: Mapping[Digest, Record], places: Places, ledger: Ledger
) -> dict[str, Any]:
    """Return what drifted, resource by resource, and how much was not looked at.

    What is to be repaired comes first, so that what is accepted cannot push it out.
    """
    mine = [f for f in found.findings if f.kind is FindingKind.RESOURCE]
    mine.sort(key=lambda each: not each.verdict.is_real)
    return {
        "stack_sets": [
            {
                "stack_set": look.key,
                "instances": look.instances,
                "unknown": look.unknown,
                "detected": iso(look.detection.ended) if look.detection else None,
                "repaired_since": look.repaired_since,
            }
            for look in found.stack_sets
        ],
        "total": len(mine),
        "findings": [
            _finding(each, records.get(each.key), places, ledger) for each in mine[:MOST_FINDINGS]
        ],
        "not_checked": list(not_looked_at(found)),
    }


def _finding(
    finding: Finding, record: Record | None, places: Places, ledger: Ledger
) -> dict[str, Any]:
    return {
        "stack_set": ledger.stack_set(finding.stack_set),
        "account": places.account(finding.pair.account),
        "region": ledger.region(finding.pair.region),
        "what": finding.what,
        "type": finding.resource_type,
        "id": finding.physical_id,
        "path": finding.path,
        "verdict": word(finding.verdict),
        "reason": finding.reason,
        "expected": finding.expected,
        "actual": finding.actual,
        "looked": iso(finding.looked),
        "first_seen": iso(record.first_seen) if record else None,
        "came_back": record.came_back if record else 0,
    }


def history_on_page(
    records: Iterable[Record], places: Places, ledger: Ledger
) -> list[dict[str, Any]]:
    """Return what became of findings, for the history of a stack instance; the newest first."""
    newest = sorted(records, key=lambda each: each.last_seen, reverse=True)
    return [
        {
            "stack_set": ledger.stack_set(record.stack_set),
            "account": places.account(record.pair.account),
            "region": ledger.region(record.pair.region),
            "what": f"{record.what}{record.path}",
            "kind": record.kind.value,
            "first_seen": iso(record.first_seen),
            "last_seen": iso(record.last_seen),
            "repaired": iso(record.repaired),
            "repaired_by": record.repaired_by,
            "gone": iso(record.gone),
            "came_back": record.came_back,
        }
        for record in newest[:MOST_FINDINGS]
    ]


def plan_on_page(plan: Plan) -> dict[str, Any]:
    """Return what `apply` would do now: definitions as differences, pairs as counts."""
    counts = plan.counts()
    return {
        "summary": {a.value: counts[a] for a in actions_of(plan)},
        "unchanged": plan.unchanged,
        "is_empty": plan.is_empty,
        "fingerprint": plan.fingerprint,
        "stack_sets": [
            {
                "stack_set": each.key,
                "name": each.name,
                "change": each.change.value,
                "differences": list(each.differences),
                "changes": _shortened(changes_json(each)),
            }
            for each in plan.stack_sets.values()
        ],
        "operations": [
            {
                "wave": operation.wave,
                "stack_set": operation.stack_set,
                "action": operation.action.value,
                "reason": operation.reason,
                "accounts": len(operation.accounts),
                "regions": list(operation.regions),
                "instances": operation.rectangle.size,
            }
            for operation in plan.operations
        ],
        "waves": [
            {"wave": wave.index, "name": wave.name, "accounts": len(wave.accounts)}
            for wave in plan.waves
        ],
        "skipped": skipped_json(plan.skipped),
        "warnings": list(plan.warnings),
    }


def _shortened(changes: dict[str, Any]) -> dict[str, Any]:
    lines = changes.get("template", "").split("\n")
    if len(lines) <= MOST_LINES:
        return changes
    more = f"... and {len(lines) - MOST_LINES:,} more lines: orgrollout plan --format json"
    return {**changes, "template": "\n".join([*lines[:MOST_LINES], more])}
