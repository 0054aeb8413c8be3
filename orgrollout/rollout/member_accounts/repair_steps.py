"""One repair in an account: how far it is, and what comes next.

Nothing of it is kept anywhere but in AWS: a change set carries the operation's id as its name, a
stack names the change set that was executed last, and a check that is made true is true. So who
takes over after a crash sees the same as who began.
"""

from datetime import timedelta

from orgrollout.model.cause import Cause, OwnVerdict
from orgrollout.model.member_stack import WHOLE, ChangeSet, MemberStack, StackDetection
from orgrollout.model.operation import OperationAction
from orgrollout.rollout.member_accounts.call_steps import next_step_of_call
from orgrollout.rollout.member_accounts.change_set_guard import objections_to
from orgrollout.rollout.member_accounts.repair_observation import (
    ASK_AGAIN,
    DONE,
    GIVE_UP,
    WAIT,
    Look,
    failed,
    updating,
    waiting,
)
from orgrollout.rollout.state.repair_step import NextStep, Step
from orgrollout.rollout.verify.verify_repair import what_is_wrong

ASK_SOON = timedelta(minutes=1)  # where nothing came of asking: something else runs on the stack
_UNCHANGED = ("didn't contain changes", "no updates are to be performed")


NOTHING_TO_REPAIR = NextStep(
    Step.SUCCEEDED, "there was nothing to repair", OwnVerdict(cause=Cause.NOTHING_TO_REPAIR)
)


def next_step(look: Look) -> NextStep:
    """Return what is to be done next."""
    if look.seen.failed is not None:
        return look.seen.failed
    if look.seen.unreachable:
        why = "could not: timed out: it could not be read"
        return waiting(look, why, GIVE_UP, Cause.UNREACHABLE)
    if look.repair.action is OperationAction.CALL:
        return next_step_of_call(look)
    return _of_revert(look)


def _of_revert(look: Look) -> NextStep:
    seen = look.seen
    if seen.stack is None:
        return failed(Cause.STACK_GONE, "could not: the stack is gone")
    if seen.stack.change_set == look.name:
        return _of_executed(look, seen.stack)
    if seen.change_set is None:
        return _of_stack(look, seen.stack)
    return _of_change_set(look, seen.stack, seen.change_set)


def _of_executed(look: Look, stack: MemberStack) -> NextStep:
    if stack.is_busy:
        return updating(look)
    if stack.status != "UPDATE_COMPLETE":
        why = look.seen.why or stack.status_reason or "no reason given"
        said = f"{stack.status}: {why}"
        return failed(Cause.STACK_FAILED, f"the stack is {said}", said=said)
    return _proven(look)


def _of_stack(look: Look, stack: MemberStack) -> NextStep:
    if stack.is_busy:
        return updating(look)
    if stack.status not in WHOLE:
        reason = f"the stack is in {stack.status} state and cannot be updated"
        return failed(Cause.STACK_STATE, reason, said=stack.status)
    return NextStep(Step.BEGIN)


def _of_change_set(look: Look, stack: MemberStack, change_set: ChangeSet) -> NextStep:
    if change_set.status in {"CREATE_PENDING", "CREATE_IN_PROGRESS"}:
        return waiting(look, "could not: the creation of the change set does not end", GIVE_UP)
    if change_set.status == "FAILED":
        return _of_failed(look, change_set)
    return _of_made(look, stack, change_set)


def _of_made(look: Look, stack: MemberStack, change_set: ChangeSet) -> NextStep:
    match change_set.execution:
        case "EXECUTE_IN_PROGRESS":
            return updating(look)
        case "AVAILABLE":
            return _of_available(look, stack, change_set)
        case "EXECUTE_COMPLETE":
            return _proven(look)
        case "EXECUTE_FAILED":
            why = look.seen.why or change_set.reason or "no reason given"
            return failed(Cause.STACK_FAILED, f"the change set failed: {why}", said=why)
        case _:
            why = "the stack was changed before the change set was used"
            return failed(Cause.CHANGED_MEANWHILE, why)


def _of_failed(look: Look, change_set: ChangeSet) -> NextStep:
    """Return what follows from a change set that could not be made: there may be nothing to do."""
    if any(words in change_set.reason.lower() for words in _UNCHANGED):
        proven = _proven(look)
        return NOTHING_TO_REPAIR if proven is DONE else proven
    reason = f"could not: {change_set.reason or 'no reason given'}"
    return failed(Cause.CHANGE_SET_FAILED, reason, said=change_set.reason)


def _of_available(look: Look, stack: MemberStack, change_set: ChangeSet) -> NextStep:
    objections = list(objections_to(change_set.changes, look.repair))
    if objections:
        text = f"refused: {'; '.join(each.text for each in objections)}"
        resources = tuple(dict.fromkeys(each.resource for each in objections))
        return failed(Cause.REFUSED, text, resources=resources)
    return updating(look) if stack.is_busy else NextStep(Step.EXECUTE)


def _proven(look: Look) -> NextStep:
    """Return what a detection that was asked for after the repair says, or that one is needed.

    Only its own id tells that it is over: a process that takes over asks for another.
    """
    detection = look.seen.detection
    if detection is None or detection.status != "DETECTION_COMPLETE":
        if look.asked_in_vain:
            return _unproven(detection)
        patience = ASK_SOON if detection is None else ASK_AGAIN
        return WAIT if look.asked_within(patience) else NextStep(Step.DETECT)
    was_used = look.seen.change_set is None or look.seen.change_set.execution == "EXECUTE_COMPLETE"
    wrong = what_is_wrong(look.seen.found, look.repair, was_used=was_used)
    if wrong is None:
        return DONE
    own, reason = wrong
    return NextStep(Step.FAILED, reason, own)


def _unproven(detection: StackDetection | None) -> NextStep:
    if detection is not None and detection.status == "DETECTION_FAILED":
        reason = f"drift detection failed, so nothing is proven: {detection.reason}"
        return failed(Cause.UNPROVEN, reason, said=detection.reason)
    return failed(Cause.ENDLESS, "drift detection does not end, so nothing is proven")
