"""The ledger: every account x Region in exactly one state, with the reason.

Precedence, where several would fit: what a rollout is doing right now, then what the stack
instance is, then why there is none. What is not known to be as desired is never `current`.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from orgrollout.inventory.inventory import StackSetInventory, runs_state
from orgrollout.model.ids import OperationId, Pair, StackSetKey
from orgrollout.model.stack_set import InstanceStatus, StackInstance
from orgrollout.organization.desired import LEAVES_ALONE, DesiredStackSet
from orgrollout.plan.build.compare import left_out_of
from orgrollout.posture.seen import PostureSeen, PostureState
from orgrollout.rollout.state.failure_classes import FailureClass
from orgrollout.rollout.state.state import Failure
from orgrollout.rollout.state.view import RolloutView


class CoverageState(StrEnum):
    """How a pair stands."""

    CURRENT = "current"
    OUTDATED = "outdated"
    PENDING = "pending"  # a later part of a rollout that is open
    FAILED = "failed"
    BLOCKED = "blocked"
    MISSING = "missing"
    DRIFTED = "drifted"
    IN_PROGRESS = "in_progress"
    INOPERABLE = "inoperable"
    ORPHANED = "orphaned"  # deployed, no longer wanted
    SKIPPED = "skipped"
    EXCLUDED = "excluded"
    WAIVED = "waived"  # accepted for a time: that nothing is deployed, or that it drifted
    OUT_OF_SCOPE = "out_of_scope"
    UNKNOWN = "unknown"  # of a past moment: the journal does not say


Standing = tuple[CoverageState, str]
"""How a pair stands, and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageRow:
    """One pair of one stack set, and how it stands."""

    stack_set: StackSetKey
    pair: Pair
    state: CoverageState
    reason: str = ""
    drift: str = "NOT_CHECKED"
    last_operation: OperationId | None = None
    since: datetime | None = None  # of the drift status; CloudFormation dates nothing else
    posture: PostureSeen | None = None  # None: the template has no checks for this pair
    looked: datetime | None = None  # at posture
    counts_flow_logs: bool = False  # the posture has counts of flow logs, if they were counted


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutActivity:
    """What the newest rollout does, or did, with the pairs of one stack set."""

    rollout: str
    waiting: Mapping[Pair, int]  # to the wave; empty once it is over
    under_way: frozenset[Pair]
    failed: Mapping[Pair, Failure]


def activity_of(view: RolloutView, key: StackSetKey) -> RolloutActivity:
    """Return what a rollout has to do with one stack set."""
    mine = [i for i, operation in enumerate(view.plan.operations) if operation.stack_set == key]
    still_waiting = () if view.state.phase.is_over else view.state.waiting
    return RolloutActivity(
        rollout=view.state.id,
        waiting={
            pair: view.plan.operations[p.planned].wave
            for p in still_waiting
            if p.planned in mine
            for pair in p.pairs
        },
        under_way=frozenset(
            pair
            for f in view.state.in_flight
            if f.pending.planned in mine
            for pair in f.pending.pairs
        ),
        failed={f.pair: f for f in view.state.failures if f.planned in mine and f.final},
    )


def cover_stack_set(
    desired: DesiredStackSet,
    inventory: StackSetInventory | None,
    now: RolloutActivity | None,
    accepted: Mapping[Pair, Standing] = {},
) -> Iterator[CoverageRow]:
    """Yield every pair the stack set could have, and every one it has besides.

    ``accepted`` are pairs all of whose drift is over or accepted, with how they stand instead.
    """
    instances = inventory.instances if inventory else {}
    wanted = {k: desired.definition.state_digest(o) for k, o in desired.parameter_sets.items()}
    for pair, chosen in desired.pairs.items():
        instance = instances.get(pair)
        right = (
            inventory is not None
            and instance is not None
            and runs_state(inventory, instance, wanted[chosen])
        )
        state, reason = _desired_state(pair, instance, now, accepted.get(pair), is_right=right)
        yield _row(desired.key, pair, state, reason, instance)
    yield from _left_out(desired, instances)
    for pair, instance in instances.items():
        if pair not in desired.pairs and not _is_left_alone(desired, pair):
            why = left_out_of(desired, pair)
            reason = why.reason if why else "no longer targeted"
            yield _row(desired.key, pair, CoverageState.ORPHANED, reason, instance)


