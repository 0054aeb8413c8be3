"""How many VPCs are covered by flow logs that go elsewhere only, as the last look found it."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from orgrollout.model.ids import StackSetKey
from orgrollout.posture.flow_log_counts import FlowLogCounts
from orgrollout.report.layout.blocks import Line
from orgrollout.report.layout.words import count
from orgrollout.rollout.coverage import CoverageRow

_UNKNOWN = "unknown"


def flow_log_lines(rows: Iterable[CoverageRow], detect: str) -> Iterator[Line]:
    """Yield a line for each stack set whose checks count; ``detect`` is the command that counts."""
    for key, counted, not_counted in _by_stack_set(rows):
        total = sum(counted, FlowLogCounts())
        yield Line(text=f"flow logs: {key}: {_found(total, counted)}{_left(not_counted, detect)}")


def flow_logs_json(rows: Iterable[CoverageRow]) -> list[dict[str, Any]]:
    """Return the numbers of each stack set whose checks count; null: they were counted nowhere."""
    return [
        {
            "stack_set": key,
            **_numbers(sum(counted, FlowLogCounts()) if counted else None),
            "counted": len(counted),
            "not_counted": not_counted,
        }
        for key, counted, not_counted in _by_stack_set(rows)
    ]


def instance_json(row: CoverageRow) -> dict[str, int | None] | None:
    """Return the numbers of a pair; None where no check counts."""
    return _numbers(_counts(row)) if row.counts_flow_logs else None


def cells_of(row: CoverageRow) -> Mapping[str, str]:
    """Return the same as CSV holds it: `unknown` where they were not counted."""
    if not row.counts_flow_logs:
        return dict.fromkeys(_numbers(None), "")
    return {k: _UNKNOWN if n is None else str(n) for k, n in _numbers(_counts(row)).items()}


def _numbers(counts: FlowLogCounts | None) -> dict[str, int | None]:
    return {
        "vpcs": counts.vpcs if counts else None,
        "covered_elsewhere": counts.elsewhere if counts else None,
    }


def _by_stack_set(
    rows: Iterable[CoverageRow],
) -> Iterator[tuple[StackSetKey, list[FlowLogCounts], int]]:
    """Yield what was counted of each stack set, and for how many pairs it was not."""
    found: dict[StackSetKey, list[FlowLogCounts | None]] = {}
    for row in rows:
        if row.counts_flow_logs:
            found.setdefault(row.stack_set, []).append(_counts(row))
    for key, each in found.items():
        counted = [counts for counts in each if counts is not None]
        yield key, counted, len(each) - len(counted)


def _counts(row: CoverageRow) -> FlowLogCounts | None:
    return row.posture.counts if row.posture else None


def _found(total: FlowLogCounts, counted: list[FlowLogCounts]) -> str:
    if not counted:
        return "how many VPCs are covered elsewhere is unknown"
    verb = "is" if total.elsewhere == 1 else "are"
    return f"{total.elsewhere:,} of {count(total.vpcs, 'VPC')} {verb} covered elsewhere only"


def _left(not_counted: int, detect: str) -> str:
    if not not_counted:
        return ""
    where = count(not_counted, "account and Region", "accounts and Regions")
    return f"; not counted in {where}. To have them counted: `{detect}`"
