"""Desired against deployed, pair by pair. Filter texts and units are never compared."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from orgrollout.inventory.inventory import (
    StackSetInventory,
    carried_digest,
    keeps_overrides,
    runs_state,
)
from orgrollout.model.ids import Digest, Pair
from orgrollout.model.operation import OperationAction
from orgrollout.model.operation_id import NO_STATE
from orgrollout.model.stack_set import InstanceStatus, StackInstance
from orgrollout.organization.desired import LEAVES_ALONE, DesiredStackSet, LeftOut
from orgrollout.plan.build.definition_differences import definition_differences
from orgrollout.plan.build.inoperable import Inoperable, inoperable
from orgrollout.plan.build.membership import Membership
from orgrollout.plan.model.instance_state import InstanceState
from orgrollout.plan.model.repair import Repair

NEW = "not deployed yet"
STAYED = "CloudFormation skipped it when it was to be detached"


@dataclass(frozen=True, slots=True, kw_only=True)
class Differences:
    """How one stack set has to change so that it is as desired."""

    creates: Mapping[Pair, Digest] = field(default_factory=dict)  # to the parameter set
    updates: Mapping[Pair, Digest] = field(default_factory=dict)
    detaches: tuple[Pair, ...] = ()
    deletes: tuple[Pair, ...] = ()
    reasons: Mapping[Pair, str] = field(default_factory=dict)  # of all but new ones
    same_overrides: frozenset[Pair] = frozenset()  # updates that change the definition alone
    unchanged: int = 0
    left_alone: Mapping[Pair, str] = field(default_factory=dict)  # deployed, but unreachable
    inoperable: Mapping[Pair, Inoperable] = field(default_factory=dict)  # wanted; left, or
    recovers: bool = False  # among `creates`: detached first, their stacks imported where they are
    repairs: Mapping[Pair, tuple[Repair, ...]] = field(default_factory=dict)  # by a re-sync

    @property
    def changing(self) -> Iterator[Pair]:
        """Yield every pair that changes."""
        yield from self.creates
        yield from self.updates
        yield from self.repairs
        yield from self.detaches
        yield from self.deletes

    @property
    def removals(self) -> Mapping[OperationAction, tuple[Pair, ...]]:
        """Return what goes, by how it goes."""
        return {OperationAction.DETACH: self.detaches, OperationAction.DELETE: self.deletes}

    @property
    def recovered(self) -> Mapping[Pair, Inoperable]:
        """Return what is INOPERABLE, and is detached and then imported or created."""
        return {p: i for p, i in self.inoperable.items() if self.recovers and p in self.creates}


def state_digests(desired: DesiredStackSet) -> Mapping[Digest, Digest]:
    """Return, by parameter set, the digest of what its stack instances should run."""
    return {
        key: desired.definition.state_digest(overrides)
        for key, overrides in desired.parameter_sets.items()
    }


def compare(
    desired: DesiredStackSet,
    inventory: StackSetInventory | None,
    membership: Membership,
    *,
    recover: bool = False,
) -> Differences:
    """Return what has to change.

    An update never implies a replacement. A pair is removed only where it is not desired. One in
    an account that is suspended, or in a Region that is out of reach, is left alone and reported;
    so is one that is INOPERABLE, unless it is to be recovered.
    """
    if inventory is None:
        return Differences(creates=dict(desired.pairs))
    stuck = inoperable(desired, inventory)
    creates = {
        p: s
        for p, s in desired.pairs.items()
        if p not in inventory.instances or (recover and p in stuck)
    }
    updates, reasons = _updates(desired, inventory, stuck)
    reasons.update({pair: found.reason for pair, found in stuck.items()})
    now, sets = inventory.deployed.definition, desired.parameter_sets
    kept = {chosen: now.state_digest(overrides) for chosen, overrides in sets.items()}
    same = frozenset(
        pair
        for pair, chosen in updates.items()
        if keeps_overrides(inventory.instances[pair], sets[chosen], kept[chosen])
    )
    extra = [p for p in inventory.instances if p not in desired.pairs]
    left_alone = dict(_left_alone(desired, extra, membership, inventory))
    going = [p for p in extra if p not in left_alone]
    reasons.update({p: _removal_reason(desired, p, membership) for p in going})
    # In an account that has left, or is suspended, stacks can only be detached.
    active = membership.active
    detaches = tuple(p for p in going if desired.retain_stacks or p.account not in active)
    return Differences(
        creates=creates,
        updates=updates,
        detaches=detaches,
        deletes=tuple(p for p in going if not desired.retain_stacks and p.account in active),
        reasons=reasons,
        same_overrides=same,
        unchanged=len(desired.pairs.keys() - creates.keys() - updates.keys() - stuck.keys()),
        left_alone=left_alone,
        inoperable=stuck,
        recovers=recover,
    )


def _updates(
    desired: DesiredStackSet, inventory: StackSetInventory, stuck: Mapping[Pair, Inoperable]
) -> tuple[dict[Pair, Digest], dict[Pair, str]]:
    states = state_digests(desired)
    changed = definition_differences(inventory.deployed.definition, desired.definition)
    updates: dict[Pair, Digest] = {}
    reasons: dict[Pair, str] = {}
    for pair, chosen in desired.pairs.items():
        instance = inventory.instances.get(pair)
        if instance is None or pair in stuck or runs_state(inventory, instance, states[chosen]):
            continue
        updates[pair] = chosen
        reasons[pair] = _update_reason(instance, states[chosen], changed)
    return updates, reasons


def _update_reason(instance: StackInstance, wanted: Digest, changed: tuple[str, ...]) -> str:
    if carried_digest(instance) == wanted:
        return f"did not succeed before: {instance.status_reason or instance.detailed_status}"
    if changed:
        return ", ".join(changed)
    if instance.status is InstanceStatus.OUTDATED:
        return f"OUTDATED: {instance.status_reason or instance.detailed_status}"
    return "parameter overrides"


def seen_of(
    inventory: StackSetInventory, instance: StackInstance, *, goes: bool = False
) -> InstanceState:
    """Return what a stack instance is, as far as a plan relies on it.

    Its status, what it is known to run, and the unit it hangs below. Not its last operation: a
    drift run is one too, and changes nothing. The overrides of one that goes are not asked for, so
    they do not count where they happen to be known.
    """
    runs = carried_digest(instance)
    if runs is None and instance.overrides is not None and not goes:
        runs = inventory.deployed.definition.state_digest(instance.overrides)
    return InstanceState(
        status=str(instance.status),
        detailed=str(instance.detailed_status),
        runs=runs,
        unit=instance.unit,
    )


def _left_alone(
    desired: DesiredStackSet,
    extra: Iterable[Pair],
    membership: Membership,
    inventory: StackSetInventory,
) -> Iterator[tuple[Pair, str]]:
    """Yield the instances that nothing can be done about, or should be, and why.

    A stack set that is to be absent cannot be deleted while it has any, so those are detached,
    unless CloudFormation has been asked to and has skipped them.
    """
    for pair in extra:
        if pair.account in membership.unknown:
            yield pair, membership.unknown[pair.account]
            continue
        state = membership.dormant.get(pair.account)
        why = left_out_of(desired, pair)
        if state is not None:
            if not (desired.absent or membership.detach_dormant):
                yield pair, f"account is {state}"
            elif _stayed(inventory.instances[pair]):
                yield pair, f"account is {state}, and {STAYED}"
        elif why is not None and why.state in LEAVES_ALONE:
            yield pair, why.reason


def _stayed(instance: StackInstance) -> bool:
    """Return whether the last operation of ours was to detach it, and skipped it."""
    return instance.is_skipped and carried_digest(instance) == NO_STATE


def left_out_of(desired: DesiredStackSet, pair: Pair) -> LeftOut | None:
    """Return why a pair is not desired, if anything says so."""
    return desired.left_out_pairs.get(pair) or desired.left_out.get(pair.account)


def _removal_reason(desired: DesiredStackSet, pair: Pair, membership: Membership) -> str:
    if desired.absent:
        return "the stack set is to be absent"
    if pair.account in membership.dormant:
        return f"account is {membership.dormant[pair.account]}"
    if pair.account not in membership.members:
        return "the account left the organization"
    left_out = left_out_of(desired, pair)
    return left_out.reason if left_out else "no longer targeted"