def with_posture(
    rows: Iterable[CoverageRow],
    desired: DesiredStackSet,
    known: Mapping[Pair, tuple[PostureSeen, datetime]],
    *,
    counts_flow_logs: bool = False,
) -> Iterator[CoverageRow]:
    """Yield the rows of a stack set that has checks, with how its pairs stand.

    ``counts_flow_logs``: one of the checks counts them.
    """
    never = PostureSeen(state=PostureState.UNKNOWN, reason="no one has looked")
    for row in rows:
        if row.pair in desired.pairs:
            seen, looked = known.get(row.pair, (never, None))
            yield replace(row, posture=seen, looked=looked, counts_flow_logs=counts_flow_logs)
        else:
            yield row


def _desired_state(
    pair: Pair,
    instance: StackInstance | None,
    now: RolloutActivity | None,
    accepted: Standing | None,
    *,
    is_right: bool,
) -> Standing:
    if now is not None and pair in now.under_way:
        return CoverageState.IN_PROGRESS, f"operation of {now.rollout}"
    if is_right and instance is not None:
        return _right_state(instance, accepted)
    if now is not None and pair in now.waiting:
        return CoverageState.PENDING, f"wave {now.waiting[pair]} of {now.rollout}"
    if now is not None and pair in now.failed:
        return _failed_state(now.failed[pair])
    return _instance_state(instance)


def _right_state(instance: StackInstance, accepted: Standing | None) -> Standing:
    if accepted is not None:
        return accepted
    if instance.drift_status == "DRIFTED":
        return CoverageState.DRIFTED, "changed by hand since it was deployed"
    return CoverageState.CURRENT, ""


def _failed_state(failure: Failure) -> Standing:
    if failure.kind is FailureClass.BLOCKED:
        return CoverageState.BLOCKED, failure.reason
    if failure.kind is FailureClass.SKIPPED:
        return CoverageState.SKIPPED, failure.reason
    return CoverageState.FAILED, f"{failure.kind}: {failure.reason or 'no reason given'}"


def _instance_state(instance: StackInstance | None) -> Standing:
    if instance is None:
        return CoverageState.MISSING, "not deployed"
    said = instance.status_reason or f"{instance.status}/{instance.detailed_status}"
    if instance.status is InstanceStatus.INOPERABLE:
        return CoverageState.INOPERABLE, said
    if instance.detailed_status == "RUNNING":
        return CoverageState.IN_PROGRESS, said
    if instance.detailed_status in {"FAILED", "CANCELLED"}:
        return CoverageState.FAILED, said
    if instance.detailed_status == "PENDING":
        # A partial update marks all others so (CloudFormation user guide, UpdateStackSet).
        marked = "it keeps what it had; an update of others marked it, and nothing is pending"
        return CoverageState.OUTDATED, f"not what the manifest says: {marked}"
    return CoverageState.OUTDATED, "not what the manifest says"


def _left_out(
    desired: DesiredStackSet, instances: Mapping[Pair, StackInstance]
) -> Iterator[CoverageRow]:
    pairs = [Pair(a, r) for a in desired.left_out for r in desired.regions]
    for pair in (*pairs, *desired.left_out_pairs):
        why = left_out_of(desired, pair)
        instance = instances.get(pair)
        if why is not None and (instance is None or why.state in LEAVES_ALONE):
            note = "; its stack instance is left alone" if instance else ""
            yield _row(desired.key, pair, CoverageState(why.state), why.reason + note, instance)


def _is_left_alone(desired: DesiredStackSet, pair: Pair) -> bool:
    """Return whether ``_left_out`` has the pair although it is deployed."""
    why = left_out_of(desired, pair)
    listed = pair in desired.left_out_pairs or pair.region in desired.regions
    return listed and why is not None and why.state in LEAVES_ALONE


def _row(
    key: StackSetKey,
    pair: Pair,
    state: CoverageState,
    reason: str,
    instance: StackInstance | None,
) -> CoverageRow:
    return CoverageRow(
        stack_set=key,
        pair=pair,
        state=state,
        reason=reason,
        drift=instance.drift_status if instance else "NOT_CHECKED",
        last_operation=instance.last_operation if instance else None,
        since=instance.last_drift_check if instance else None,
    )
