"""Which plans need no person: conditions of the manifest, evaluated on the plan."""

from collections.abc import Iterator
from datetime import datetime

from orgrollout.manifest.schema import AutoApprove, Manifest, PlanRule
from orgrollout.model.ids import StackSetKey
from orgrollout.model.words import count
from orgrollout.plan.checks.plan_rules import below
from orgrollout.plan.model.kinds import Import
from orgrollout.plan.model.plan import Plan
from orgrollout.plan.model.planned_stack_set import StackSetChange
from orgrollout.plan.model.windows import is_open, windows_of

_SHOWN = 3


def why_not_approved(plan: Plan, conditions: AutoApprove | None, now: datetime) -> str:
    """Return why a person has to approve the plan, or nothing where all conditions hold."""
    if conditions is None:
        return "the manifest has no service.auto_approve"
    return "; ".join(_reasons(plan, conditions, now, "service.auto_approve"))


def let_pass(plan: Plan, manifest: Manifest, now: datetime) -> tuple[str, str]:
    """Return what lets a plan go on without a person, or else why a person has to approve it.

    A rule that refuses or wants an approval wins over all that would let it pass.
    """
    if stopped := (*plan.refused, *plan.waits_for):
        return "", "; ".join(stopped)
    conditions = manifest.service.auto_approve
    whys = [why_not_approved(plan, conditions, now)] if conditions else []
    if whys == [""]:
        return "every condition of service.auto_approve holds", ""
    for index, rule in enumerate(manifest.guards.rules):
        if rule.then == "pass":
            place = f"guards.rules[{index}]"
            why = "; ".join(_reasons_of_rule(plan, rule, now, place))
            if not why:
                return f"{place}: {rule.reason}", ""
            whys.append(why)
    return "", "; ".join(whys) or why_not_approved(plan, None, now)


def _reasons_of_rule(plan: Plan, rule: PlanRule, now: datetime, place: str) -> Iterator[str]:
    others = sorted({o.stack_set for o in plan.operations} | _changed(plan))
    if rule.stack_sets is not None and (left := [k for k in others if k not in rule.stack_sets]):
        yield f"{', '.join(left[:_SHOWN])} is in none of {place}.stack_sets"
    conditions = AutoApprove.model_construct(
        actions=tuple(a for a in rule.actions or ("create",) if a in ("create", "update")),
        max_accounts=rule.max_accounts or 0,
        units=rule.units or ("/",),
        windows=rule.windows,
    )
    yield from _reasons(plan, conditions, now, place)


def _changed(plan: Plan) -> frozenset[StackSetKey]:
    return frozenset(k for k, s in plan.stack_sets.items() if s.change is not StackSetChange.NONE)


def _reasons(plan: Plan, conditions: AutoApprove, now: datetime, place: str) -> Iterator[str]:
    """Yield each condition that does not hold."""
    others = sorted(_actions(plan) - {*conditions.actions})
    if others:
        allowed = ", ".join(conditions.actions)
        yield f"it would {', '.join(others)}, and {place}.actions is {allowed}"
    if any(isinstance(operation.kind, Import) for operation in plan.operations):
        yield "it would import stacks that exist, and a person approves that"
    accounts = frozenset(a for operation in plan.operations for a in operation.accounts)
    if len(accounts) > conditions.max_accounts:
        changed = count(len(accounts), "account")
        yield (f"{changed} would change, and {place}.max_accounts is {conditions.max_accounts:,}")
    if outside := sorted(accounts - below(plan, conditions.units)):
        more = f" and {len(outside) - _SHOWN:,} more" if len(outside) > _SHOWN else ""
        named = ", ".join(outside[:_SHOWN])
        yield f"below none of {place}.units: {named}{more}"
    if conditions.windows and not is_open(windows_of(conditions.windows), now):
        yield f"{now:%a %H:%M} UTC is in none of {place}.windows"


def _actions(plan: Plan) -> frozenset[str]:
    """Return what the plan does to stack instances and to stack sets, in a plan's words."""
    changes = {each.change for each in plan.stack_sets.values()} - {StackSetChange.NONE}
    return frozenset(
        {operation.action.value for operation in plan.operations}
        | {change.value for change in changes}
    )
