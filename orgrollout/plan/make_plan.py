"""From what is desired and what is deployed to a plan that names every pair."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime

from orgrollout.model.ids import AccountId, StackSetKey
from orgrollout.plan.build import waves
from orgrollout.plan.build.compare import Differences
from orgrollout.plan.build.dependencies import WaveOf, dependency_order, wave_finder
from orgrollout.plan.build.importing import MAX_LISTED, MAX_NAMED
from orgrollout.plan.build.operation_inputs import OperationInputs
from orgrollout.plan.build.operations import operations_of
from orgrollout.plan.build.preferences import throttled, wave_preferences
from orgrollout.plan.build.request import Request
from orgrollout.plan.checks import refusals
from orgrollout.plan.checks.plan_rules import judged
from orgrollout.plan.checks.warnings import many_operations, warnings_of
from orgrollout.plan.model.failure_rules import failure_rules
from orgrollout.plan.model.notify import destinations_of
from orgrollout.plan.model.plan import Freeze, Plan, PlannedOperation, PlannedWave
from orgrollout.plan.planned_stack_sets import planned_stack_set, runs_side_by_side


def make_plan(request: Request) -> Plan:
    """Return what has to be done.

    Raises:
        PlanRefusedError: It would do harm; all reasons at once.
    """
    differences = request.differences()
    _refuse(request, differences)
    wave_of = wave_finder(request, differences)
    operations = _ordered(request, differences, wave_of)
    waves_ = _waves(request, operations)
    made = Plan(
        manifest=request.manifest.name,
        organization=request.organization.id,
        home_region=request.home_region,
        stack_sets={k: planned_stack_set(request, k, d) for k, d in differences.items()},
        waves=waves_,
        operations=operations,
        updates_by_stack_set=_by_stack_set(request),
        rolls_back=request.manifest.rollout.on_failure == "rollback",
        attempts=request.manifest.rollout.retry.attempts,
        freezes=tuple(Freeze(start=f.start, end=f.end) for f in request.manifest.rollout.freeze),
        failure_rules=failure_rules(request.manifest),
        units=waves.units(request.organization, operations),
        call_as=request.manifest.call_as,
        template_bucket=request.manifest.template_bucket,
        member_role=request.member_role,
        opening=request.opening,
        skipped=request.skipped,
        names=_names(request, operations),
        recent=_recent(request, operations),
        destinations=destinations_of(request.manifest),
        ledger=request.ledger() if request.ledger and operations else None,
        warnings=(
            *request.warnings,
            *warnings_of(request, differences),
            *many_operations(
                operations,
                {k for k, d in request.desired.items() if runs_side_by_side(request, d)},
            ),
            *(text for text in map(throttled, waves_) if text),
        ),
    )
    return judged(made, request.manifest, request.now)


def _names(request: Request, operations: Iterable[PlannedOperation]) -> Mapping[AccountId, str]:
    known = request.organization.accounts
    touched = {account for operation in operations for account in operation.accounts}
    return {account: known[account].name for account in sorted(touched) if account in known}


def _recent(
    request: Request, operations: Iterable[PlannedOperation]
) -> Mapping[datetime, tuple[AccountId, ...]]:
    """Return the new accounts that the plan touches, by the moment they joined."""
    touched = {account for operation in operations for account in operation.accounts}
    found = {
        joined: tuple(account for account in those if account in touched)
        for joined, those in request.recent.items()
    }
    return {joined: those for joined, those in found.items() if those}


def _refuse(request: Request, differences: Mapping[StackSetKey, Differences]) -> None:
    reasons: list[str] = []
    for key, desired in request.desired.items():
        inventory = request.deployed(desired)
        reasons += refusals.ownership(desired, inventory, request.manifest.name)
        reasons += refusals.unsupported_changes(desired, inventory)
        reasons += refusals.too_many_instances(desired)
        if request.definition_changes(desired, differences[key]):
            reasons += refusals.definition_target(
                desired,
                differences[key],
                kept=bool(request.kept(desired)),
                instances=bool(inventory and inventory.instances),
            )
    membership = request.membership
    reasons += refusals.removals(
        differences.values(), request.manifest, request.allow_removals, membership
    )
    reasons += refusals.departures(differences.values(), request.most_departed, membership)
    if reasons:
        raise refusals.PlanRefusedError(reasons)


def _ordered(
    request: Request,
    differences: Mapping[StackSetKey, Differences],
    wave_of: WaveOf,
) -> tuple[PlannedOperation, ...]:
    """Return all operations, by wave, dependencies first; removals last and in reverse."""
    last = len(request.manifest.rollout.waves) + 2
    forward = dependency_order(request.desired)
    operations: list[PlannedOperation] = []
    for key in forward:
        operations += operations_of(_inputs(request, differences[key], key, wave_of, last))
    position = {key: index for index, key in enumerate(forward)}
    return tuple(
        sorted(
            operations,
            key=lambda o: (
                o.wave,
                -position[o.stack_set] if o.takes_away else position[o.stack_set],
            ),
        )
    )


def _inputs(
    request: Request,
    differences: Differences,
    key: StackSetKey,
    wave_of: WaveOf,
    removal_wave: int,
) -> OperationInputs:
    desired = request.desired[key]
    inventory = request.deployed(desired)
    kept = request.kept(desired)
    stranded = inventory is not None and bool(inventory.instances) and not kept
    return OperationInputs(
        desired=desired,
        inventory=inventory,
        differences=differences,
        root=request.organization.root,
        wave_of=lambda pair: wave_of(key, pair),
        removal_wave=removal_wave,
        definition_changed=request.definition_changes(desired, differences) and not stranded,
        updates_by_stack_set=_by_stack_set(request),
        kept=kept,
        most_imports=MAX_LISTED if request.manifest.template_bucket else MAX_NAMED,
    )


def _by_stack_set(request: Request) -> bool:
    return request.manifest.rollout.updates_by == "update_stack_set"


def _waves(request: Request, operations: Iterable[PlannedOperation]) -> tuple[PlannedWave, ...]:
    accounts: dict[int, set[AccountId]] = defaultdict(set)
    for operation in operations:
        accounts[operation.wave].update(operation.accounts)
    manifest = request.manifest
    called = zip(waves.names(manifest), waves.gates(manifest), strict=True)
    return tuple(
        PlannedWave(
            index=index,
            name=name,
            accounts=tuple(sorted(accounts[index])),
            allowed_failures=allowed,
            gate=gate,
            preferences=wave_preferences(manifest, index, allowed),
        )
        for index, (name, gate) in enumerate(called)
        if index in accounts
        for allowed in (waves.allowed_failures(manifest, index, len(accounts[index])),)
    )
