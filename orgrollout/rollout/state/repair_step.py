"""What is done next about one repair in a member account."""

from dataclasses import dataclass
from enum import StrEnum

from orgrollout.model.cause import Cause, OwnVerdict


class Step(StrEnum):
    """What to do next about one repair."""

    BEGIN = "begin"  # nothing of it is there yet
    WAIT = "wait"  # it goes on by itself
    EXECUTE = "execute"
    DETECT = "detect"  # it is through; see whether it worked
    EVALUATE = "evaluate"  # have a rule evaluated again
    CALL = "call"
    SUCCEEDED = "succeeded"
    FAILED = "failed"

    @property
    def is_end(self) -> bool:
        """Return whether nothing more happens."""
        return self in {Step.SUCCEEDED, Step.FAILED}

    @property
    def is_under_way(self) -> bool:
        """Return whether something was begun that must be brought to its end."""
        return self in {Step.WAIT, Step.DETECT}


@dataclass(frozen=True, slots=True)
class NextStep:
    """The next step, and why where it failed."""

    step: Step
    reason: str = ""
    own: OwnVerdict | None = None  # given where the reason is ours, and not AWS's
    left: frozenset[str] = frozenset()  # of a call that failed: the subjects that are still broken

    @property
    def cause(self) -> Cause | None:
        """Return our verdict, if it is ours."""
        return self.own.cause if self.own else None
