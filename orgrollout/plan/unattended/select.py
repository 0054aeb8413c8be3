"""A plan for an unattended run: some actions are carried out, the rest is only reported."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from itertools import chain

from orgrollout.model.ids import Pair, StackSetKey
from orgrollout.model.operation import OperationAction
from orgrollout.organization.desired import DesiredStackSet
from orgrollout.plan.build.compare import Differences
from orgrollout.plan.build.dependencies import dependency_order
from orgrollout.plan.build.request import Request
from orgrollout.plan.checks.doomed import doomed
from orgrollout.plan.checks.plan_rules import judged
from orgrollout.plan.checks.recent import recent_accounts
from orgrollout.plan.checks.refusals import departed
from orgrollout.plan.checks.warnings import creation_warnings
from orgrollout.plan.make_plan import make_plan
from orgrollout.plan.model.plan import Gate, Plan, PlannedWave
from orgrollout.plan.unattended.allowed_actions import AllowedActions, held_back, permitted
from orgrollout.plan.unattended.rules import rules_of


def plan_unattended(request: Request, allowed: AllowedActions, now: datetime) -> Plan:
    """Return what is to be done where only some actions are allowed.

    Where nothing but enrolment is, accounts do not wait for each other: there is nothing deployed
    that a gate or a budget would protect.

    Raises:
        PlanRefusedError: What is allowed would do harm; all reasons at once.
    """
    wanted = request.differences()
    fails = {key: doomed(key, mine, request) for key, mine in wanted.items()}
    allowed = replace(allowed, doomed=fails)
    gone = departed(wanted.values(), request.membership)
    if len(gone) > request.most_departed:
        allowed = replace(allowed, kept=gone)

    def holds_definition(key: StackSetKey) -> bool:
        return _holds_definition(request, key, wanted[key], allowed)

    order = [key for key in dependency_order(request.desired) if key in wanted]
    given = permitted(allowed, request.desired, order, wanted, holds_definition)
    kept = {
        key: desired
        for key, desired in request.desired.items()
        if _is_touched(request, desired, given[key], allowed) and not holds_definition(key)
    }
    plan = make_plan(
        replace(
            request,
            desired=kept,
            given={key: given[key] for key in kept},
            sends_definitions=OperationAction.UPDATE in allowed.actions,
        )
    )
    chosen = replace(
        plan,
        waves=tuple(map(_freely, plan.waves)) if allowed.only_enrols else plan.waves,
        enrols=allowed.only_enrols,
        held_back=held_back(wanted, given),
        warnings=tuple(dict.fromkeys((*plan.warnings, *_held_back(request, wanted, fails)))),
        young=tuple(chain.from_iterable(recent_accounts(request.organization, now).values())),
        unattended=True,
        rollout_rules=rules_of(request.manifest.rollout),
    )
    return judged(chosen, request.manifest, request.now)  # its gates are gone


def _held_back(
    request: Request,
    wanted: Mapping[StackSetKey, Differences],
    fails: Mapping[StackSetKey, frozenset[Pair]],
) -> Iterator[str]:
    """Yield why stack instances are not created that would fail."""
    for key, pairs in fails.items():
        if pairs:
            only = {p: s for p, s in wanted[key].creates.items() if p in pairs}
            yield from creation_warnings(key, replace(wanted[key], creates=only), request)
            yield f"{key}: {len(pairs):,} to create would fail as just said, and are held back"


def _holds_definition(
    request: Request, key: StackSetKey, wanted: Differences, allowed: AllowedActions
) -> bool:
    """Return whether a definition would have to be sent first, and may not be."""
    if OperationAction.UPDATE in allowed.actions:
        return False
    tried = allowed.unfinished.get(key, frozenset())
    others = {p: s for p, s in wanted.updates.items() if p not in tried}
    return request.definition_changes(request.desired[key], replace(wanted, updates=others))


def _is_touched(
    request: Request, desired: DesiredStackSet, given: Differences, allowed: AllowedActions
) -> bool:
    if any(True for _ in given.changing):
        return True
    if desired.absent:
        return OperationAction.DELETE in allowed.actions and not _has_instances(request, desired)
    exists = request.deployed(desired) is not None
    return exists and OperationAction.UPDATE in allowed.actions


def _has_instances(request: Request, desired: DesiredStackSet) -> bool:
    inventory = request.deployed(desired)
    return inventory is not None and bool(inventory.instances)


def _freely(wave: PlannedWave) -> PlannedWave:
    everyone = len(wave.accounts)
    tolerant = replace(
        wave.preferences, failure_tolerance_count=everyone, failure_tolerance_percentage=None
    )
    return replace(wave, gate=Gate(), allowed_failures=everyone, preferences=tolerant)
