"""Accounts that have just joined: what fails there fails because they are not ready yet."""

from orgrollout.plan.model.plan import Plan
from orgrollout.rollout.state.failure_classes import FailureClass
from orgrollout.rollout.state.state import Failure
from orgrollout.rollout.state.view import RolloutView

_FOR_GOOD = {FailureClass.PERMANENT, FailureClass.SKIPPED}


def is_pending(plan: Plan, failure: Failure) -> bool:
    """Return whether a failure is left to the next enrolment, which tries it again."""
    return failure.final and failure.pair.account in plan.young and failure.kind not in _FOR_GOOD


def only_pending(view: RolloutView) -> bool:
    """Return whether nothing failed but what the next enrolment tries again."""
    return bool(view.state.failed) and all(
        is_pending(view.plan, failure) for failure in view.state.failed
    )
