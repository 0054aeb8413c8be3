"""Which operations may start now, and exactly what is asked of CloudFormation."""

from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import assert_never

from orgrollout.model.ids import AccountId, StackSetKey, digest_of
from orgrollout.model.operation import OperationRequest
from orgrollout.model.operation_id import NO_STATE, OperationName
from orgrollout.model.stack_arn import place_of_stack
from orgrollout.plan.model.kinds import (
    ApplyDefinition,
    Create,
    Import,
    MakeRepair,
    Remove,
    Retry,
    SendDefinition,
    SetOverrides,
)
from orgrollout.plan.model.plan import Plan, PlannedOperation
from orgrollout.rollout.failures.blocked import block, sends_definition, without_definition
from orgrollout.rollout.member_accounts.concurrency import wave_of
from orgrollout.rollout.operations.multi_step import waits_for_a_step, without_failed_steps
from orgrollout.rollout.operations.side_by_side import awaits_in_flight
from orgrollout.rollout.state.decision import Event, EventKind
from orgrollout.rollout.state.failure_classes import FailureClass
from orgrollout.rollout.state.state import InFlightOperation, PendingOperation, RolloutState
from orgrollout.rollout.state.view import RolloutView
from orgrollout.rollout.state.waves import pending_in_wave, startable

# Nothing was changed by them, or not to the worse.
_HARMLESS = frozenset({FailureClass.REFUSED, FailureClass.CAME_BACK})


@dataclass(slots=True)
class StartedOperations:
    """What is being decided: the state as it grows, and what there is to tell."""

    plan: Plan
    state: RolloutState
    now: datetime
    started: list[InFlightOperation] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)

    @property
    def view(self) -> RolloutView:
        """Return the rollout as it stands by now."""
        return RolloutView(self.plan, self.state)


def start_operations(
    view: RolloutView, now: datetime, not_in: Set[StackSetKey] = frozenset()
) -> StartedOperations:
    """Return the state with an intent for every operation that may start now.

    None of the stack sets ``not_in``: either their definitions have to be read first, or another
    rollout is at work there.

    One at a time per stack set, unless it has managed execution, and none before what it depends
    on is through with this wave. An account where a dependency failed is taken out and recorded as
    blocked: operations shrink, and never grow.
    """
    work = StartedOperations(plan=view.plan, state=without_failed_steps(view), now=now)
    for pending in startable(work.view):
        operation = view.planned(pending)
        if operation.stack_set in not_in or not _is_free(work, pending, operation):
            continue
        shrunk = _without_blocked(work, pending, operation)
        if shrunk is not None:
            _commit(work, pending, shrunk, operation)
    return work


def request_of(plan: Plan, in_flight: InFlightOperation) -> OperationRequest:
    """Return what is sent for a committed intent: always the same for the same one."""
    pending = in_flight.pending
    operation = plan.operations[pending.planned]
    stack_set = plan.stack_sets[operation.stack_set]
    request = OperationRequest(
        id=in_flight.id,
        stack_set=stack_set.name,
        action=operation.action,
        accounts=pending.accounts,
        regions=pending.regions,
        units=operation.units,
        overrides=stack_set.parameter_sets.get(operation.parameter_set, {}),
        bucket=plan.template_bucket,
        permission_model=stack_set.definition.permission_model,
        preferences=wave_of(plan, operation).preferences,
    )
    match operation.kind:
        case Import():
            return replace(request, stacks=_stacks(stack_set.imports, pending))
        case SendDefinition() if sends_definition(plan, pending):
            return replace(request, definition=stack_set.definition)
        case ApplyDefinition() | SendDefinition(retry=Retry.UPDATE_STACK_SET):
            return replace(request, definition=stack_set.definition, definition_is_known=True)
        case SetOverrides() | SendDefinition() | Create() | Remove() | MakeRepair():
            return request
        case _:
            assert_never(operation.kind)


def ready_to_start(view: RolloutView) -> tuple[PendingOperation, ...]:
    """Return what of the current wave nothing holds up, apart from a pause before a retry."""
    return tuple(
        pending
        for pending in pending_in_wave(view)
        if not awaits_in_flight(view, pending)
        and not _is_held_up(view, view.planned(pending))
        and not waits_for_a_step(view, pending)
    )


