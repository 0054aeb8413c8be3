"""What a person does next with a rollout: the last line of a command."""

from orgrollout.cli.session import Session
from orgrollout.reconcile.rollouts import Rollout
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


def left_to_others(rollout: Rollout, session: Session) -> str:
    """Return what becomes of a rollout that nothing on this machine drives any more."""
    name = f"{rollout.state.id}{session.options}"
    if is_inside_accounts(rollout):
        return (
            "-> repairs in member accounts go no further by themselves: unless a service drives "
            f"it, nothing more is done before: orgrollout resume {name}"
        )
    if rollout.state.flights:
        runs = "operations that run in AWS go on, and nothing else does: unless a service drives it"
        return f"-> {runs}, nothing starts after them before: orgrollout resume {name}"
    return (
        "-> nothing runs in AWS, and unless a service drives it, nothing goes on before: "
        f"orgrollout resume {name}"
    )


def is_inside_accounts(rollout: Rollout) -> bool:
    """Return whether it works in member accounts, where each next step is a call of ours."""
    flying = (rollout.plan.operations[f.piece.planned] for f in rollout.state.flights)
    return any(operation.repair is not None for operation in flying)


def _is_approved(rollout: Rollout) -> bool:
    return rollout.plan.waves[rollout.state.wave].index in rollout.state.approved
