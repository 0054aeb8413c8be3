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
    Remove,
    RepairInside,
    Retry,
    SendDefinition,
    SetOverrides,
)
from orgrollout.plan.model.plan import Plan, PlannedOperation
from orgrollout.rollout.failures.blocked import block, sends_definition, without_definition
from orgrollout.rollout.member_accounts.concurrency import wave_of
from orgrollout.rollout.operations.multi_step import waits_for_a_step, without_failed_steps
from orgrollout.rollout.operations.side_by_side import awaits_flight
from orgrollout.rollout.state.decision import Event, EventKind
from orgrollout.rollout.state.failure_classes import FailureClass
from orgrollout.rollout.state.state import InFlightOperation, PendingOperation, RolloutState
from orgrollout.rollout.state.view import RolloutView
from orgrollout.rollout.state.waves import pieces_of_wave, startable

# Nothing was changed by them, or not to the worse.
_HARMLESS = frozenset({FailureClass.REFUSED, FailureClass.CAME_BACK})


@dataclass(slots=True)
class Launch:
    """What is being decided: the state as it grows, and what there is to tell."""

    plan: Plan
    state: RolloutState
    now: datetime
    flights: list[InFlightOperation] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)

    @property
    def view(self) -> RolloutView:
        """Return the rollout as it stands by now."""
        return RolloutView(self.plan, self.state)


def launch(view: RolloutView, now: datetime, not_in: Set[StackSetKey] = frozenset()) -> Launch:
    """Return the state with an intent for every operation that may start now.

    None of the stack sets ``not_in``: either their definitions have to be read first, or another
    rollout is at work there.

    One at a time per stack set, unless it has managed execution, and none before what it depends
    on is through with this wave. An account where a dependency failed is taken out and recorded as
    blocked: operations shrink, and never grow.
    """
    work = Launch(plan=view.plan, state=without_failed_steps(view), now=now)
    for piece in startable(work.view):
        operation = view.planned(piece)
        if operation.stack_set in not_in or not _is_free(work, piece, operation):
            continue
        shrunk = _without_blocked(work, piece, operation)
        if shrunk is not None:
            _commit(work, piece, shrunk, operation)
    return work


def request_of(plan: Plan, flight: InFlightOperation) -> OperationRequest:
    """Return what is sent for a committed intent: always the same for the same flight."""
    piece = flight.piece
    operation = plan.operations[piece.planned]
    stack_set = plan.stack_sets[operation.stack_set]
    request = OperationRequest(
        id=flight.id,
        stack_set=stack_set.name,
        action=operation.action,
        accounts=piece.accounts,
        regions=piece.regions,
        units=operation.units,
        overrides=stack_set.parameter_sets.get(operation.parameter_set, {}),
        bucket=plan.template_bucket,
        permission_model=stack_set.definition.permission_model,
        preferences=wave_of(plan, operation).preferences,
    )
    match operation.kind:
        case Import():
            return replace(request, stacks=_stacks(stack_set.imports, piece))
        case SendDefinition() if sends_definition(plan, piece):
            return replace(request, definition=stack_set.definition)
        case ApplyDefinition() | SendDefinition(retry=Retry.UPDATE_STACK_SET):
            return replace(request, definition=stack_set.definition, definition_is_known=True)
        case SetOverrides() | SendDefinition() | Create() | Remove() | RepairInside():
            return request
        case _:
            assert_never(operation.kind)


def unlaunched(view: RolloutView) -> tuple[PendingOperation, ...]:
    """Return what of the current wave nothing holds up, apart from a pause before a retry."""
    return tuple(
        piece
        for piece in pieces_of_wave(view)
        if not awaits_flight(view, piece)
        and not _is_held_up(view, view.planned(piece))
        and not waits_for_a_step(view, piece)
    )


def _is_free(work: Launch, piece: PendingOperation, operation: PlannedOperation) -> bool:
    if piece.not_before is not None and piece.not_before > work.now:
        return False
    view = work.view
    return (
        not awaits_flight(view, piece)
        and not _is_held_up(view, operation)
        and not waits_for_a_step(view, piece)
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
    for piece in (*view.state.waiting, *(flight.piece for flight in view.state.flights)):
        yield view.planned(piece)


def _without_blocked(
    work: Launch, piece: PendingOperation, operation: PlannedOperation
) -> PendingOperation | None:
    """Return the piece without blocked accounts, or None where nothing of it is left."""
    blocked = {} if operation.takes_away else _blocked(work, operation)
    hit = {account: blocked[account] for account in piece.accounts if account in blocked}
    if not hit:
        return piece
    rest = tuple(account for account in piece.accounts if account not in hit)
    lost = replace(piece, accounts=tuple(hit))
    work.state = block(work.state, lost, hit)
    text = f"{len(lost.pairs)} blocked, since {', '.join(sorted(set(hit.values())))} failed"
    work.events.append(Event(kind=EventKind.BLOCKED, text=text, stack_set=operation.stack_set))
    left = replace(piece, accounts=rest) if rest else None
    if left is None and sends_definition(work.plan, piece):
        work.state = without_definition(work.view, operation.stack_set)
    work.state = replace(
        work.state,
        waiting=tuple(p for p in (_swap(w, piece, left) for w in work.state.waiting) if p),
    )
    return left


def _swap(
    waiting: PendingOperation, piece: PendingOperation, left: PendingOperation | None
) -> PendingOperation | None:
    return left if waiting == piece else waiting


def _blocked(work: Launch, operation: PlannedOperation) -> dict[AccountId, StackSetKey]:
    """Return the accounts in which something this stack set depends on failed for good."""
    needed = set(work.plan.stack_sets[operation.stack_set].depends_on)
    return {
        failure.pair.account: work.plan.operations[failure.planned].stack_set
        for failure in work.state.failed
        if work.plan.operations[failure.planned].stack_set in needed
        and failure.kind not in _HARMLESS
    }


def _commit(
    work: Launch, waiting: PendingOperation, piece: PendingOperation, operation: PlannedOperation
) -> None:
    state = work.state
    intent = digest_of(
        [
            state.id,
            state.created.isoformat(),
            state.next_number,
            piece.attempt,
            operation.action,
            piece.accounts,
            piece.regions,
        ]
    )
    # A stack that was just imported is what it was before, and not yet what is wanted.
    becomes = NO_STATE if isinstance(operation.kind, Import) else operation.state
    name = OperationName(state.id, state.next_number, piece.attempt, becomes, intent)
    flight = InFlightOperation(
        id=name.id, number=state.next_number, piece=piece, committed=work.now
    )
    work.state = replace(
        state,
        waiting=tuple(p for p in state.waiting if p not in {waiting, piece}),
        flights=(*state.flights, flight),
        next_number=state.next_number + 1,
    )
    work.flights.append(flight)
    work.events.append(
        Event(
            kind=EventKind.STARTED,
            text=f"{operation.action} {len(piece.pairs)}",
            stack_set=operation.stack_set,
            number=flight.number,
        )
    )


def _stacks(imports: Iterable[str], piece: PendingOperation) -> tuple[str, ...]:
    return tuple(arn for arn in imports if place_of_stack(arn) in piece.pairs)
