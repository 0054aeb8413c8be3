"""The next step of a repair by a call, or by a remediation of AWS Config: until the check holds."""

from dataclasses import replace

from orgrollout.model.cause import Cause
from orgrollout.plan.model.repair import Repair
from orgrollout.posture.check import repaired_by
from orgrollout.posture.seen import PostureSeen, PostureState, without
from orgrollout.rollout.member_accounts.remediation import NOTHING_CAME, cause_of
from orgrollout.rollout.member_accounts.repair_observation import DONE, WAIT, Look, failed
from orgrollout.rollout.state.repair_step import NextStep, Step


def next_step_of_call(look: Look) -> NextStep:
    """Return what is to be done next about a check; a failure names what is still broken."""
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
