"""What is not as deployed, as programs read it: JSON, and rows for CSV."""

from collections.abc import Iterable, Mapping
from typing import Any

from orgrollout.drift.finding import Finding, Verdict
from orgrollout.drift.findings import Findings, StackSetLook
from orgrollout.organization.snapshot import Organization
from orgrollout.report.drift.as_text import Shown
from orgrollout.report.drift.changed_by import changed_by_json, changed_by_words
from orgrollout.report.layout.blocks import Sheet
from orgrollout.report.layout.words import iso, word
from orgrollout.report.plan.as_text import FORMAT_VERSION
from orgrollout.report.plan.unchecked import not_looked_at

_COLUMNS = (
    "stack_set",
    "account",
    "account_name",
    "region",
    "kind",
    "what",
    "verdict",
    "reason",
    "resource_type",
    "physical_id",
    "path",
    "expected",
    "actual",
    "subjects",
    "looked",
    "first_seen",
    "came_back",
    "subject",
    "changed_by",
)


def drift_json(found: Findings, shown: Shown, calls: Mapping[str, int]) -> dict[str, Any]:
    """Return all of it as JSON can hold it. Keys may be added, never renamed."""
    verdicts = [finding.verdict for finding in found.findings]
    return {
        "format_version": FORMAT_VERSION,
        "summary": {
            **{word(verdict): verdicts.count(verdict) for verdict in Verdict},
            "unknown": sum(look.unknown for look in found.stack_sets),
        },
        "stack_sets": [_stack_set(look, shown) for look in found.stack_sets],
        "findings": [_finding(finding, shown) for finding in found.findings],
        "warnings": list(found.warnings),
        "not_checked": list(not_looked_at(found)),
        "calls": dict(sorted(calls.items())),
    }


def drift_sheet(findings: Iterable[Finding], shown: Shown) -> Sheet:
    """Return a row for each finding: what CSV holds."""
    rows = (_row(finding, shown) for finding in findings)
    return Sheet(
        headers=_COLUMNS,
        rows=tuple(tuple(_text(row[column]) for column in _COLUMNS) for row in rows),
    )


def account_name(organization: Organization, account: Any) -> str | None:
    """Return what an account is called, if it is still there."""
    found = organization.accounts.get(account)
    return found.name if found else None


def _stack_set(look: StackSetLook, shown: Shown) -> dict[str, Any]:
    last = look.detection
    return {
        "stack_set": look.key,
        "name": look.name,
        "detected": shown.detected.get(look.key),
        "detection": None
        if last is None
        else {
            "operation": last.operation,
            "status": last.status,
            "ended": iso(last.ended),
            "total": last.total,
            "drifted": last.drifted,
            "in_sync": last.in_sync,
            "failed": last.failed,
        },
        "running": look.running,
        "instances": look.instances,
        "unknown": look.unknown,
        "not_checkable": dict(look.not_checkable),
        "repaired_since": look.repaired_since,
    }


def _finding(finding: Finding, shown: Shown) -> dict[str, Any]:
    record = shown.records.get(finding.key)
    return {
        "stack_set": finding.stack_set,
        "account": finding.pair.account,
        "account_name": account_name(shown.organization, finding.pair.account),
        "region": finding.pair.region,
        "kind": finding.kind.value,
        "what": finding.what,
        "verdict": word(finding.verdict),
        "reason": finding.reason,
        "resource_type": finding.resource_type,
        "physical_id": finding.physical_id,
        "path": finding.path,
        "expected": finding.expected,
        "actual": finding.actual,
        "subjects": list(finding.subjects),
        "looked": iso(finding.looked),
        "first_seen": iso(record.first_seen) if record else None,
        "came_back": record.came_back if record else 0,
        "subject": finding.subject or None,
        "changed_by": changed_by_json(record.changed_by) if record else None,
    }


def _row(finding: Finding, shown: Shown) -> dict[str, Any]:
    """Return a finding in plain columns."""
    record = shown.records.get(finding.key)
    answer = record.changed_by if record else None
    words = changed_by_words(answer) if answer else None
    return {**_finding(finding, shown), "changed_by": words}


def _text(value: Any) -> str:
    if isinstance(value, list):
        return " ".join(value)
    return "" if value is None else str(value)
