"""What failed at first and succeeded later, in short form."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from orgrollout.plan.model.targets import cover
from orgrollout.rollout.failures.failure_groups import cause
from orgrollout.rollout.state.failure_classes import FailureClass
from orgrollout.rollout.state.state import FailedThere, Failure, RolloutState


def in_short(failures: Iterable[Failure]) -> tuple[FailedThere, ...]:
    """Return what failed in an operation, by class and cause; what was skipped did not fail."""
    found: dict[tuple[FailureClass, str], list[Failure]] = defaultdict(list)
    for failure in failures:
        if failure.kind is not FailureClass.SKIPPED:
            found[failure.kind, cause(failure.reason)].append(failure)
    return tuple(
        FailedThere(
            kind=kind,
            reason=those[0].reason,
            where=cover(f.pair for f in those),
            own=those[0].own,
        )
        for (kind, _), those in found.items()
    )


def recovered_failures(state: RolloutState) -> Iterator[Failure]:
    """Yield what failed in some operation and is done by now, each as it failed last."""
    left = {(failure.planned, failure.pair) for failure in state.failures}
    left |= {(pending.planned, pair) for pending in state.waiting for pair in pending.pairs}
    left |= {(f.pending.planned, pair) for f in state.in_flight for pair in f.pending.pairs}
    found: dict[tuple[int, object], Failure] = {}
    for completed in state.completed:
        for failed in completed.failures:
            for pair in (pair for rectangle in failed.where for pair in rectangle.pairs):
                found[completed.planned, pair] = Failure(
                    planned=completed.planned,
                    pair=pair,
                    kind=failed.kind,
                    reason=failed.reason,
                    attempts=completed.attempt,
                    own=failed.own,
                )
    yield from (failure for place, failure in found.items() if place not in left)
