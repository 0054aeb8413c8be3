"""`apply`: show the plan, ask, carry it out, and tell how it ended."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.text import Text

from orgrollout.aws.organizations import describe_organization
from orgrollout.cli.errors import (
    DONE,
    FINDINGS,
    INTERRUPTED,
    PENDING,
    WAITING,
    DeclinedError,
    WrongUsageError,
)
from orgrollout.cli.options import Reach
from orgrollout.cli.planning import load_asked, plan_of, request_of
from orgrollout.cli.progress import Progress
from orgrollout.cli.saved import Asked, read_saved
from orgrollout.cli.screen import Screen
from orgrollout.cli.session import Session, open_session
from orgrollout.drivers.local import drive, stop_holders
from orgrollout.manifest.loaded import LoadedManifest
from orgrollout.model.ids import StackSetKey, StackSetName
from orgrollout.plan.plan import Plan
from orgrollout.reconcile.begin import begin_rollout, holders_of
from orgrollout.reconcile.claims import repairs_of
from orgrollout.reconcile.rollouts import Rollout, load_rollout
from orgrollout.reconcile.tick import Tick
from orgrollout.report.plan import plan_blocks
from orgrollout.report.rollout import rollout_blocks
from orgrollout.report.rollout_json import no_rollout_json, rollout_json
from orgrollout.rollout.enrolment import only_pending
from orgrollout.rollout.state import Outcome

CODES: Mapping[Outcome, int] = {
    Outcome.SUCCEEDED: DONE,
    Outcome.FAILURES: FINDINGS,
    Outcome.HALTED: WAITING,
    Outcome.STOPPED: WAITING,
    Outcome.WAITING: WAITING,
    Outcome.RUNNING: DONE,  # left running on purpose
}


class _Detached(Exception):  # noqa: N818 - no error: the way out of the loop
    pass


def apply(
    asked: Asked, reach: Reach, format_: str, *, yes: bool, detach: bool, supersede: bool = False
) -> int:
    """Carry out a manifest, or a saved plan."""
    screen = Screen(format_)
    saved = read_saved(asked)
    if saved is None and not yes and not screen.is_terminal:
        raise WrongUsageError(
            "`apply` asks before it changes anything, and there is no terminal to ask on. "
            "Nothing was read or changed. Add --yes, or save a plan and apply that."
        )
    asked = saved.asked if saved else asked
    loaded = load_asked(asked)
    with open_session(reach, screen, loaded=loaded) as session:
        if supersede:
            stop_others(claims_of_manifest(loaded), session, yes=yes or saved is not None)
        if saved is None:
            made = plan_of(asked, loaded, session)
        else:
            organization, _ = describe_organization(session.connection)
            saved.must_be_meant_for(organization, session.connection.home_region)
            made = saved.checked_against(request_of(asked, loaded, session))
        screen.show(plan_blocks(made))
        if not made.is_empty and saved is None and not yes:
            ask(screen)
        return carry_out(made, session, detach=detach, supersede=supersede)


def carry_out(
    made: Plan,
    session: Session,
    *,
    detach: bool = False,
    supersede: bool = False,
    besides: Mapping[str, Any] | None = None,
) -> int:
    """Begin a rollout of the plan, follow it to its end, and return the exit code.

    ``besides`` are keys of the document that is put out for programs.
    """
    screen = session.screen
    if made.is_empty:
        if not screen.is_text:
            document = no_rollout_json(made, session.connection.calls)
            screen.result(plan_blocks(made), {**document, **(besides or {})})
        return DONE
    rollout = begin_rollout(made, session.world, supersede=supersede)
    name = rollout.state.id
    leaves = f" Ctrl-C leaves it running; `orgrollout stop {name}{session.options}` stops it."
    screen.say(f"{name} started.{'' if session.forgets else leaves}")
    return follow(rollout, session, detach=detach, besides=besides)


def follow(
    rollout: Rollout,
    session: Session,
    *,
    detach: bool = False,
    codes: Mapping[Outcome, int] = CODES,
    besides: Mapping[str, Any] | None = None,
) -> int:
    """Drive a rollout as far as it goes, show how it ended, and return the exit code."""
    world, screen = session.world, session.screen
    progress = Progress(screen, rollout, world.clock)

    def told(tick: Tick) -> None:
        progress.follow(tick)
        if detach and tick.rollout.state.flights:
            raise _Detached

    try:
        with progress:
            ended = drive(rollout.state.id, world, told)
    except _Detached:
        ended = load_rollout(world.journal, rollout.state.id)
    except KeyboardInterrupt:
        screen.errors.print(Text(_left_alone(rollout, session)), soft_wrap=True)
        return INTERRUPTED
    state = ended.state
    screen.result(
        rollout_blocks(ended.plan, state),
        {**rollout_json(ended.plan, state), **(besides or {})},
    )
    left = detach and state.outcome is Outcome.RUNNING and not session.forgets
    if hint := left_to_others(ended, session) if left else next_step(ended, session):
        screen.say(hint)
    if only_pending(ended.plan, state) and state.outcome is Outcome.FAILURES:
        return PENDING
    return codes[state.outcome]


def left_to_others(rollout: Rollout, session: Session) -> str:
    """Return what becomes of a rollout that nothing on this machine drives any more."""
    name = f"{rollout.state.id}{session.options}"
    if _is_inside(rollout):
        return (
            "-> repairs in member accounts go no further by themselves: unless a service drives "
            f"it, nothing more is done before: orgrollout resume {name}"
        )
    return (
        "-> operations that run in AWS go on, and nothing else does: unless a service drives it, "
        f"nothing starts after them before: orgrollout resume {name}"
    )


def _is_inside(rollout: Rollout) -> bool:
    """Return whether it works in member accounts, where each next step is a call of ours."""
    flying = (rollout.plan.operations[f.piece.planned] for f in rollout.state.flights)
    return any(operation.repair is not None for operation in flying)


def next_step(rollout: Rollout, session: Session) -> str:
    """Return what a person does next, or nothing where all is done, or gone."""
    if session.forgets or only_pending(rollout.plan, rollout.state):
        return ""
    name = f"{rollout.state.id}{session.options}"
    match rollout.state.outcome:
        case Outcome.HALTED | Outcome.FAILURES:
            return f"-> mend what failed, then: orgrollout retry {name}"
        case Outcome.WAITING:
            return f"-> to start the next wave: orgrollout approve {name}"
        case Outcome.STOPPED:
            return f"-> to go on with it: orgrollout resume {name}"
        case Outcome.RUNNING:
            return f"-> to go on with it: orgrollout resume {name}; to stop: orgrollout stop {name}"
        case _:
            return ""


def claims_of_manifest(
    loaded: LoadedManifest, *, only_repairs: bool = False
) -> tuple[StackSetName, ...]:
    """Return all that may be held of a manifest's stack sets, or of their repairs alone."""
    names = [loaded.stack_set_name(StackSetKey(key)) for key in loaded.manifest.stack_sets]
    repairs = tuple(map(repairs_of, names))
    return repairs if only_repairs else (*names, *repairs)


