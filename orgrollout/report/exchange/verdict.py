"""What a row of coverage means to a program that knows only passed, failed and left out."""

from enum import Enum

from orgrollout.posture.seen import PostureState
from orgrollout.rollout.coverage import CoverageRow, CoverageState

LEFT_OUT = frozenset({CoverageState.SKIPPED, CoverageState.EXCLUDED, CoverageState.OUT_OF_SCOPE})
POSTURE = "posture"  # the name of what is wrong where the stack instance itself is current


class Verdict(Enum):
    """How a row counts."""

    GOOD = "good"
    LEFT_OUT = "left out"
    WRONG = "wrong"


def verdict(row: CoverageRow) -> Verdict:
    """Return how a row counts: what is not known to be as desired is wrong."""
    if row.state in LEFT_OUT:
        return Verdict.LEFT_OUT
    if row.state is not CoverageState.CURRENT:
        return Verdict.WRONG
    broken = row.posture is not None and row.posture.state is PostureState.BROKEN
    return Verdict.WRONG if broken else Verdict.GOOD


def problem(row: CoverageRow) -> tuple[str, str]:
    """Return the kind of what is wrong with a row, and the reason."""
    if row.state is CoverageState.CURRENT and row.posture is not None:
        return POSTURE, row.posture.reason
    return row.state.value, row.reason
