"""What a failure reason means: whether to try again, and what a person would have to do.

The texts are real ones, collected from public reports; where none fits, a failure counts as
permanent, so that nothing is repeated that might do harm.
"""

import re
from datetime import timedelta
from enum import StrEnum
from typing import NamedTuple

from orgrollout.model.operation import ResultStatus


class FailureClass(StrEnum):
    """What kind of failure it is."""

    THROTTLED = "throttled"
    TRANSIENT = "transient"
    POLICY = "blocked by policy"
    CONFIGURATION = "configuration"
    PERMANENT = "permanent"
    SKIPPED = "skipped"  # suspended: nothing was tried, and nothing counts as failed
    CANCELLED = "cancelled"  # never begun, because others failed or somebody stopped it
    BLOCKED = "blocked"  # what it depends on failed in the same account
    UNPROVEN = "unproven"  # reported as done, but not found that way afterwards

    @property
    def is_retried(self) -> bool:
        """Return whether trying again without changing anything may help."""
        return self in _RETRIED

    @property
    def is_root_cause(self) -> bool:
        """Return whether it failed for a reason of its own."""
        return self not in {FailureClass.CANCELLED, FailureClass.BLOCKED, FailureClass.SKIPPED}


_RETRIED = frozenset({FailureClass.THROTTLED, FailureClass.TRANSIENT, FailureClass.CANCELLED})


class Known(NamedTuple):
    """A reason that is known, and what to do about it."""

    pattern: re.Pattern[str]
    kind: FailureClass
    advice: str


def _known(pattern: str, kind: FailureClass, advice: str = "") -> Known:
    return Known(re.compile(pattern, re.IGNORECASE), kind, advice)


_KNOWN = (
    _known(
        r"explicit deny in a service control policy",
        FailureClass.POLICY,
        "exempt arn:aws:iam::*:role/stacksets-exec-* in the service control policy, then retry",
    ),
    _known(r"cancelled since failure tolerance has exceeded", FailureClass.CANCELLED),
    _known(r"SKIPPED_SUSPENDED_ACCOUNT|ACCOUNT_SUSPENDED", FailureClass.SKIPPED),
    _known(r"rate exceeded|throttling|too ?many ?requests", FailureClass.THROTTLED),
    _known(
        r"should have '.*ExecutionRole' role with trust relationship",
        FailureClass.CONFIGURATION,
        "make the execution role in the account and let it trust the administrator, then retry",
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
    ),
    _known(
        r"STS is not activated in this region|security token included in the request is invalid",
        FailureClass.CONFIGURATION,
        "enable the Region in the account, or leave it out of `regions`",
    ),
    _known(
        r"is not authorized to perform|insufficient .*permissions|does not have permissions",
        FailureClass.CONFIGURATION,
        "give the execution role the permission that is named, then retry",
    ),
    _known(r"DEFAULT_ROLE_CREATION_ERROR|failed to get stack status", FailureClass.TRANSIENT),
    _known(r"is in \w+_IN_PROGRESS state", FailureClass.TRANSIENT),
    _known(
        r"is in (\w+) state and can not be updated",
        FailureClass.PERMANENT,
        "mend or delete that stack in the account, then retry",
    ),
    _known(
        r"already exists|has been taken|maximum number of (delivery channels|configuration"
        r" recorders)",
        FailureClass.PERMANENT,
        "use what is there (a parameter override such as Recorder=existing), import or delete it",
    ),
    _known(
        r"cannot be deleted while TerminationProtection",
        FailureClass.PERMANENT,
        "switch termination protection off, or detach instead of delete",
    ),
    _known(
        r"more buckets than allowed|LimitExceeded|quota",
        FailureClass.CONFIGURATION,
        "raise the quota in the account, then retry",
    ),
    _known(r"internal ?failure|service unavailable|timed out", FailureClass.TRANSIENT),
)


def classify(status: ResultStatus, reason: str) -> FailureClass:
    """Return what kind of failure a result that is not SUCCEEDED is."""
    if status in {ResultStatus.CANCELLED, ResultStatus.PENDING, ResultStatus.RUNNING}:
        return FailureClass.CANCELLED
    found = _find(reason)
    return found.kind if found else FailureClass.PERMANENT


def advice(reason: str) -> str:
    """Return what a person could do about it, or nothing."""
    found = _find(reason)
    return found.advice if found else ""


def pause(kind: FailureClass, attempt: int) -> timedelta:
    """Return how long to wait before attempt number ``attempt + 1``.

    What was cancelled did nothing wrong and goes at once; throttling is given more time than a
    passing fault. Each further attempt waits twice as long, 15 minutes at most.
    """
    if kind is FailureClass.CANCELLED:
        return timedelta()
    first = 30 if kind is FailureClass.THROTTLED else 15
    return timedelta(seconds=min(first << min(attempt - 1, 10), 15 * 60))


def _find(reason: str) -> Known | None:
    return next((known for known in _KNOWN if known.pattern.search(reason)), None)
