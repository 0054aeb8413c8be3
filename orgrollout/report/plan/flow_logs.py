"""What `plan --look` counted: flow logs that would be made, as people and programs read it."""

from collections.abc import Iterator
from typing import Any

from orgrollout.model.words import count
from orgrollout.plan.model.flow_logs import CountedPair, FlowLogForecast, Ring
from orgrollout.plan.model.plan import Plan
from orgrollout.posture.flow_log_counts import FlowLogCounts
from orgrollout.report.layout.blocks import Line

_STARTED = {
    "automatic": "AWS Config starts the runbook",
    "manual": "a person or a re-sync starts the remediation",
    "runbook-only": "a person starts the runbook",
}
_MOST_REASONS = 5


def forecast_lines(forecast: FlowLogForecast, plan: Plan) -> Iterator[Line]:
    """Yield the numbers of the plan, then those of each wave, then what is unknown and why."""
    if not forecast.pairs:
        yield Line(text="flow logs: no stack of this plan makes any; no account was looked at")
        return
    yield Line(text=f"flow logs: {_all(forecast)}", style="bold")
    for ring in forecast.rings():
        yield Line(text=f"  {_name(plan, ring)}: {ring.stack_set}: {_ring(ring)}")
    yield from (Line(text=f"  {text}") for text in _notes(forecast.total))
    yield from _unknown(forecast.unknown)


def forecast_json(forecast: FlowLogForecast, plan: Plan) -> dict[str, Any]:
    """Return the same as JSON can hold it. What is unknown is in no sum."""
    return {
        **_numbers(forecast.total),
        "counted": len(forecast.pairs) - len(forecast.unknown),
        "waves": [
            {
                "wave": ring.wave,
                "name": _name(plan, ring),
                "stack_set": ring.stack_set,
                "remediation": ring.starts or None,
                **_numbers(ring.total),
                "counted": ring.counted,
                "unknown": ring.unknown,
            }
            for ring in forecast.rings()
        ],
        "unknown": [
            {
                "stack_set": each.stack_set,
                "account": each.pair.account,
                "region": each.pair.region,
                "reason": each.reason,
            }
            for each in forecast.unknown
        ],
    }


def _numbers(counts: FlowLogCounts) -> dict[str, int]:
    return {
        "vpcs": counts.vpcs,
        "would_create": counts.created,
        "would_replace": counts.replaced,
        "covered_elsewhere": counts.elsewhere,
        "cannot_deliver": counts.failing,
    }


def _would(counts: FlowLogCounts) -> str:
    made = f"would create {count(counts.created, 'flow log')} in {count(counts.created, 'VPC')}"
    return f"{made}, and replace {counts.replaced:,} of ours" if counts.replaced else made


def _all(forecast: FlowLogForecast) -> str:
    counted = len(forecast.pairs) - len(forecast.unknown)
    if not counted:
        return "how many would be created is unknown"
    where = f"{count(forecast.total.vpcs, 'VPC')} looked at in {_places(counted)}"
    return f"{_would(forecast.total)} ({where})"


def _ring(ring: Ring) -> str:
    if not ring.counted:
        return f"unknown in {_places(ring.unknown)}"
    started = f", when {_STARTED[ring.starts]}" if ring.starts in _STARTED else ""
    unknown = f"; unknown in {_places(ring.unknown)}" if ring.unknown else ""
    return f"{_would(ring.total)}{started}{unknown}"


def _notes(total: FlowLogCounts) -> Iterator[str]:
    if total.elsewhere:
        yield f"covered elsewhere only: {count(total.elsewhere, 'VPC')}"
    if total.replaced or (total.elsewhere and total.created):
        yield (
            "AWS Config finds a VPC with any flow log compliant: where one is replaced or covered "
            "elsewhere, a re-sync or a person starts the runbook"
        )
    if total.failing:
        yield (
            f"a flow log of ours is there and cannot deliver: {count(total.failing, 'VPC')}; the "
            "runbook fails there until it can"
        )


def _unknown(unknown: tuple[CountedPair, ...]) -> Iterator[Line]:
    """Yield why some could not be counted, equal reasons in one line."""
    alike: dict[str, list[CountedPair]] = {}
    for each in unknown:
        alike.setdefault(each.reason, []).append(each)
    for reason, found in list(alike.items())[:_MOST_REASONS]:
        first = found[0].pair
        where = f"{_places(len(found))}, such as {first.account} {first.region}"
        yield Line(text=f"  not counted: {where}: {reason}", style="yellow")
    if (more := len(alike) - _MOST_REASONS) > 0:
        text = f"  not counted: {count(more, 'more reason')} (--format json has all)"
        yield Line(text=text, style="yellow")


def _places(number: int) -> str:
    return count(number, "account and Region", "accounts and Regions")


def _name(plan: Plan, ring: Ring) -> str:
    return next((wave.name for wave in plan.waves if wave.index == ring.wave), str(ring.wave))
