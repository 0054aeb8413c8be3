"""Following a rollout: drive it as far as it goes, show that, and tell how it ended."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from rich.text import Text

from orgrollout.cli.actions.rollout.next_steps import (
    left_to_others,
    next_step,
    repairs_in_member_accounts,
)
from orgrollout.cli.actions.rollout.simulated import recorded_only
from orgrollout.cli.errors import DONE, FINDINGS, INTERRUPTED, PENDING, WAITING
from orgrollout.cli.session import Session
from orgrollout.cli.terminal.progress import Progress
from orgrollout.reconcile.documents.rollouts import Rollout, load_rollout
from orgrollout.reconcile.tick.counting import OperationCounter
from orgrollout.reconcile.tick.tick import Tick
from orgrollout.report.rollout.as_json import rollout_json
from orgrollout.report.rollout.as_text import rollout_blocks
from orgrollout.rollout.decide.wait_reasons import rests
from orgrollout.rollout.failures.enrolment import only_pending
from orgrollout.rollout.state.state import Outcome
from orgrollout.rollout.state.view import RolloutView

CODES: Mapping[Outcome, int] = {
    Outcome.SUCCEEDED: DONE,
    Outcome.FAILURES: FINDINGS,
    Outcome.HALTED: WAITING,
    Outcome.STOPPED: WAITING,
    Outcome.WAITING: WAITING,
    Outcome.RUNNING: DONE,  # left running on purpose
}


class _Detached(Exception):  # noqa: N818 - no error: the way out of the loop
    def __init__(self, rollout: Rollout) -> None:
        super().__init__()
        self.rollout = rollout


def follow(
    rollout: Rollout,
    session: Session,
    *,
    detach: bool = False,
    codes: Mapping[Outcome, int] = CODES,
    besides: Mapping[str, Any] | None = None,
) -> int:
    """Drive a rollout as far as it goes, show how it ended, and return the exit code."""
    context, screen = session.context, session.screen
    try:
        ended, left = driven(rollout, session, detach=detach)
    except KeyboardInterrupt:
        return INTERRUPTED
    state = ended.state
    screen.result(
        rollout_blocks(ended.plan, state, context.clock.now(), calls=session.debug),
        {**rollout_json(ended.plan, state, context.clock.now()), **(besides or {})},
    )
    _say_recorded(session)
    if left is not None and not session.forgets:
        screen.say(left_to_others(left, session))
    elif hint := next_step(ended, session):
        screen.say(hint)
    if only_pending(RolloutView(ended.plan, state)) and state.outcome is Outcome.FAILURES:
        return PENDING
    return codes[state.outcome]


def driven(
    rollout: Rollout, session: Session, *, detach: bool = False
) -> tuple[Rollout, Rollout | None]:
    """Return a rollout as far as it went, and as it was left where it was detached.

    Raises:
        KeyboardInterrupt: A person has ended it, and was told how to go on.
    """
    context, screen = session.context, session.screen
    counter = OperationCounter(context)
    progress = Progress(screen, rollout, context.clock, session.options, counter)

    def told(tick: Tick) -> None:
        progress.follow(tick)
        if detach and _may_leave(tick, context.clock.now()):
            raise _Detached(tick.rollout)

    try:
        with progress:
            return session.client.drive(rollout, told), None
    except _Detached as away:
        return load_rollout(context.journal, rollout.state.id), away.rollout
    except KeyboardInterrupt:
        screen.errors.print(Text(_left_alone(rollout, session)), soft_wrap=True)
        raise


def _say_recorded(session: Session) -> None:
    """Say what a simulation could not make."""
    if sentence := recorded_only(session.recorded()):
        session.screen.say(sentence)


def _may_leave(tick: Tick, now: datetime) -> bool:
    """Return whether operations run, or there is nothing to do but wait."""
    state = tick.rollout.state
    return bool(state.in_flight or tick.concurrent) or rests(
        RolloutView(tick.rollout.plan, state), now
    )


def _left_alone(rollout: Rollout, session: Session) -> str:
    name = f"{rollout.state.id}{session.options}"
    if session.forgets:
        return f"{rollout.state.id} is gone with the simulated organization."
    goes_on = (
        "left as it is, and repairs in member accounts need a process that drives them."
        if repairs_in_member_accounts(rollout)
        else "left running in AWS: operations that have started go on."
    )
    return (
        f"{rollout.state.id} is {goes_on} "
        f"To go on with it: orgrollout resume {name}; to stop it: orgrollout stop {name}"
    )
