"""What of a rollout is not done, and why: waiting, under way, failed, withdrawn."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from orgrollout.model.ids import Pair
from orgrollout.rollout.state.failure_classes import FailureClass
from orgrollout.rollout.state.state import Failure, PendingOperation, Phase, RolloutState
from orgrollout.rollout.state.view import RolloutView

PENDING, RUNNING = "pending", "in_progress"
FAILED, BLOCKED, SKIPPED = "failed", "blocked", "skipped"


@dataclass(frozen=True, slots=True)
class Left:
    """Stack instances of a planned operation that are not done, and why."""

    planned: int  # index into the plan's operations
    state: str
    reason: str
    pairs: frozenset[Pair]


def left_of(view: RolloutView) -> Iterator[Left]:
    """Yield all that is not done. Where a pair comes twice, the later one says more."""
    state = view.state
    yield from _pending(view, state.waiting, PENDING, _why_waiting(state))
    withdrawn = (each.pending for each in state.withdrawn)
    yield from _pending(view, withdrawn, PENDING, "not known to AWS when the rollout was stopped")
    yield from _failed(state)
    running = (each.pending for each in state.in_flight)
    yield from _pending(view, running, RUNNING, "operation under way")


def _pending(
    view: RolloutView, pending: Iterable[PendingOperation], state: str, reason: str
) -> Iterator[Left]:
    for each in pending:
        yield Left(
            each.planned, state, reason or f"wave {view.planned(each).wave}", frozenset(each.pairs)
        )


def _why_waiting(state: RolloutState) -> str:
    if not state.phase.is_over:
        return ""
    ended = "halted" if state.phase is Phase.HALTED else "was stopped"
    return f"not started: the rollout {ended}"


def _failed(state: RolloutState) -> Iterator[Left]:
    found: dict[tuple[int, str, str], list[Pair]] = defaultdict(list)
    again = "if the rollout is resumed, " if state.phase.is_over else ""
    for failure in state.failures:
        told = (
            _why(failure)
            if failure.final
            else (PENDING, f"to be tried again {again}after: {failure.reason}")
        )
        found[failure.planned, *told].append(failure.pair)
    for (planned, standing, reason), pairs in found.items():
        yield Left(planned, standing, reason, frozenset(pairs))


def _why(failure: Failure) -> tuple[str, str]:
    reason = failure.reason or "no reason given"
    if failure.kind is FailureClass.SKIPPED:
        return SKIPPED, reason
    if failure.kind is FailureClass.BLOCKED:
        return BLOCKED, reason
    return FAILED, f"{failure.kind}: {reason}"
