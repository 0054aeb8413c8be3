"""What an operator can tell a rollout: begin, stop, go on, try again, approve."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime

from orgrollout.errors import OrgRolloutError
from orgrollout.model.caller import why_one_person
from orgrollout.model.ids import Digest, RolloutId
from orgrollout.model.words import count
from orgrollout.plan.model.plan import Plan
from orgrollout.plan.model.targets import cover
from orgrollout.rollout.decide.wave_gates import standing
from orgrollout.rollout.state.failure_classes import FailureClass
from orgrollout.rollout.state.state import Approval, Failure, PendingOperation, Phase, RolloutState
from orgrollout.rollout.state.view import RolloutView


class WrongPhaseError(OrgRolloutError):
    """The rollout is not in a phase in which this can be done. Nothing was changed."""


class NothingFailedError(WrongPhaseError):
    """Nothing of the rollout failed for good, so there is nothing to try again."""


class SecondPersonError(OrgRolloutError):
    """An approval has to come from another person. Nothing was changed."""


def begin(
    plan: Plan,
    plan_digest: Digest,
    rollout: RolloutId,
    now: datetime,
    *,
    by: str = "",
    takes_back: RolloutId | None = None,
) -> RolloutState:
    """Return the state of a rollout that has done nothing yet."""
    waiting = tuple(
        PendingOperation(planned=index, accounts=operation.accounts, regions=operation.regions)
        for index, operation in enumerate(plan.operations)
    )
    return RolloutState(
        id=rollout,
        plan=plan_digest,
        created=now,
        # Even a stack set without stack instances is made after the approval only.
        phase=Phase.WAITING if plan.opens_with_approval else Phase.RUNNING,
        waiting=waiting,
        begun_by=by,
        takes_back=takes_back,
    )


def stop(state: RolloutState) -> RolloutState:
    """Return the state in which nothing more starts and what runs is stopped.

    One that is stopped already is looked at again: what was withdrawn may have arrived.

    Raises:
        WrongPhaseError: It is over already.
    """
    if state.phase.is_over and not state.withdrawn:
        raise WrongPhaseError(f"{state.id} is {state.phase}; there is nothing to stop.")
    return replace(state, phase=Phase.STOPPING)


def supersede(state: RolloutState, by: RolloutId, now: datetime) -> RolloutState:
    """Return the state of a rollout that gives its stack sets up for good; the first one has them.

    Raises:
        WrongPhaseError: It has something under way, which has to be stopped first.
    """
    if state.superseded_by is not None:
        return state
    if state.in_flight:
        raise WrongPhaseError(
            f"{state.id} has operations under way; nothing was changed. "
            f"Run `orgrollout stop {state.id}` first."
        )
    ended = state.ended or now
    phase = state.phase if state.phase.is_over else Phase.STOPPED
    return replace(state, phase=phase, superseded_by=by, ended=ended, wake=None)


def resume(state: RolloutState) -> RolloutState:
    """Return the state of a stopped rollout that goes on; any other open one stays as it is.

    One that halted for another reason than failures goes on, too, and soaks again: what halted it
    is looked at again. What was withdrawn keeps its id, so that it cannot happen twice.

    Raises:
        WrongPhaseError: It is finished, superseded, or halted because too much failed.
    """
    _refuse_superseded(state)
    if state.phase is Phase.FINISHED:
        raise WrongPhaseError(
            f"{state.id} is finished; `orgrollout plan` shows what is left to do."
        )
    if state.phase is Phase.HALTED and not state.undo:
        if state.failed:
            raise WrongPhaseError(
                f"{state.id} halted ({state.note}). Fix the failures, then run: "
                f"orgrollout retry {state.id}"
            )
        return replace(_with_withdrawn(state), phase=Phase.RUNNING, ended=None, note="", soaks={})
    if state.phase in {Phase.STOPPED, Phase.STOPPING}:
        return replace(_with_withdrawn(state), phase=Phase.RUNNING, ended=None)
    return state


def retry(
    plan: Plan,
    state: RolloutState,
    chosen: Callable[[Failure], bool] = lambda _: True,
    along: Callable[[Failure], bool] = lambda _: False,
) -> RolloutState:
    """Return the state in which what failed for good is tried again, from its earliest wave on.

    What is blocked in the same accounts goes ``along``: it has no cause of its own.

    Raises:
        WrongPhaseError: It still runs, it is superseded, or none of its failures is ``chosen``.
        NothingFailedError: Nothing of it failed.
    """
    _refuse_superseded(state)
    if not state.phase.is_over:
        raise WrongPhaseError(f"{state.id} is {state.phase}; retry when it is over.")
    failed = [f for f in state.failures if f.final and _can_help(f)]
    if not failed:
        raise NothingFailedError(f"nothing of {state.id} failed that could be tried again.")
    again = [f for f in failed if chosen(f)]
    if not again:
        raise WrongPhaseError(
            f"{state.id} has {count(len(failed), 'failure')}, and none of them was chosen; nothing "
            f"was changed. `orgrollout status {state.id}` shows them."
        )
    accounts = {f.pair.account for f in again}
    again += [
        f
        for f in state.failures
        if f.kind is FailureClass.BLOCKED
        and f.pair.account in accounts
        and f not in again
        and along(f)
    ]
    ordered = tuple(_pending_again(state, again))
    waiting = (*ordered, *state.waiting)
    earliest = min(plan.operations[pending.planned].wave for pending in waiting)
    return replace(
        _with_withdrawn(state),
        phase=Phase.RUNNING,
        wave=next(i for i, wave in enumerate(plan.waves) if wave.index >= earliest),
        waiting=tuple(sorted(waiting, key=lambda pending: pending.planned)),
        failures=tuple(
            replace(f, final=False, attempts=0) if f in again else f for f in state.failures
        ),
        ordered=ordered,
        soaks={},
        ended=None,
        verifying_since=None,
        note="",
        undo=False,
    )


def approve(plan: Plan, state: RolloutState, who: str, now: datetime) -> RolloutState:
    """Return the state in which the next wave may start, and who was told what.

    Raises:
        WrongPhaseError: Nothing waits for an approval.
        SecondPersonError: The caller may be who planned or began it, and may not approve it.
    """
    if state.phase is not Phase.WAITING:
        raise WrongPhaseError(f"{state.id} is {state.phase}; nothing waits for an approval.")
    wave = plan.waves[state.wave]
    if wave.gate.not_by_planner:
        _refuse_planner(RolloutView(plan, state), who)
    approval = Approval(by=who, at=now, shown=standing(RolloutView(plan, state)))
    return replace(state, approved={**state.approved, wave.index: approval})


def _refuse_planner(view: RolloutView, who: str) -> None:
    wave = view.plan.waves[view.state.wave]
    for other, did in ((view.state.begun_by, "began"), (view.plan.planned_by, "planned")):
        if why := why_one_person(who, other):
            raise SecondPersonError(
                f"{other} {did} {view.state.id}, and wave {wave.name} says `not_by: "
                f"planner`; {who} may not approve it, {why}. Nothing was changed. Another "
                f"person has to run: orgrollout approve {view.state.id}"
            )


def _with_withdrawn(state: RolloutState) -> RolloutState:
    return replace(state, in_flight=(*state.in_flight, *state.withdrawn), withdrawn=())


def _refuse_superseded(state: RolloutState) -> None:
    if state.superseded_by is not None:
        raise WrongPhaseError(
            f"{state.id} was superseded by {state.superseded_by} and cannot go on; "
            "`orgrollout plan` shows what is left to do."
        )


def _can_help(failure: Failure) -> bool:
    return failure.kind is not FailureClass.SKIPPED


def _pending_again(state: RolloutState, again: Iterable[Failure]) -> Iterable[PendingOperation]:
    by_planned: dict[int, list[Failure]] = {}
    for failure in again:
        by_planned.setdefault(failure.planned, []).append(failure)
    tried = {completed.planned: completed.attempt for completed in state.completed}
    for planned, failures in by_planned.items():
        for rectangle in cover(f.pair for f in failures):
            yield PendingOperation(
                planned=planned,
                accounts=rectangle.accounts,
                regions=rectangle.regions,
                attempt=tried.get(planned, 0) + 1,
            )
