"""What a re-sync does in one account and Region: a step each, decided from findings."""

from dataclasses import dataclass

from orgrollout.model.ids import Digest, digest_of
from orgrollout.model.operation import OperationAction
from orgrollout.posture.check import PostureCheck


@dataclass(frozen=True, slots=True, kw_only=True)
class Repair:
    """One step of repair, done by calls in the account itself. Equal ones share an operation."""

    action: OperationAction  # REVERT or CALL
    resources: tuple[str, ...] = ()  # of a revert: the logical ids it may touch, and no others
    # Properties it must not touch, as LogicalId/Property/...; of a call: subjects, by id.
    keeps: tuple[str, ...] = ()
    doubtful: tuple[str, ...] = ()  # properties that may only have been unreadable, named like that
    check: PostureCheck | None = None  # of a call: the check that it is to make true
    serves: tuple[str, ...] = ()  # labels of other checks that the same call makes true
    reason: str = ""  # in words, for the plan

    @property
    def digest(self) -> Digest:
        """Return what equal repairs have in common."""
        check = [self.check.name, dict(self.check.arguments)] if self.check else None
        doubt = [self.doubtful] if self.doubtful else []
        told = [self.action, self.resources, self.keeps, check, self.reason, *doubt]
        return digest_of([*told, {"serves": self.serves}] if self.serves else told)


def below(pointer: str, other: str) -> bool:
    """Return whether a JSON pointer is another one, or lies below it."""
    return pointer == other or pointer.startswith(f"{other.rstrip('/')}/")
