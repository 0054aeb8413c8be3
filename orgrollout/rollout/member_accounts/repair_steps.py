"""One repair in an account: how far it is, and what comes next.

Nothing of it is kept anywhere but in AWS: a change set carries the operation's id as its name, a
stack names the change set that was executed last, and a check that is made true is true. So who
takes over after a crash sees the same as who began.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from orgrollout.model.cause import Cause, OwnVerdict
from orgrollout.model.drift import ResourceDrift
from orgrollout.model.member_stack import WHOLE, ChangeSet, MemberStack, StackDetection
from orgrollout.model.operation import OperationAction
from orgrollout.plan.model.repair import Repair
from orgrollout.posture.check import repaired_by
from orgrollout.posture.seen import PostureSeen, PostureState, without
from orgrollout.rollout.member_accounts.change_set_guard import objections_to
from orgrollout.rollout.member_accounts.config_evaluation import ConfigEvaluation
from orgrollout.rollout.member_accounts.remediation import NOTHING_CAME, Remediations, cause_of
from orgrollout.rollout.state.repair_step import NextStep, Step
from orgrollout.rollout.verify.verify_repair import what_is_wrong

ASK_AGAIN = timedelta(minutes=10)  # for a detection, or a call, without a result
ASK_SOON = timedelta(minutes=1)  # where nothing came of asking: something else runs on the stack
GIVE_UP = timedelta(minutes=40)
GIVE_UP_UPDATE = timedelta(hours=3)  # what runs on a stack may take long; nothing else does
_UNCHANGED = ("didn't contain changes", "no updates are to be performed")


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairObservation:
    """What was found in one account and Region."""

    stack: MemberStack | None = None  # of a revert; None: it is gone
    change_set: ChangeSet | None = None  # the one of this operation
    detection: StackDetection | None = None  # that this process asked for afterwards
    found: tuple[ResourceDrift, ...] = ()  # every resource that it told of
    why: str = ""  # the stack did not take the change set
    posture: PostureSeen | None = None  # of a call
    remediations: Remediations = field(default_factory=Remediations)  # of a call that starts some
    evaluation: ConfigEvaluation = field(default_factory=ConfigEvaluation)
    asked: datetime | None = None  # when this process asked for a detection, or made the call
    waited: timedelta = timedelta()  # how long this process has seen it as it is now
    failed: "NextStep | None" = None  # it could not be looked at, and never can be
    unreachable: bool = False  # the account could not be read just now


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One repair, and what was found of it."""

    repair: Repair
    name: str  # the operation's id
    now: datetime
    seen: RepairObservation

    @property
    def asked_lately(self) -> bool:
        """Return whether what was asked for may still come."""
        return self.asked_within(ASK_AGAIN)

    def asked_within(self, span: timedelta) -> bool:
        """Return whether it was asked for as lately as that."""
        return self.seen.asked is not None and self.now - self.seen.asked < span

    @property
    def waited_in_vain(self) -> bool:
        """Return whether nothing has come of it for long enough."""
        return self.seen.waited >= GIVE_UP

    @property
    def asked_in_vain(self) -> bool:
        """Return whether it was asked for long enough."""
        return self.seen.asked is not None and self.waited_in_vain


WAIT = NextStep(Step.WAIT)
DONE = NextStep(Step.SUCCEEDED)
NOTHING_TO_REPAIR = NextStep(
    Step.SUCCEEDED, "there was nothing to repair", OwnVerdict(cause=Cause.NOTHING_TO_REPAIR)
)


def next_step(look: Look) -> NextStep:
    """Return what is to be done next."""
    if look.seen.failed is not None:
        return look.seen.failed
    if look.seen.unreachable:
        why = "could not: timed out: it could not be read"
        return _waiting(look, why, GIVE_UP, Cause.UNREACHABLE)
    return _of_call(look) if look.repair.action is OperationAction.CALL else _of_revert(look)


def _of_revert(look: Look) -> NextStep:
    seen = look.seen
    if seen.stack is None:
        return failed(Cause.STACK_GONE, "could not: the stack is gone")
    if seen.stack.change_set == look.name:
        return _of_executed(look, seen.stack)
    if seen.change_set is None:
        return _of_stack(look, seen.stack)
    return _of_change_set(look, seen.stack, seen.change_set)


def failed(
    cause: Cause, reason: str, *, resources: tuple[str, ...] = (), said: str = ""
) -> NextStep:
    """Return the end of a repair that failed by a verdict of ours; ``said`` is AWS's part of it."""
    own = OwnVerdict(cause=cause, resources=resources, said=said)
    return NextStep(Step.FAILED, reason, own)


def _waiting(look: Look, why: str, patience: timedelta, cause: Cause = Cause.ENDLESS) -> NextStep:
    return WAIT if look.seen.waited < patience else failed(cause, why)


