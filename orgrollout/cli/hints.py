"""What a person does next with a rollout: the last line of a command."""

from collections.abc import Iterator

from orgrollout.cli.session import Session
from orgrollout.reconcile.rollouts import Rollout
from orgrollout.reconcile.tick import Tick
from orgrollout.report.standing import waits
from orgrollout.rollout.enrolment import only_pending
from orgrollout.rollout.state import Outcome


def next_step(rollout: Rollout, session: Session) -> str:
    """Return what a person does next, or nothing where all is done, or gone."""
    state = rollout.state
    if session.forgets or only_pending(rollout.plan, state):
        return ""
    does = _next(rollout, session.options)
    return f"-> {does}" if does else ""


def _next(rollout: Rollout, options: str) -> str:
    state = rollout.state
    name = f"{state.id}{options}"
    if other := state.superseded_by:
        return f"{other} took over from {state.id}: orgrollout status {other}{options}"
    go_on = f"to go on with it: orgrollout resume {name}"
    does = {
        Outcome.HALTED: f"once the cause is gone: orgrollout resume {name}",
        Outcome.STOPPED: go_on,
        Outcome.WAITING: f"to start the next wave: orgrollout approve {name}",
        Outcome.RUNNING: f"{go_on}; to stop: orgrollout stop {name}",
    }
    if state.failed and state.outcome in {Outcome.HALTED, Outcome.FAILURES}:
        return f"mend what failed, then: orgrollout retry {name}"
    if state.outcome is Outcome.WAITING and _is_approved(rollout):
        return go_on
    return does.get(state.outcome, "")


def left_to_others(rollout: Rollout, session: Session, tick: Tick | None = None) -> str:
    """Return what becomes of a rollout that nothing on this machine drives any more.

    ``tick`` is the last one, where there was one: it knows for whom the rollout waits.
    """
    name = f"{rollout.state.id}{session.options}"
    why = [*waits(rollout.plan, rollout.state, session.world.clock.now()), *_others(tick)]
    waiting = f"-> {'; '.join(why)}\n" if why else ""
    if rollout.state.flights:
        runs = "operations that run in AWS go on, and nothing else does: unless a service drives it"
        return f"{waiting}-> {runs}, nothing starts after them before: orgrollout resume {name}"
    return (
        f"{waiting}-> nothing runs in AWS, and unless a service drives it, nothing goes on before: "
        f"orgrollout resume {name}"
    )


def _others(tick: Tick | None) -> Iterator[str]:
    """Yield who is in the way."""
    if tick is not None:
        yield from (f"{name} is busy with an operation of somebody else" for name in tick.busy)
        yield from (f"{who} is at work in the stacks of {key}" for key, who in tick.beside.items())


def _is_approved(rollout: Rollout) -> bool:
    return rollout.plan.waves[rollout.state.wave].index in rollout.state.approved
