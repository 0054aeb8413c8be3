"""What a row of coverage means to a program that knows only passed, failed and left out."""

from enum import Enum

from orgrollout.posture.seen import PostureState
from orgrollout.rollout.coverage import CoverageRow, CoverageState

LEFT_OUT = frozenset(
    {
        CoverageState.SKIPPED,
        CoverageState.EXCLUDED,
        CoverageState.WAIVED,
        CoverageState.OUT_OF_SCOPE,
    }
)
POSTURE = "posture"  # the name of what is wrong where the stack instance itself is current


class Verdict(Enum):
    """How a row counts."""

    GOOD = "good"
    LEFT_OUT = "left out"
    WRONG = "wrong"


_OF_POSTURE = {PostureState.BROKEN: Verdict.WRONG, PostureState.WAIVED: Verdict.LEFT_OUT}


def verdict(row: CoverageRow) -> Verdict:
    """Return how a row counts: what is not known to be as desired is wrong."""
    if row.state in LEFT_OUT:
        return Verdict.LEFT_OUT
    if row.state is not CoverageState.CURRENT:
        return Verdict.WRONG
    posture = row.posture.state if row.posture is not None else PostureState.OK
    return _OF_POSTURE.get(posture, Verdict.GOOD)


def problem(row: CoverageRow) -> tuple[str, str]:
    """Return the kind of what is wrong with a row, and the reason."""
    if row.state is CoverageState.CURRENT and row.posture is not None:
        return POSTURE, row.posture.reason
    return row.state.value, row.reason
