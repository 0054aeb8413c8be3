"""A new account's first minutes, in which its services say that they need a subscription."""

from dataclasses import replace
from datetime import datetime

from orgrollout.model.cause import Cause, OwnVerdict
from orgrollout.model.operation import OperationResult, ResultStatus
from orgrollout.plan.checks.recent import is_young
from orgrollout.plan.model.plan import Plan
from orgrollout.rollout.failures.classify_failure import row_of
from orgrollout.rollout.failures.known_failures.account import NOT_READY


def judged(plan: Plan, result: OperationResult, now: datetime) -> OperationResult:
    """Return a result with our verdict where AWS is still setting the account up.

    A rule of the manifest about AWS's words holds for new accounts, too.
    """
    row = row_of(result.reason, plan.failure_rules)
    is_candidate = result.own is None and result.status is ResultStatus.FAILED
    if not is_candidate or row is None or row.name != NOT_READY:
        return result
    if not is_young(plan.recent, result.pair.account, now):
        return result
    return replace(
        result,
        reason=f"the account is being set up: {result.reason}",
        own=OwnVerdict(cause=Cause.BEING_SET_UP, said=result.reason),
    )
