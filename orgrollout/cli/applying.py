"""`apply`: show the plan, ask, carry it out, and tell how it ended."""

from orgrollout.cli.errors import (
    DONE,
    FINDINGS,
    INTERRUPTED,
    WAITING,
    DeclinedError,
    WrongUsageError,
)
from orgrollout.cli.options import Reach
from orgrollout.cli.planning import Asked, plan_of
from orgrollout.cli.progress import Progress
from orgrollout.cli.screen import Screen
from orgrollout.cli.session import Session, open_session
from orgrollout.drivers.local import drive
from orgrollout.manifest.load import load_manifest
from orgrollout.plan.plan import Plan
from orgrollout.reconcile.rollouts import Rollout, begin_rollout, load_rollout
from orgrollout.reconcile.tick import Tick
from orgrollout.report.plan import plan_blocks
from orgrollout.report.rollout import rollout_blocks
from orgrollout.report.rollout_json import no_rollout_json, rollout_json
from orgrollout.rollout.state import Outcome

_CODES = {
    Outcome.SUCCEEDED: DONE,
    Outcome.FAILURES: FINDINGS,
    Outcome.HALTED: WAITING,
    Outcome.STOPPED: WAITING,
    Outcome.WAITING: WAITING,
    Outcome.RUNNING: DONE,
}


class _Detached(Exception):  # noqa: N818 - no error: the way out of the loop
    pass


def apply(asked: Asked, reach: Reach, format_: str, *, yes: bool, detach: bool) -> int:
    """Carry a manifest out."""
    screen = Screen(format_)
    if not yes and not screen.is_terminal:
        raise WrongUsageError(
            "`apply` asks before it changes anything, and there is no terminal to ask on. "
            "Nothing was read or changed. Add --yes, or save a plan and apply that."
        )
    loaded = load_manifest(asked.manifest)
    with open_session(reach, screen, loaded=loaded) as session:
        made = plan_of(asked, loaded, session)
        screen.show(plan_blocks(made))
        if not made.is_empty and not yes:
            _ask(screen)
        return carry_out(made, session, detach=detach)


def carry_out(made: Plan, session: Session, *, detach: bool = False) -> int:
    """Begin a rollout of the plan, follow it to its end, and return the exit code."""
    if made.is_empty:
        calls = session.connection.calls
        if not session.screen.is_text:
            session.screen.result([*plan_blocks(made)], no_rollout_json(made, calls))
        return DONE
    rollout = begin_rollout(made, session.world)
    session.screen.say(
        f"{rollout.state.id} started. Ctrl-C leaves it running; "
        f"`orgrollout stop {rollout.state.id}` stops it."
    )
    return follow(rollout, session, detach=detach)


def follow(rollout: Rollout, session: Session, *, detach: bool = False) -> int:
    """Drive a rollout as far as it goes, show how it ended, and return the exit code."""
    world, screen = session.world, session.screen
    progress = Progress(screen, rollout, world.clock)

    def told(tick: Tick) -> None:
        progress.follow(tick)
        if detach and tick.rollout.state.flights and tick.wake_after is not None:
            raise _Detached

    try:
        with progress:
            ended = drive(rollout.state.id, world, told)
    except _Detached:
        ended = load_rollout(world.journal, rollout.state.id)
        screen.say(f"Left running in AWS. {_way_on(ended)}")
    except KeyboardInterrupt:
        session.screen.errors.print(_left(rollout, session), soft_wrap=True)
        return INTERRUPTED
    state = ended.state
    screen.result(
        rollout_blocks(ended.plan, state, progress.overcome(state)),
        rollout_json(ended.plan, state),
    )
    if hint := next_step(ended):
        screen.say(hint)
    return _CODES[state.outcome]


def next_step(rollout: Rollout) -> str:
    """Return what a person does next, or nothing where all is done."""
    name = rollout.state.id
    match rollout.state.outcome:
        case Outcome.HALTED | Outcome.FAILURES:
            return f"-> mend what failed, then: orgrollout retry {name}"
        case Outcome.WAITING:
            return (
                f"-> orgrollout approve {name} starts the next wave; orgrollout stop {name} ends it"
            )
        case Outcome.STOPPED:
            return f"-> orgrollout resume {name} goes on with it"
        case _:
            return ""


def _way_on(rollout: Rollout) -> str:
    name = rollout.state.id
    return f"`orgrollout resume {name}` goes on with it; `orgrollout stop {name}` stops it."


def _left(rollout: Rollout, session: Session) -> str:
    if session.simulated:
        return f"{rollout.state.id} is gone with the simulated organization."
    return f"{rollout.state.id} is left running in AWS. {_way_on(rollout)}"


def _ask(screen: Screen) -> None:
    try:
        answer = screen.people.input("Apply this plan? Only `yes` is taken for a yes: ")
    except EOFError:
        answer = ""
    if answer.strip() != "yes":
        raise DeclinedError("Not applied; nothing was changed.")
