"""The plan of a re-sync: made from findings, and carried out like any other.

A re-sync brings back what was deployed, and nothing that the manifest says since. So it repairs
in member accounts, creates what is missing and updates what is OUTDATED, as far as that needs no
definition that was never sent; it removes nothing.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from orgrollout.drift.finding import Finding, FindingKind
from orgrollout.drift.left import Unrepaired
from orgrollout.drift.obstacles import OTHERWISE, is_otherwise, waits_for, why_not_in_member_account
from orgrollout.drift.repair import NO_LIMITS, Limits, Obstacle, Repairs, decide_repairs
from orgrollout.model.ids import Pair, RolloutId, StackSetKey
from orgrollout.model.stack_set import InstanceStatus
from orgrollout.organization.desired import DesiredStackSet
from orgrollout.plan.build.compare import Differences
from orgrollout.plan.build.dependencies import among
from orgrollout.plan.build.inoperable import Inoperable
from orgrollout.plan.build.request import Request
from orgrollout.plan.make_plan import make_plan
from orgrollout.plan.model.plan import Plan

UNHELD: Mapping[StackSetKey, RolloutId] = {}
ANEW = "nothing else repairs it: deleted, and created again"


@dataclass(frozen=True, slots=True, kw_only=True)
class Resync:
    """What a re-sync does, and what it leaves."""

    plan: Plan
    left: tuple[Unrepaired, ...] = ()

    @property
    def instances(self) -> int:
        """Return how many stack instances it touches."""
        return len({(o.stack_set, pair) for o, pair, _ in self.plan.changes()})


def plan_resync(
    request: Request,
    findings: Iterable[Finding],
    limits: Limits = NO_LIMITS,
    *,
    held: Mapping[StackSetKey, RolloutId] = UNHELD,
    recreate: bool = False,
) -> Resync:
    """Return how the findings are repaired.

    ``request`` carries the ids of the stacks, and the way into accounts. ``held`` are stack sets
    that a rollout has not done with: what only StackSets does has to wait for it. With
    ``recreate``, what nothing else repairs is deleted and created again.

    Raises:
        PlanRefusedError: It would do harm; all reasons at once.
    """
    known = list(findings)
    compared = request.differences()
    brought: Mapping[StackSetKey, Differences] = {
        key: _brought_back(request, key, compared[key], held) for key in request.desired
    }

    def obstacle(key: StackSetKey, pair: Pair) -> str:
        return why_not_in_member_account(request, brought[key], request.desired[key], pair, held)

    repairs = decide_repairs(known, obstacle, limits)
    if recreate:
        repairs, brought = _recreating(request, repairs, brought, obstacle, held)
    given = {
        key: replace(
            differences,
            repairs=mine,
            unchanged=differences.unchanged - len(mine),
        )
        for key, differences in brought.items()
        for mine in (repairs.by_stack_set.get(key, {}),)
    }
    touched = {key: d for key, d in given.items() if any(True for _ in d.changing)}
    plan = make_plan(
        replace(
            request,
            desired=among({key: _as_deployed(request, key) for key in request.desired}, touched),
            given=touched,
            sends_definitions=False,
            now=None,  # `drift.unattended` is what limits repairs
        )
    )
    return Resync(
        plan=replace(plan, windows=limits.windows),
        left=(*repairs.left, *_other_instances(known, given, request, held)),
    )


def _recreating(
    request: Request,
    repairs: Repairs,
    brought: Mapping[StackSetKey, Differences],
    obstacle: Obstacle,
    held: Mapping[StackSetKey, RolloutId],
) -> tuple[Repairs, Mapping[StackSetKey, Differences]]:
    """Return the same, with what only a new stack repairs deleted and created again."""
    places = {
        (left.finding.stack_set, left.finding.pair) for left in repairs.left if left.only_recreated
    }
    anew: dict[StackSetKey, dict[Pair, Inoperable]] = defaultdict(dict)
    for key, pair in places:
        if key not in held and not obstacle(key, pair):
            anew[key][pair] = Inoperable(reason=ANEW, stack=None, deletes=True)
    kept = Repairs(
        by_stack_set={
            key: {pair: steps for pair, steps in mine.items() if pair not in anew[key]}
            for key, mine in repairs.by_stack_set.items()
        },
        left=tuple(
            each for each in repairs.left if each.finding.pair not in anew[each.finding.stack_set]
        ),
    )
    return kept, {key: _made_anew(request, key, d, anew[key]) for key, d in brought.items()}


def _made_anew(
    request: Request, key: StackSetKey, brought: Differences, anew: Mapping[Pair, Inoperable]
) -> Differences:
    if not anew:
        return brought
    pairs = request.desired[key].pairs
    return replace(
        brought,
        creates={**brought.creates, **{pair: pairs[pair] for pair in anew}},
        reasons={**brought.reasons, **dict.fromkeys(anew, ANEW)},
        inoperable={**brought.inoperable, **anew},
        recovers=True,
        unchanged=brought.unchanged - len(anew),
    )


def _brought_back(
    request: Request,
    key: StackSetKey,
    compared: Differences,
    held: Mapping[StackSetKey, RolloutId],
) -> Differences:
    """Return what StackSets itself brings back: what is missing, and what is OUTDATED."""
    desired = request.desired[key]
    inventory = request.deployed(desired)
    if inventory is None or desired.absent:
        return Differences()
    waits = key in held or is_otherwise(desired, inventory)
    still = {} if waits else compared.updates
    updates = {
        pair: chosen
        for pair, chosen in still.items()
        if inventory.instances[pair].status is InstanceStatus.OUTDATED
    }
    creates = {} if waits else compared.creates
    return replace(
        compared,
        creates=creates,
        updates=updates,
        detaches=(),
        deletes=(),
        unchanged=len(desired.pairs) - len(creates) - len(updates),
    )


def _as_deployed(request: Request, key: StackSetKey) -> DesiredStackSet:
    desired = request.desired[key]
    inventory = request.deployed(desired)
    return replace(desired, definition=inventory.deployed.definition) if inventory else desired


def _other_instances(
    findings: Iterable[Finding],
    given: Mapping[StackSetKey, Differences],
    request: Request,
    held: Mapping[StackSetKey, RolloutId],
) -> Iterable[Unrepaired]:
    """Yield the findings about stack instances themselves that the plan does not change."""
    for finding in findings:
        if finding.kind is not FindingKind.INSTANCE or not finding.verdict.is_real:
            continue
        differences = given.get(finding.stack_set, Differences())
        if finding.pair in differences.creates or finding.pair in differences.updates:
            continue
        holder = held.get(finding.stack_set)
        waits = waits_for(holder) if holder else ""
        yield Unrepaired(finding=finding, why=waits or _why_left(finding, request))


def _why_left(finding: Finding, request: Request) -> str:
    desired = request.desired.get(finding.stack_set)
    inventory = request.deployed(desired) if desired is not None else None
    match finding.what:
        case "inoperable":
            return "it is recovered only when told to: --recover-inoperable"
        case "extra":
            return "a re-sync removes nothing; `orgrollout plan` shows what goes"
        case _ if desired is not None and inventory is not None:
            return OTHERWISE if is_otherwise(desired, inventory) else "not selected"
        case _:
            return "the stack set does not exist; `orgrollout apply` makes it"