def _updating(look: Look) -> NextStep:
    return _waiting(look, "could not: the update of the stack does not end", GIVE_UP_UPDATE)


def _of_call(look: Look) -> NextStep:
    if look.seen.posture is None:
        return WAIT
    posture = without(look.seen.posture, look.repair.keeps)
    if posture.state is PostureState.OK:
        return DONE
    step = _of_broken(look, posture)
    if step.step is not Step.FAILED:
        return step
    return replace(step, left=frozenset(part.id for part in posture.parts))


def _of_broken(look: Look, posture: PostureSeen) -> NextStep:
    if look.asked_in_vain:
        return _not_repaired(posture)
    if posture.state is PostureState.BROKEN and starts_remediations(look.repair):
        step = _of_remediation(look, posture)
        if step is not None:
            return step
    if posture.state is PostureState.BROKEN and _is_of_a_rule(look.repair):
        return _of_rule(look, posture)
    if look.asked_lately:
        return WAIT  # what was started may leave a rule without a result for a while
    return _of_untrue(look, posture)


def starts_remediations(repair: Repair) -> bool:
    """Return whether its call starts remediations of AWS Config."""
    return repair.check is not None and repair.check.starts_remediations


def _of_remediation(look: Look, posture: PostureSeen) -> NextStep | None:
    """Return what follows from remediations of this try; None: what the check says decides."""
    known, subjects = look.seen.remediations, posture.subjects
    if known.is_running(subjects):
        return WAIT
    if why := known.failures(subjects):
        return failed(cause_of(why), f"could not: {posture.reason}; {why}", said=why)
    if _is_of_a_rule(look.repair) or not subjects:
        return None
    waiting = known.to_start(subjects)
    if waiting:
        return WAIT if look.asked_lately and known.tried & {*waiting} else NextStep(Step.CALL)
    if look.asked_lately:
        return WAIT
    unread = f" ({known.unread})" if known.unread else ""
    reason = f"could not: {posture.reason}; {NOTHING_CAME}{unread}"
    return failed(Cause.REMEDIATION_IN_VAIN, reason)


def _is_of_a_rule(repair: Repair) -> bool:
    return repair.check is not None and repair.check.is_judged_by_rule


def _of_rule(look: Look, posture: PostureSeen) -> NextStep:
    """Return what follows from what a rule found when it was evaluated last."""
    if look.repair.check is None or repaired_by(look.repair.check, posture.subjects) is None:
        return _not_repaired(posture, ", which no call repairs")
    evaluation = look.seen.evaluation
    is_judged = evaluation.is_over(posture) or (evaluation.asked and not look.asked_lately)
    if is_judged and evaluation.left(posture):
        return NextStep(Step.CALL)
    return WAIT if look.asked_lately else NextStep(Step.EVALUATE)


def _of_untrue(look: Look, posture: PostureSeen) -> NextStep:
    check = look.repair.check
    if posture.state is PostureState.UNKNOWN:
        reason = posture.reason or "it could not be read"
        return failed(Cause.UNPROVEN, reason, said=posture.reason)
    if check is None or repaired_by(check, posture.subjects) is None:
        return _not_repaired(posture, ", which no call repairs")
    return NextStep(Step.CALL)


def _not_repaired(posture: PostureSeen, more: str = "") -> NextStep:
    """Return the end of calls that changed nothing; the reason of a check is ours."""
    return failed(Cause.NOT_REPAIRED, f"could not: {posture.reason}{more}")


def _of_executed(look: Look, stack: MemberStack) -> NextStep:
    if stack.is_busy:
        return _updating(look)
    if stack.status != "UPDATE_COMPLETE":
        why = look.seen.why or stack.status_reason or "no reason given"
        said = f"{stack.status}: {why}"
        return failed(Cause.STACK_FAILED, f"the stack is {said}", said=said)
    return _proven(look)


def _of_stack(look: Look, stack: MemberStack) -> NextStep:
    if stack.is_busy:
        return _updating(look)
    if stack.status not in WHOLE:
        reason = f"the stack is in {stack.status} state and cannot be updated"
        return failed(Cause.STACK_STATE, reason, said=stack.status)
    return NextStep(Step.BEGIN)


def _of_change_set(look: Look, stack: MemberStack, change_set: ChangeSet) -> NextStep:
    if change_set.status in {"CREATE_PENDING", "CREATE_IN_PROGRESS"}:
        return _waiting(look, "could not: the creation of the change set does not end", GIVE_UP)
    if change_set.status == "FAILED":
        return _of_failed(look, change_set)
    return _of_made(look, stack, change_set)


def _of_made(look: Look, stack: MemberStack, change_set: ChangeSet) -> NextStep:
    match change_set.execution:
        case "EXECUTE_IN_PROGRESS":
            return _updating(look)
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
    return _updating(look) if stack.is_busy else NextStep(Step.EXECUTE)


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
