"""What a re-sync does in one account and Region: a step each, decided from findings."""

from dataclasses import dataclass

from orgrollout.model.operation import OperationAction
from orgrollout.model.posture import PostureCheck


@dataclass(frozen=True, slots=True, kw_only=True)
class Repair:
    """One step of repair, done by calls in the account itself. Equal ones share an operation."""

    action: OperationAction  # REVERT or CALL
    resources: tuple[str, ...] = ()  # of a revert: the logical ids it may touch, and no others
    keeps: tuple[str, ...] = ()  # properties it must not touch, as LogicalId/Property/...
    check: PostureCheck | None = None  # of a call: the check that it is to make true
    reason: str = ""  # in words, for the plan
