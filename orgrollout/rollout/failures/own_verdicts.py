"""What our own verdicts mean: class, advice and tries hang on the cause, never on its sentence."""

from collections.abc import Mapping
from typing import NamedTuple

from orgrollout.model.cause import Cause
from orgrollout.rollout.failures.known_failures.known import TWICE
from orgrollout.rollout.state.failure_classes import FailureClass, Reading


class Meaning(NamedTuple):
    """What a cause means; ``by_words``: what AWS said with it decides where it is known."""

    reading: Reading
    by_words: bool = False


def _meaning(
    kind: FailureClass, advice: str = "", *, attempts: int | None = None, by_words: bool = False
) -> Meaning:
    return Meaning(Reading(kind=kind, advice=advice, attempts=attempts), by_words)


_LOOK = "look at the stack in the account, where it goes on, then retry"
_BY_HAND = (
    "CloudFormation does not bring this stack back: do it by hand, as `orgrollout drift` names it, "
    "or accept it by a rule under `drift.ignore`"
)
# Of an account that has just joined: 46 minutes of pauses, and the operations between them.
SETTING_UP_ATTEMPTS = 9

MEANINGS: Mapping[Cause, Meaning] = {
    Cause.REFUSED: _meaning(
        FailureClass.REFUSED,
        "the change set was left in the account: look at it there, then execute or delete it",
    ),
    Cause.CAME_BACK: _meaning(
        FailureClass.CAME_BACK,
        "find out who changes it (CloudTrail), or accept it by a rule under `drift.ignore`",
    ),
    Cause.UNREAD: _meaning(
        FailureClass.CONFIGURATION,
        "let the role that `drift.resync_role` names read resources of that type, or accept it by "
        "a rule under `drift.ignore`",
    ),
    Cause.NOTHING_TO_REPAIR: _meaning(FailureClass.PERMANENT),
    Cause.NOT_REPAIRED: _meaning(
        FailureClass.PERMANENT,
        "look at what is named in the account and Region; `orgrollout drift` shows how it stands",
        by_words=True,
    ),
    Cause.REMEDIATION_FAILED: _meaning(
        FailureClass.PERMANENT,
        "the step of the runbook says why: correct that in the account, or accept the resource by "
        "a rule under `drift.ignore`, then re-sync again",
    ),
    Cause.REMEDIATION_ROLE: _meaning(
        FailureClass.CONFIGURATION,
        "see that the role that the runbook names exists in the account and trusts "
        "ssm.amazonaws.com (in the baseline it is of account-roles), then re-sync again",
    ),
    Cause.REMEDIATION_DENIED: _meaning(
        FailureClass.CONFIGURATION,
        "give the role of the runbook (not the execution role of stack sets) the permission that "
        "is named, and see that no policy of the organization denies it, then re-sync again",
    ),
    Cause.REMEDIATION_THROTTLED: _meaning(FailureClass.THROTTLED),
    Cause.REMEDIATION_IN_VAIN: _meaning(
        FailureClass.PERMANENT,
        "look at the execution in the account (Systems Manager, Automation), then re-sync again",
    ),
    Cause.NO_WAY_IN: _meaning(
        FailureClass.CONFIGURATION,
        "make the role that `drift.resync_role` names in the account and let it trust the caller, "
        "then retry; no one gets into an account that is suspended or has left",
        attempts=TWICE,
    ),
    Cause.UNREACHABLE: _meaning(FailureClass.TRANSIENT),
    Cause.CHANGED_MEANWHILE: _meaning(FailureClass.TRANSIENT),
    Cause.ENDLESS: _meaning(FailureClass.PERMANENT, _LOOK),
    Cause.UNPROVEN: _meaning(
        FailureClass.PERMANENT,
        "`orgrollout drift --detect` looks again; the role that repairs may lack a permission",
        by_words=True,
    ),
    Cause.STACK_GONE: _meaning(
        FailureClass.PERMANENT, "`orgrollout plan` shows what is left to do there"
    ),
    Cause.STACK_STATE: _meaning(
        FailureClass.PERMANENT,
        "repair or delete that stack in the account, then retry",
        by_words=True,
    ),
    Cause.STACK_FAILED: _meaning(
        FailureClass.PERMANENT,
        "the cause is in the events of the stack, in the account and Region",
        by_words=True,
    ),
    Cause.CHANGE_SET_FAILED: _meaning(FailureClass.CONFIGURATION, _BY_HAND, by_words=True),
    Cause.BEING_SET_UP: _meaning(
        FailureClass.TRANSIENT,
        "AWS is still setting the account up: retry later; after a day, complete its sign-up or "
        "ask AWS Support",
        attempts=SETTING_UP_ATTEMPTS,
    ),
    Cause.NOT_TRIED: _meaning(FailureClass.CANCELLED),
    Cause.INSTANCE_GONE: _meaning(
        FailureClass.PERMANENT, "`orgrollout plan` shows what is left to do there"
    ),
    Cause.DEPENDENCY: _meaning(FailureClass.BLOCKED),
    Cause.NOT_UPDATED: _meaning(
        FailureClass.UNPROVEN,
        "UpdateStackInstances did not bring the definition that the stack set has: give "
        "`rollout: {updates_by: update_stack_set}`, and plan again",
    ),
    Cause.NOT_AS_REPORTED: _meaning(
        FailureClass.UNPROVEN, "`orgrollout plan` shows what is left to do there"
    ),
}
