"""What earlier enrolments tried to create and did not finish, as the journal tells."""

from collections.abc import Iterator, Mapping

from orgrollout.journal.port import Journal
from orgrollout.model.ids import OperationId, Pair, StackSetKey
from orgrollout.model.operation import OperationAction
from orgrollout.model.operation_id import read_operation_id
from orgrollout.plan.build.request import Request
from orgrollout.reconcile.documents.rollout_errors import NoSuchRolloutError
from orgrollout.reconcile.documents.rollouts import load_rollout

_DID_NOT_FINISH = {"FAILED", "CANCELLED"}  # StackInstanceComprehensiveStatus, DetailedStatus


def unfinished_creations(
    journal: Journal, request: Request
) -> Mapping[StackSetKey, frozenset[Pair]]:
    """Return the stack instances whose last operation was meant to create them, and failed."""
    known: dict[OperationId, bool] = {}
    return {
        key: frozenset(_unfinished(journal, request, key, differences.updates, known))
        for key, differences in request.differences().items()
    }


def _unfinished(
    journal: Journal,
    request: Request,
    key: StackSetKey,
    updates: Mapping[Pair, object],
    known: dict[OperationId, bool],
) -> Iterator[Pair]:
    inventory = request.deployed(request.desired[key])
    for pair in updates if inventory else ():
        instance = inventory.instances[pair] if inventory else None
        operation = instance.applied_by if instance else None
        if instance is None or operation is None:
            continue
        if instance.detailed_status not in _DID_NOT_FINISH:
            continue
        if operation not in known:
            known[operation] = _enrolled(journal, operation)
        if known[operation]:
            yield pair


def _enrolled(journal: Journal, operation: OperationId) -> bool:
    """Return whether an operation was a creation of ours, or the repetition of one."""
    ours = read_operation_id(operation)
    if ours is None:
        return False
    try:
        rollout = load_rollout(journal, ours.rollout)
    except NoSuchRolloutError:
        return False
    planned = [one.planned for one in rollout.state.completed if one.id == operation]
    return any(
        rollout.plan.enrols or rollout.plan.operations[index].action is OperationAction.CREATE
        for index in planned
    )
