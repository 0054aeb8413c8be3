"""What a person does next with a rollout: the last line of a command."""

import os
import socket
from datetime import datetime

from orgrollout.cli.session import Session
from orgrollout.reconcile.documents.rollouts import Rollout
from orgrollout.rollout.failures.enrolment import only_pending
from orgrollout.rollout.state.state import Outcome
from orgrollout.rollout.state.view import RolloutView

_FOR = {
    "approve": "let the next wave start",
    "stop": "start nothing more, and stop what runs",
    "resume": "go on with it",
    "retry": "try what failed again",
    "rollback": "take it back",
}


def next_step(rollout: Rollout, session: Session) -> str:
    """Return what a person does next, or nothing where all is done, or gone."""
    state = rollout.state
    if session.forgets or only_pending(RolloutView(rollout.plan, state)):
        return ""
    if state.outcome is Outcome.RUNNING and (
        driver := other_driver(rollout, session.context.clock.now())
    ):
        name = f"{state.id}{session.options}"
        return (
            f"-> {driver} drives it; to follow it: orgrollout status {name} --watch; "
            f"to stop: orgrollout stop {name}"
        )
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
        return f"Fix the failures, then run: orgrollout retry {name}"
    if state.outcome is Outcome.WAITING and is_approved(rollout):
        return go_on
    return does.get(state.outcome, "")


def commands_for(rollout: Rollout, session: Session) -> list[tuple[str, str]]:
    """Return the commands that fit a rollout now: what for, and as it is typed."""
    state, name = rollout.state, f"{rollout.state.id}{session.options}"
    if session.forgets or state.superseded_by is not None:
        return []
    can = {
        Outcome.WAITING: ("approve", "stop"),
        Outcome.HALTED: ("retry", "resume", "rollback"),
        Outcome.STOPPED: ("resume", "rollback"),
        Outcome.RUNNING: ("resume", "stop"),
        Outcome.FAILURES: ("retry", "rollback"),
        Outcome.SUCCEEDED: ("rollback",),
    }
    verbs = can[state.outcome]
    if state.outcome is Outcome.WAITING and is_approved(rollout):
        verbs = can[Outcome.RUNNING]
    return [(_FOR[verb], f"orgrollout {verb} {name}") for verb in verbs]


def left_to_others(rollout: Rollout, session: Session) -> str:
    """Return what becomes of a rollout that nothing on this machine drives any more."""
    name = f"{rollout.state.id}{session.options}"
    return f"-> {runs_alone(rollout)}. Nothing else starts until you run: orgrollout resume {name}"


def runs_alone(rollout: Rollout) -> str:
    """Return what goes on of a rollout while no process drives it."""
    if repairs_in_member_accounts(rollout):
        return "repairs in member accounts need a process that drives them"
    if rollout.state.in_flight:
        return "operations that run in AWS go on"
    return "nothing runs in AWS"


def waits_for_approval(rollout: Rollout) -> bool:
    """Return whether a person has to approve before anything starts: no process need drive it."""
    return rollout.state.outcome is Outcome.WAITING and not is_approved(rollout)


def other_driver(rollout: Rollout, now: datetime) -> str:
    """Return which other process drives a rollout, as far as that shows here.

    One that holds the lease right now, or that began it on this machine and still lives. Between
    two ticks no process holds a lease, so that one elsewhere may not show.
    """
    lease, own = rollout.record.lease, f"{socket.gethostname()}:{os.getpid()}:"
    if lease is not None and lease.until > now and not lease.holder.startswith(own):
        return _process(lease.holder)
    begun_by = rollout.record.begun_by
    host, _, rest = begun_by.partition(":")
    pid = rest.partition(":")[0]
    is_here = host == socket.gethostname() and pid.isdigit()
    is_other = is_here and not begun_by.startswith(own)
    return _process(begun_by) if is_other and _lives(int(pid)) else ""


def _process(holder: str) -> str:
    host, _, rest = holder.partition(":")
    return f"process {rest.partition(':')[0]} on {host}"


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except (OSError, OverflowError):
        return False
    return True


def repairs_in_member_accounts(rollout: Rollout) -> bool:
    """Return whether it works in member accounts, where each next step is a call of ours."""
    under_way = (rollout.plan.operations[f.pending.planned] for f in rollout.state.in_flight)
    return any(operation.repair is not None for operation in under_way)


def is_approved(rollout: Rollout) -> bool:
    """Return whether the wave that it stands in has been approved."""
    return rollout.plan.waves[rollout.state.wave].index in rollout.state.approved
