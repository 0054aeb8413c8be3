"""Which plans need no person: conditions of the manifest, evaluated on the plan."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from orgrollout.manifest.schema import AutoApprove
from orgrollout.model.ids import AccountId
from orgrollout.model.words import count
from orgrollout.plan.model.kinds import Import
from orgrollout.plan.model.plan import Gate, Plan, PlannedWave
from orgrollout.plan.model.planned_stack_set import StackSetChange
from orgrollout.plan.model.windows import is_open, windows_of

_SHOWN = 3


def with_opening_approval(plan: Plan) -> Plan:
    """Return the plan with an approval before anything of it is sent."""
    first = min((wave.index for wave in plan.waves), default=0)
    opening = PlannedWave(
        index=first - 1,
        name="opening",
        accounts=(),
        allowed_failures=0,
        gate=Gate(approval=True),
    )
    # A gate stands between two waves, also where only stack sets without stack instances change.
    rest = plan.waves or (PlannedWave(index=first, name="rest", accounts=(), allowed_failures=0),)
    return replace(plan, waves=(opening, *rest))


def why_not_approved(plan: Plan, conditions: AutoApprove | None, now: datetime) -> str:
    """Return why a person has to approve the plan, or nothing where all conditions hold."""
    if conditions is None:
        return "the manifest has no service.auto_approve"
    return "; ".join(_reasons(plan, conditions, now))


def _reasons(plan: Plan, conditions: AutoApprove, now: datetime) -> Iterator[str]:
    """Yield each condition that does not hold."""
    others = sorted(_actions(plan) - {*conditions.actions})
    if others:
        allowed = ", ".join(conditions.actions)
        yield f"it would {', '.join(others)}, and service.auto_approve.actions is {allowed}"
    if any(isinstance(operation.kind, Import) for operation in plan.operations):
        yield "it would import stacks that exist, and a person approves that"
    accounts = frozenset(a for operation in plan.operations for a in operation.accounts)
    if len(accounts) > conditions.max_accounts:
        changed = count(len(accounts), "account")
        yield (
            f"{changed} would change, and service.auto_approve.max_accounts is "
            f"{conditions.max_accounts:,}"
        )
    if outside := sorted(accounts - _below(plan, conditions.units)):
        more = f" and {len(outside) - _SHOWN:,} more" if len(outside) > _SHOWN else ""
        named = ", ".join(outside[:_SHOWN])
        yield f"below none of service.auto_approve.units: {named}{more}"
    if conditions.windows and not is_open(windows_of(conditions.windows), now):
        yield f"{now:%a %H:%M} UTC is in none of service.auto_approve.windows"


def _actions(plan: Plan) -> frozenset[str]:
    """Return what the plan does to stack instances and to stack sets, in a plan's words."""
    changes = {each.change for each in plan.stack_sets.values()} - {StackSetChange.NONE}
    return frozenset(
        {operation.action.value for operation in plan.operations}
        | {change.value for change in changes}
    )


def _below(plan: Plan, units: tuple[str, ...]) -> frozenset[AccountId]:
    """Return the accounts of the plan that are in one of the units, at any depth."""
    roots = [unit.rstrip("/") for unit in units]
    return frozenset(
        account
        for path, accounts in plan.units.items()
        if any(path == root or path.startswith(f"{root}/") for root in roots)
        for account in accounts
    )