def stop_others(claims: Sequence[StackSetName], session: Session, *, yes: bool) -> None:
    """Stop who holds any of the claims: what they leave is what there is to plan."""
    world, screen = session.world, session.screen
    others = sorted(set(holders_of(world.journal, claims).values()))
    if not others:
        return
    if not yes:
        ask(screen, f"Stop {', '.join(others)} for good?")
    for other in stop_holders(claims, world, lambda tick: _say(screen, tick)):
        screen.say(f"{other} is stopped, and will be superseded.")


def _say(screen: Screen, tick: Tick) -> None:
    for event in tick.events:
        screen.say(f"{tick.rollout.state.id}: {event.text}", "dim")


def _left_alone(rollout: Rollout, session: Session) -> str:
    name = f"{rollout.state.id}{session.options}"
    if session.forgets:
        return f"{rollout.state.id} is gone with the simulated organization."
    goes_on = (
        "left as it is, and repairs in member accounts go no further by themselves."
        if _is_inside(rollout)
        else "left running in AWS: operations that have started go on."
    )
    return (
        f"{rollout.state.id} is {goes_on} "
        f"To go on with it: orgrollout resume {name}; to stop it: orgrollout stop {name}"
    )


def ask(screen: Screen, question: str = "Apply this plan?") -> None:
    """Return if a person at the terminal says yes.

    Raises:
        DeclinedError: Nobody did.
    """
    try:
        answer = screen.people.input(f"{question} Only `yes` is taken for a yes: ")
    except EOFError:
        answer = ""
    if answer.strip() != "yes":
        raise DeclinedError("Not applied; nothing was changed.")
