"""What a tick decided, carried out: one action after another, and what AWS answers to each."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from orgrollout.errors import OperationInProgressError, StackSetNotEmptyError
from orgrollout.model.ids import StackSetName
from orgrollout.model.operation import OperationRequest
from orgrollout.plan.model.plan import Plan
from orgrollout.reconcile.context import Context
from orgrollout.reconcile.documents.rollouts import Rollout, claim_on
from orgrollout.reconcile.locks.held_lease import HeldLease
from orgrollout.reconcile.locks.takeover import confirm
from orgrollout.reconcile.member_accounts.repairs import do_repairs
from orgrollout.reconcile.tick.refusals import REFUSALS, refused
from orgrollout.rollout.operations.record_results import refuse
from orgrollout.rollout.state.decision import (
    Action,
    CreateStackSet,
    DeleteStackSet,
    Event,
    NotEmpty,
    Refused,
    StartOperation,
    StopOperation,
    WorkInMemberAccounts,
)
from orgrollout.rollout.state.state import RolloutState
from orgrollout.rollout.state.view import RolloutView
from orgrollout.rollout.verify.not_empty import halt_over


@dataclass(frozen=True, slots=True, kw_only=True)
class Busy:
    """A stack set that an operation of others holds."""

    stack_set: StackSetName


Answer = Busy | NotEmpty | Refused


def act(action: Action, held: HeldLease, context: Context) -> Iterator[Answer]:
    """Carry an action out; yield what keeps it from happening, now or for good.

    Raises:
        LeaseLostError, ClaimLostError: It is not this rollout's, or this process's, to do any more.
        AwsError: AWS refused something. The intent is kept.
    """
    plan, rollout = held.rollout.plan, held.rollout.state.id
    if not isinstance(action, StopOperation):
        confirm(_changed_by(action, plan), rollout, context)
    match action:
        case WorkInMemberAccounts():
            do_repairs(action, plan, context, held.ensure)
        case CreateStackSet():
            context.stack_sets.create_stack_set(
                action.name, action.definition, action.token, action.bucket
            )
        case DeleteStackSet():
            yield from _delete(action.name, context)
        case StopOperation():
            context.stack_sets.stop(action.stack_set, action.id)
        case StartOperation():
            yield from _start(action.request, context)


def after_answers(
    rollout: Rollout, answers: Iterable[Answer], context: Context
) -> tuple[RolloutState, list[Event]]:
    """Return the state after what AWS refused for good, and what to tell."""
    state, events, now = rollout.state, list[Event](), context.clock.now()
    kept = []
    for answer in answers:
        if isinstance(answer, Refused):
            state, told = refuse(RolloutView(rollout.plan, state), answer, now)
            events += told
        elif isinstance(answer, NotEmpty):
            kept.append(answer)
    if kept:
        state, told = halt_over(state, kept, now)
        events += told
    return state, events


def _start(request: OperationRequest, context: Context) -> Iterator[Busy | Refused]:
    try:
        context.stack_sets.start(request)
    except OperationInProgressError:
        # The intent is committed; the next tick sends it again under the same id.
        yield Busy(stack_set=request.stack_set)
    except REFUSALS as error:
        yield refused(error, request, context)


def _delete(name: StackSetName, context: Context) -> Iterator[Busy | NotEmpty]:
    try:
        context.stack_sets.delete_stack_set(name)
    except OperationInProgressError:
        yield Busy(stack_set=name)
    except StackSetNotEmptyError:
        left = tuple(sorted(instance.pair for instance in context.stack_sets.instances(name)))
        # Where none is listed, one of the two answers lags behind: it is deleted the next time.
        yield NotEmpty(stack_set=name, left=left) if left else Busy(stack_set=name)


def _changed_by(
    action: CreateStackSet | DeleteStackSet | StartOperation | WorkInMemberAccounts, plan: Plan
) -> StackSetName:
    match action:
        case StartOperation():
            return action.request.stack_set
        case WorkInMemberAccounts():
            return claim_on(plan, plan.operations[action.pending.planned].stack_set)
        case _:
            return action.name
