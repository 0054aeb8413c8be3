"""What an operator can tell a rollout: begin, stop, go on, try again, approve."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime

from orgrollout.errors import OrgRolloutError
from orgrollout.model.ids import Digest, RolloutId
from orgrollout.plan.plan import Plan
from orgrollout.plan.rectangles import cover
from orgrollout.rollout.failures import FailureClass
from orgrollout.rollout.state import Failure, Phase, Piece, RolloutState


class WrongPhaseError(OrgRolloutError):
    """The rollout is not in a phase in which this can be done. Nothing was changed."""


def begin(plan: Plan, plan_digest: Digest, rollout: RolloutId, now: datetime) -> RolloutState:
    """Return the state of a rollout that has done nothing yet."""
    pieces = tuple(
        Piece(planned=index, accounts=operation.accounts, regions=operation.regions)
        for index, operation in enumerate(plan.operations)
    )
    return RolloutState(id=rollout, plan=plan_digest, created=now, waiting=pieces)


def stop(state: RolloutState) -> RolloutState:
    """Return the state in which nothing more starts and what runs is stopped.

    Raises:
        WrongPhaseError: It is over already.
    """
    if state.phase.is_over:
        raise WrongPhaseError(f"{state.id} is {state.phase}; there is nothing to stop.")
    return replace(state, phase=Phase.STOPPING)


def resume(state: RolloutState) -> RolloutState:
    """Return the state of a stopped rollout that goes on; any other open one stays as it is.

    Raises:
        WrongPhaseError: It is finished, or halted because too much failed.
    """
    if state.phase is Phase.FINISHED:
        raise WrongPhaseError(
            f"{state.id} is finished; `orgrollout plan` shows what is left to do."
        )
    if state.phase is Phase.HALTED:
        raise WrongPhaseError(
            f"{state.id} halted ({state.note}); mend what failed, then: orgrollout retry {state.id}"
        )
    if state.phase in {Phase.STOPPED, Phase.STOPPING}:
        return replace(state, phase=Phase.RUNNING, ended=None)
    return state


def retry(
    plan: Plan, state: RolloutState, chosen: Callable[[Failure], bool] = lambda _: True
) -> RolloutState:
    """Return the state in which what failed for good is tried again, from its earliest wave on.

    Raises:
        WrongPhaseError: It still runs, or nothing failed.
    """
    if not state.phase.is_over:
        raise WrongPhaseError(f"{state.id} is {state.phase}; retry when it is over.")
    again = [f for f in state.failures if f.final and chosen(f) and _can_help(f)]
    if not again:
        raise WrongPhaseError(f"nothing of {state.id} failed that could be tried again.")
    pieces = (*_pieces(state, again), *state.waiting)
    earliest = min(plan.operations[piece.planned].wave for piece in pieces)
    return replace(
        state,
        phase=Phase.RUNNING,
        wave=next(i for i, wave in enumerate(plan.waves) if wave.index >= earliest),
        waiting=tuple(sorted(pieces, key=lambda piece: piece.planned)),
        failures=tuple(f for f in state.failures if f not in again),
        ended=None,
        proving_since=None,
        note="",
    )


def approve(plan: Plan, state: RolloutState, who: str) -> RolloutState:
    """Return the state in which the next wave may start.

    Raises:
        WrongPhaseError: Nothing waits for an approval.
    """
    if state.phase is not Phase.WAITING:
        raise WrongPhaseError(f"{state.id} is {state.phase}; nothing waits for an approval.")
    wave = plan.waves[state.wave].index
    return replace(state, approved={**state.approved, wave: who})


def _can_help(failure: Failure) -> bool:
    return failure.kind is not FailureClass.SKIPPED


def _pieces(state: RolloutState, again: Iterable[Failure]) -> Iterable[Piece]:
    by_planned: dict[int, list[Failure]] = {}
    for failure in again:
        by_planned.setdefault(failure.planned, []).append(failure)
    tried = {landed.planned: landed.attempt for landed in state.landed}
    for planned, failures in by_planned.items():
        for rectangle in cover(f.pair for f in failures):
            yield Piece(
                planned=planned,
                accounts=rectangle.accounts,
                regions=rectangle.regions,
                attempt=tried.get(planned, 0) + 1,
            )
