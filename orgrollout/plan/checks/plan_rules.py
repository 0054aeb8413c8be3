"""Rules of the manifest on its plans: which refuse, and which want an approval first.

A rule is about the changes that meet all of its conditions. Removing, creating or updating a stack
set itself is a change, too; it is in no account.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from orgrollout.manifest.schema import Manifest, PlanRule
from orgrollout.model.ids import AccountId, StackSetKey
from orgrollout.model.words import count
from orgrollout.plan.checks.refusals import PlanRefusedError
from orgrollout.plan.model.plan import Gate, Plan, PlannedWave
from orgrollout.plan.model.planned_stack_set import StackSetChange
from orgrollout.plan.model.windows import is_open, windows_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Touched:
    """What of a plan meets a rule."""

    accounts: frozenset[AccountId]
    instances: int
    stack_sets: tuple[StackSetKey, ...]  # that are changed themselves


def judged(plan: Plan, manifest: Manifest, now: datetime | None) -> Plan:
    """Return the plan with what the rules of its manifest say of it at a moment.

    Judging again, at another moment, replaces that. An approval that it opens with stays.
    """
    if now is None:
        return plan
    held = [] if plan.is_empty else list(_held(plan, manifest, now))
    found = replace(
        plan,
        refused=tuple(text for then, text in held if then == "refuse"),
        waits_for=tuple(text for then, text in held if then == "approve"),
    )
    return with_opening_approval(found) if found.waits_for else found


def refused_by_rules(plan: Plan) -> PlanRefusedError:
    """Return the error for a plan that rules refuse."""
    return PlanRefusedError(
        (
            *plan.refused,
            "The plan is refused by what the manifest says in guards.rules; nothing was changed. "
            "Narrow the plan, change the rule, or wait until the hours of the rule are over.",
        )
    )


def with_opening_approval(plan: Plan) -> Plan:
    """Return the plan with an approval before anything of it is sent."""
    if plan.opens_with_approval:
        return plan
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


def below(plan: Plan, units: tuple[str, ...]) -> frozenset[AccountId]:
    """Return the accounts of the plan that are in one of the units, at any depth."""
    roots = [unit.rstrip("/") for unit in units]
    return frozenset(
        account
        for path, accounts in plan.units.items()
        if any(path == root or path.startswith(f"{root}/") for root in roots)
        for account in accounts
    )


def _held(plan: Plan, manifest: Manifest, now: datetime) -> Iterator[tuple[str, str]]:
    """Yield each rule that holds, as what follows and why."""
    for index, rule in enumerate(manifest.guards.rules):
        if rule.then == "pass":
            continue
        if rule.windows and not is_open(windows_of(rule.windows), now):
            continue
        touched = _touched(plan, rule)
        if _is_enough(touched, rule):
            # Without the hour: the same plan, an hour later, is still the same.
            hours = ", in its windows" if rule.windows else ""
            text = f"guards.rules[{index}]: {rule.reason} ({_words(touched)}{hours})"
            yield rule.then, text


def _touched(plan: Plan, rule: PlanRule) -> Touched:
    inside = None if rule.units is None else below(plan, rule.units) | _without_unit(plan)
    accounts: set[AccountId] = set()
    instances = 0
    for operation in plan.operations:
        if not _is_among(operation.action.value, rule.actions):
            continue
        if _is_among(operation.stack_set, rule.stack_sets):
            here = {a for a in operation.accounts if inside is None or a in inside}
            accounts |= here
            instances += len(here) * len(operation.regions) if operation.is_counted else 0
    return Touched(
        accounts=frozenset(accounts),
        instances=instances,
        stack_sets=tuple(
            key
            for key, each in plan.stack_sets.items()
            if rule.units is None  # a stack set itself is in no unit
            and each.change is not StackSetChange.NONE
            and _is_among(each.change.value, rule.actions)
            and _is_among(key, rule.stack_sets)
        ),
    )


def _without_unit(plan: Plan) -> frozenset[AccountId]:
    """Return the accounts of which no unit is known, as of those that left: they may be in any."""
    known = {account for accounts in plan.units.values() for account in accounts}
    return frozenset(a for o in plan.operations for a in o.accounts if a not in known)


def _is_among(value: str, wanted: tuple[str, ...] | None) -> bool:
    return wanted is None or value in wanted


def _is_enough(touched: Touched, rule: PlanRule) -> bool:
    """Return whether a rule holds: a rule about places or numbers needs accounts."""
    counts = (rule.more_accounts_than, rule.more_instances_than)
    if counts == (None, None) and touched.stack_sets:
        return True
    return len(touched.accounts) > (rule.more_accounts_than or 0) and (
        rule.more_instances_than is None or touched.instances > rule.more_instances_than
    )


def _words(touched: Touched) -> str:
    parts = []
    if touched.accounts:
        accounts = count(len(touched.accounts), "account")
        parts.append(f"{count(touched.instances, 'stack instance')} in {accounts}")
    if touched.stack_sets:
        parts.append(count(len(touched.stack_sets), "stack set"))
    return ", ".join(parts)
