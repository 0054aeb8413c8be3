"""What the reason of a failure means: its class, whether it is transient, and what to do about it.

AWS's reasons are read by the table in ``known_failures``; where none fits, a failure counts as
permanent, so that nothing is repeated that might do harm. A manifest may know more (`rollout.
failure_classes`), and what it says of AWS's words comes first. Verdicts of our own are values: no
pattern reads them.
"""

from collections.abc import Iterable

from orgrollout.model.bounded_pattern import bounded
from orgrollout.model.cause import OwnVerdict
from orgrollout.model.operation import OperationResult, ResultStatus
from orgrollout.plan.model.plan import FailureRule
from orgrollout.rollout.failures.known_failures import find_known
from orgrollout.rollout.failures.known_failures.known import Known
from orgrollout.rollout.failures.own_verdicts import MEANINGS
from orgrollout.rollout.state.failure_classes import FailureClass, Reading

_NOTHING_TO_DO = "no updates are to be performed"


def is_success(result: OperationResult) -> bool:
    """Return whether the stack has what was wanted, whatever the result is called."""
    return result.status is ResultStatus.SUCCEEDED or (
        result.status is ResultStatus.FAILED and _NOTHING_TO_DO in result.reason.lower()
    )


def read(
    status: ResultStatus,
    reason: str,
    rules: Iterable[FailureRule] = (),
    own: OwnVerdict | None = None,
) -> Reading:
    """Return what a result that is no success means; ``rules`` are the manifest's."""
    found = find(reason, rules, own)
    if status is ResultStatus.FAILED:
        return found or Reading(kind=FailureClass.PERMANENT)
    # What never began has no cause of its own, but a suspended account may be listed so, too.
    if found is not None and found.kind is FailureClass.SKIPPED:
        return found
    return Reading(kind=FailureClass.CANCELLED)


def find(
    reason: str, rules: Iterable[FailureRule] = (), own: OwnVerdict | None = None
) -> Reading | None:
    """Return what a reason means, or nothing where it is not known."""
    if own is None:
        return _of_aws(reason, rules)
    meaning = MEANINGS[own.cause]
    by_words = _of_aws(own.said, rules) if meaning.by_words and own.said else None
    return by_words or meaning.reading


def advice(reason: str, rules: Iterable[FailureRule] = (), own: OwnVerdict | None = None) -> str:
    """Return what a person could do about it, or nothing."""
    found = find(reason, rules, own)
    return found.advice if found else ""


def row_of(reason: str, rules: Iterable[FailureRule] = ()) -> Known | None:
    """Return the row of the table that decides on AWS's words; None: none does, or a rule."""
    return None if _rule_of(reason, rules) else find_known(reason)


def _of_aws(reason: str, rules: Iterable[FailureRule]) -> Reading | None:
    """Return what AWS's words mean: the manifest's rules come before the table."""
    rule = _rule_of(reason, rules)
    if rule is not None:
        return Reading(kind=FailureClass(rule.kind), advice=rule.advice, attempts=rule.attempts)
    row = find_known(reason)
    return row.reading_of(reason) if row else None


def _rule_of(reason: str, rules: Iterable[FailureRule]) -> FailureRule | None:
    return next((rule for rule in rules if bounded(rule.pattern).is_in(reason)), None)