def _is_free(
    work: StartedOperations, pending: PendingOperation, operation: PlannedOperation
) -> bool:
    if pending.not_before is not None and pending.not_before > work.now:
        return False
    view = work.view
    return (
        not awaits_in_flight(view, pending)
        and not _is_held_up(view, operation)
        and not waits_for_a_step(view, pending)
    )


def _is_held_up(view: RolloutView, operation: PlannedOperation) -> bool:
    busy = {
        other.stack_set
        for other in _open_operations(view)
        if other.wave == operation.wave and other.takes_away == operation.takes_away
    }
    if operation.takes_away:
        return any(
            operation.stack_set in view.plan.stack_sets[key].depends_on
            for key in busy - {operation.stack_set}
        )
    return not busy.isdisjoint(view.plan.stack_sets[operation.stack_set].depends_on)


def _open_operations(view: RolloutView) -> Iterator[PlannedOperation]:
    for pending in (*view.state.waiting, *(each.pending for each in view.state.in_flight)):
        yield view.planned(pending)


def _without_blocked(
    work: StartedOperations, pending: PendingOperation, operation: PlannedOperation
) -> PendingOperation | None:
    """Return what is pending without blocked accounts, or None where nothing of it is left."""
    blocked = {} if operation.takes_away else _blocked(work, operation)
    hit = {account: blocked[account] for account in pending.accounts if account in blocked}
    if not hit:
        return pending
    rest = tuple(account for account in pending.accounts if account not in hit)
    lost = replace(pending, accounts=tuple(hit))
    work.state = block(work.state, lost, hit)
    text = f"{len(lost.pairs)} blocked, since {', '.join(sorted(set(hit.values())))} failed"
    work.events.append(Event(kind=EventKind.BLOCKED, text=text, stack_set=operation.stack_set))
    left = replace(pending, accounts=rest) if rest else None
    if left is None and sends_definition(work.plan, pending):
        work.state = without_definition(work.view, operation.stack_set)
    work.state = replace(
        work.state,
        waiting=tuple(p for p in (_swap(w, pending, left) for w in work.state.waiting) if p),
    )
    return left


def _swap(
    waiting: PendingOperation, pending: PendingOperation, left: PendingOperation | None
) -> PendingOperation | None:
    return left if waiting == pending else waiting


def _blocked(work: StartedOperations, operation: PlannedOperation) -> dict[AccountId, StackSetKey]:
    """Return the accounts in which something this stack set depends on failed for good."""
    needed = set(work.plan.stack_sets[operation.stack_set].depends_on)
    return {
        failure.pair.account: work.plan.operations[failure.planned].stack_set
        for failure in work.state.failed
        if work.plan.operations[failure.planned].stack_set in needed
        and failure.kind not in _HARMLESS
    }


def _commit(
    work: StartedOperations,
    waiting: PendingOperation,
    pending: PendingOperation,
    operation: PlannedOperation,
) -> None:
    state = work.state
    intent = digest_of(
        [
            state.id,
            state.created.isoformat(),
            state.next_number,
            pending.attempt,
            operation.action,
            pending.accounts,
            pending.regions,
        ]
    )
    # A stack that was just imported is what it was before, and not yet what is wanted.
    becomes = NO_STATE if isinstance(operation.kind, Import) else operation.state
    name = OperationName(state.id, state.next_number, pending.attempt, becomes, intent)
    in_flight = InFlightOperation(
        id=name.id, number=state.next_number, pending=pending, committed=work.now
    )
    work.state = replace(
        state,
        waiting=tuple(p for p in state.waiting if p not in {waiting, pending}),
        in_flight=(*state.in_flight, in_flight),
        next_number=state.next_number + 1,
    )
    work.started.append(in_flight)
    work.events.append(
        Event(
            kind=EventKind.STARTED,
            text=f"{operation.action} {len(pending.pairs)}",
            stack_set=operation.stack_set,
            number=in_flight.number,
        )
    )


def _stacks(imports: Iterable[str], pending: PendingOperation) -> tuple[str, ...]:
    return tuple(arn for arn in imports if place_of_stack(arn) in pending.pairs)
