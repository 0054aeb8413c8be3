"""A finding: one thing that is not as deployed, where, and what to make of it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from orgrollout.model.ids import Digest, Pair, StackSetKey, digest_of
from orgrollout.posture.check import PostureCheck

ACCESS = "access"  # the finding that an account could not be entered


class FindingKind(StrEnum):
    """What was looked at."""

    RESOURCE = "resource"  # a resource of a stack, or one of its properties
    POSTURE = "posture"  # what drift detection cannot see
    INSTANCE = "instance"  # the stack instance itself: missing, extra, OUTDATED, INOPERABLE


class Verdict(StrEnum):
    """What to make of a finding."""

    REAL = "real"
    DELETED = "deleted resource"  # real, too
    IGNORED = "ignored"  # accepted by a rule of the manifest
    WAIVED = "waived"  # accepted for a time, by a waiver of the manifest
    NOT_CHECKABLE = "not checkable"  # by drift detection, or it could not be looked at
    SUSPECT = "suspect"  # likely false: the role that looked may not read it

    @property
    def is_real(self) -> bool:
        """Return whether it is to be repaired."""
        return self in {Verdict.REAL, Verdict.DELETED}

    @property
    def is_accepted(self) -> bool:
        """Return whether the manifest, or AWS itself, says that it is to be left."""
        return self in {Verdict.IGNORED, Verdict.WAIVED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is not as deployed. Values that may be secret are masked before."""

    stack_set: StackSetKey
    pair: Pair
    kind: FindingKind
    what: str  # the logical id; the check's name; missing, extra, outdated or inoperable
    verdict: Verdict
    reason: str = ""  # of the verdict, or of the state
    resource_type: str = ""
    physical_id: str = ""
    path: str = ""  # of the property, a JSON pointer; empty: the whole resource
    expected: str = ""
    actual: str = ""
    check: PostureCheck | None = None
    subject: str = ""  # of a check: what is broken, by id
    subjects: tuple[str, ...] = ()  # the same, if the call of the check repairs it
    accepted: str = ""  # why AWS itself is told to leave the subject as it is
    hindrance: str = ""  # why that call is not made, though it could repair it
    looked: datetime | None = None  # when AWS looked at it
    unseen: bool = False  # not checkable because no look was possible, and not by its nature

    @property
    def key(self) -> Digest:
        """Return what tells it from all others, and is the same when it is found again."""
        return self._key(self.subject)

    @property
    def key_of_check(self) -> Digest:
        """Return what findings of a check had in common before each subject had its own."""
        return self._key("")

    def _key(self, subject: str) -> Digest:
        told = [self.stack_set, self.pair, self.kind, self.what, self.path]
        return digest_of([*told, subject] if subject else told)
