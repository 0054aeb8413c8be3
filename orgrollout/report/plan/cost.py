"""What a plan takes, in words and for programs."""

from datetime import timedelta
from typing import Any

from orgrollout.aws.transport.rate_limits import STACK_SETS
from orgrollout.plan.model.plan import Plan
from orgrollout.report.layout.words import count, span
from orgrollout.rollout.cost import PER_INSTANCE, Cost, cost_of


def cost_line(plan: Plan) -> str:
    """Return in one line what carrying the plan out takes: calls and time, and no money."""
    cost = cost_of(plan)
    soaking = f", and {span(cost.soaking)} of soaking" if cost.soaking else ""
    return (
        f"calls: about {_calls(cost)}; about {span(cost.running)} if a stack instance takes "
        f"{span(PER_INSTANCE)}{soaking}"
    )


def _calls(cost: Cost) -> str:
    """Return how many calls are sent, and where; a re-sync may need none to StackSets."""
    operations = count(cost.operations, "operation")
    there = f"{count(cost.in_member_accounts, 'call')} in member accounts"
    if not cost.calls and cost.in_member_accounts:
        return f"{there}, in {operations}"
    rate = f"{span(_calling(cost))} at {STACK_SETS.per_second:g} a second"
    here = f"{count(cost.calls, 'call')} in {operations} ({rate})"
    return f"{here} and {there}" if cost.in_member_accounts else here


def cost_json(plan: Plan) -> dict[str, Any]:
    """Return the cost; spans in seconds."""
    cost = cost_of(plan)
    return {
        "operations": cost.operations,
        "calls": cost.calls,
        "calls_in_member_accounts": cost.in_member_accounts,
        "calls_per_second": STACK_SETS.per_second,
        "calls_seconds": _calling(cost).total_seconds(),
        "seconds_per_instance": PER_INSTANCE.total_seconds(),
        "running_seconds": cost.running.total_seconds(),
        "soaking_seconds": cost.soaking.total_seconds(),
    }


def _calling(cost: Cost) -> timedelta:
    """Return how long the calls take at the rate that is allowed."""
    return timedelta(seconds=cost.calls / STACK_SETS.per_second)
