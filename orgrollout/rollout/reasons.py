"""What the reason of a failure means: its class, whether it passes, and what a person would do.

The texts are real ones, collected from public reports; where none fits, a failure counts as
permanent, so that nothing is repeated that might do harm. A manifest may know more (`rollout.
failure_classes`), and what it says comes first.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from orgrollout.drift.repair import UNREAD
from orgrollout.model.operation import OperationResult, ResultStatus
from orgrollout.plan.plan import FailureRule
from orgrollout.rollout.failures import FailureClass, Reading
from orgrollout.rollout.remediation import FAILED as REMEDIATION_FAILED
from orgrollout.rollout.remediation import NOTHING_CAME
from orgrollout.rollout.repairs import NO_WAY_IN, REFUSED
from orgrollout.rollout.stack_proof import CAME_BACK

_NOTHING_TO_DO = "no updates are to be performed"
_TWICE = 2  # tries of what may only have been made minutes ago: a role, a principal, a Region


class Known(NamedTuple):
    """A reason that is known."""

    pattern: re.Pattern[str]
    reading: Reading


def _known(
    pattern: str, kind: FailureClass, advice: str = "", *, attempts: int | None = None
) -> Known:
    reading = Reading(kind=kind, advice=advice, attempts=attempts)
    return Known(re.compile(pattern, re.IGNORECASE), reading)


# What a step of a runbook says, after it was started by a remediation of AWS Config.
_OF_RUNBOOK = rf"{REMEDIATION_FAILED}.*"
# The first that fits holds, so what is more special comes first.
KNOWN = (
    _known(
        rf"{_OF_RUNBOOK}(can ?not be assumed|unable to assume|AssumeRole)",
        FailureClass.CONFIGURATION,
        "see that the role that the runbook names exists in the account and trusts "
        "ssm.amazonaws.com (in the baseline it is of account-roles), then re-sync again",
    ),
    _known(rf"{_OF_RUNBOOK}(rate exceeded|throttling|too ?many ?requests)", FailureClass.THROTTLED),
    _known(
        rf"{_OF_RUNBOOK}(not authorized|unauthorized|access ?denied)",
        FailureClass.CONFIGURATION,
        "give the role of the runbook (not the execution role of stack sets) the permission that "
        "is named, and see that no policy of the organization denies it, then re-sync again",
    ),
    _known(
        _OF_RUNBOOK,
        FailureClass.PERMANENT,
        "the step of the runbook says why: correct that in the account, or accept the resource by "
        "a rule under `drift.ignore`, then re-sync again",
    ),
    _known(
        NOTHING_CAME,
        FailureClass.PERMANENT,
        "look at the execution in the account (Systems Manager, Automation), then re-sync again",
    ),
    _known(
        rf"^{REFUSED}",
        FailureClass.REFUSED,
        "the change set was left in the account: look at it there, then execute or delete it",
    ),
    _known(
        rf"^{CAME_BACK}",
        FailureClass.CAME_BACK,
        "find out who changes it (CloudTrail), or accept it by a rule under `drift.ignore`",
    ),
    _known(
        rf"^{UNREAD}",
        FailureClass.CONFIGURATION,
        "let the role that `drift.resync_role` names read resources of that type, or accept it by "
        "a rule under `drift.ignore`",
    ),
    _known(r"before the change set was used", FailureClass.TRANSIENT),
    _known(
        rf"^{NO_WAY_IN}",
        FailureClass.CONFIGURATION,
        "make the role that `drift.resync_role` names in the account and let it trust the caller, "
        "then retry; nobody gets into an account that is suspended or has left",
        attempts=_TWICE,
    ),
    _known(
        r"REVERT_DRIFT",
        FailureClass.CONFIGURATION,
        "CloudFormation does not bring this stack back: do it by hand, as `orgrollout drift` names "
        "it, or accept it by a rule under `drift.ignore`",
    ),
    _known(
        r"does not end",
        FailureClass.PERMANENT,
        "look at the stack in the account, where it goes on, then retry",
    ),
    _known(
        r"explicit deny in a service control policy",
        FailureClass.POLICY,
        "exempt arn:aws:iam::*:role/stacksets-exec-* in the service control policy, then retry",
    ),
    _known(r"cancelled since failure tolerance has exceeded", FailureClass.CANCELLED),
    _known(
        r"SKIPPED_SUSPENDED_ACCOUNT|ACCOUNT_SUSPENDED",
        FailureClass.SKIPPED,
        "nothing can be deployed there; exclude the account if it stays",
    ),
    _known(r"rate exceeded|throttling|too ?many ?requests", FailureClass.THROTTLED),
    _known(r"another operation on stackset .* is in progress", FailureClass.TRANSIENT),
    _known(
        r"should have '.*ExecutionRole' role with trust relationship",
        FailureClass.CONFIGURATION,
        "make the execution role in the account and let it trust the administrator, then retry",
        attempts=_TWICE,
    ),
    _known(
        r"should have '.*AdministrationRole' role with trust relationship",
        FailureClass.CONFIGURATION,
        "make the administration role and let it trust CloudFormation, then retry",
    ),
    _known(
        r"AccountGate check failed",
        FailureClass.CONFIGURATION,
        "look at the account gate function in the account, then retry",
        attempts=_TWICE,
    ),
    _known(
        r"STS is not activated in this region",
        FailureClass.CONFIGURATION,
        "enable the Region in the account, or leave it out of `regions`",
    ),
    _known(
        r"security token included in the request is invalid",
        FailureClass.CONFIGURATION,
        "enable the Region in the account, or leave it out of `regions`",
        attempts=_TWICE,
    ),
    _known(
        r"must enable organizations access|not a delegated admin"
        r"|must be the management account or delegated admin",
        FailureClass.CONFIGURATION,
        "activate trusted access in the management account, or register the delegated "
        "administrator, then retry",
    ),
    _known(
        r"is not authorized to perform|insufficient .*permissions|does(?:n't| not) have permissions"
        r"|HandlerErrorCode: AccessDenied",
        FailureClass.CONFIGURATION,
        "give the execution role the permission that is named, then retry",
        attempts=_TWICE,
    ),
    _known(
        r"DEFAULT_ROLE_CREATION_ERROR",
        FailureClass.CONFIGURATION,
        "see that nothing keeps CloudFormation from making its role stacksets-exec-* in the "
        "account, then retry",
        attempts=_TWICE,
    ),
    _known(r"failed to get stack status", FailureClass.TRANSIENT),
    _known(r"is in \w+_IN_PROGRESS state", FailureClass.TRANSIENT),
    _known(
        r"is (in )?UPDATE_ROLLBACK_FAILED",
        FailureClass.PERMANENT,
        "continue the rollback of that stack in the account (ContinueUpdateRollback), then retry",
    ),
    _known(
        r"is in (\w+) state and can ?not be updated",
        FailureClass.PERMANENT,
        "mend or delete that stack in the account, then retry",
    ),
    _known(
        r"maximum number of (delivery channels|configuration recorders)",
        FailureClass.CONFIGURATION,
        "use what is there with a parameter override, such as Recorder=existing, then apply",
    ),
    _known(
        r"already exists but has a different description",
        FailureClass.PERMANENT,
        "take the service-linked role out of the template; the account has it",
    ),
    _known(
        r"already exists in stack",
        FailureClass.PERMANENT,
        "another stack of the account has it: take it out of one of the two, then retry",
    ),
    _known(
        r"already exists|HandlerErrorCode: AlreadyExists|has been taken",
        FailureClass.PERMANENT,
        "use what is there (a parameter override such as Recorder=existing), import or delete it",
    ),
    _known(
        r"cannot be deleted while TerminationProtection",
        FailureClass.PERMANENT,
        "switch termination protection off, or detach instead of delete",
    ),
    _known(
        r"cannot delete entity",
        FailureClass.PERMANENT,
        "remove from it what was added by hand, or detach instead of delete",
    ),
    _known(
        r"more buckets than allowed|HandlerErrorCode: (ServiceLimitExceeded|TooManyBuckets)"
        r"|LimitExceeded|quota",
        FailureClass.CONFIGURATION,
        "raise the quota in the account, then retry",
    ),
    _known(
        r"invalid principals?",
        FailureClass.PERMANENT,
        "see that the principal of the policy exists, then retry",
        attempts=_TWICE,
    ),
    _known(
        r"advanced-parameter tier",
        FailureClass.PERMANENT,
        "keep the tier of the parameter, or delete the parameter in the account first",
    ),
    _known(
        r"internal ?failure|HandlerErrorCode: (InternalFailure|ServiceInternalError|NotStabilized"
        r"|NetworkFailure)|service unavailable|timed out",
        FailureClass.TRANSIENT,
    ),
    _known(
        r"the stack instance is OUTDATED/SUCCEEDED",
        FailureClass.UNPROVEN,
        "UpdateStackInstances did not bring the definition that the stack set has: give "
        "`rollout: {updates_by: update_stack_set}`, and plan again",
    ),
    _known(
        r"resource\(s\) failed to (create|update)|delete requested by user",
        FailureClass.PERMANENT,
        "the cause is in the events of the stack, in the account and Region",
    ),
)


def is_success(result: OperationResult) -> bool:
    """Return whether the stack has what was wanted, whatever the result is called."""
    return result.status is ResultStatus.SUCCEEDED or (
        result.status is ResultStatus.FAILED and _NOTHING_TO_DO in result.reason.lower()
    )


def read(status: ResultStatus, reason: str, rules: Iterable[FailureRule] = ()) -> Reading:
    """Return what a result that is no success means; ``rules`` are the manifest's."""
    found = find(reason, rules)
    if status is ResultStatus.FAILED:
        return found or Reading(kind=FailureClass.PERMANENT)
    # What never began has no cause of its own, but a suspended account may be listed so, too.
    if found is not None and found.kind is FailureClass.SKIPPED:
        return found
    return Reading(kind=FailureClass.CANCELLED)


def find(reason: str, rules: Iterable[FailureRule] = ()) -> Reading | None:
    """Return what a reason means, or nothing where it is not known."""
    for rule in rules:
        if _compiled(rule.pattern).search(reason):
            kind = FailureClass(rule.kind)
            return Reading(kind=kind, advice=rule.advice, attempts=rule.attempts)
    return next((known.reading for known in KNOWN if known.pattern.search(reason)), None)


def advice(reason: str, rules: Iterable[FailureRule] = ()) -> str:
    """Return what a person could do about it, or nothing."""
    found = find(reason, rules)
    return found.advice if found else ""


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)
