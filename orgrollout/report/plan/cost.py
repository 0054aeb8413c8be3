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
    there = (
        f" and {count(cost.in_member_accounts, 'call')} in member accounts"
        if cost.in_member_accounts
        else ""
    )
    return (
        f"calls: about {count(cost.calls, 'call')} in {count(cost.operations, 'operation')} "
        f"({span(_calling(cost))} at {STACK_SETS.per_second:g} a second){there}; about "
        f"{span(cost.running)} if a stack instance takes {span(PER_INSTANCE)}{soaking}"
    )


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
