"""`--supersede`: stops the rollout that holds the stack sets, so that a new one takes over."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from orgrollout.cli.actions.rollout.next_steps import next_step
from orgrollout.cli.session import Session
from orgrollout.cli.terminal.confirm import ask
from orgrollout.cli.terminal.screen import Screen
from orgrollout.drivers.local import stop_holders
from orgrollout.manifest.loaded import LoadedManifest
from orgrollout.model.ids import RolloutId, StackSetKey, StackSetName
from orgrollout.reconcile.documents.claims import repairs_of
from orgrollout.reconcile.documents.rollouts import load_rollout
from orgrollout.reconcile.lifecycle.begin import holders_of
from orgrollout.reconcile.tick.tick import Tick


def claims_of_manifest(
    loaded: LoadedManifest, *, only_repairs: bool = False
) -> tuple[StackSetName, ...]:
    """Return all that may be held of a manifest's stack sets, or of their repairs alone."""
    names = [loaded.stack_set_name(StackSetKey(key)) for key in loaded.manifest.stack_sets]
    repairs = tuple(map(repairs_of, names))
    return repairs if only_repairs else (*names, *repairs)


@contextmanager
def others_stopped(
    claims: Sequence[StackSetName], session: Session, *, first: Callable[[], object], yes: bool
) -> Iterator[tuple[RolloutId, ...]]:
    """Give the rollouts that held any of the claims, stopped: what they leave is there to plan.

    ``first`` is called before anybody is stopped, to refuse what would be refused afterwards. Who
    was stopped and is not superseded in the end, for whatever reason, is named with its way on.
    """
    context, screen = session.context, session.screen
    others = tuple(sorted(set(holders_of(context.journal, claims).values())))
    if not others:
        yield ()
        return
    first()
    if not yes:
        ask(screen, f"Stop {', '.join(others)} for good?")
    try:
        for other in stop_holders(claims, context, lambda tick: _say(screen, tick)):
            screen.say(f"{other} is stopped; what begins now supersedes it.")
        yield others
    finally:
        for other in others:
            _say_if_left(other, session)


def but_for(stopped: Sequence[RolloutId]) -> str:
    """Return what a person is told who said no when others were stopped already, or none were."""
    return f"Not applied; nothing {'else ' if stopped else ''}was changed."


def _say_if_left(other: RolloutId, session: Session) -> None:
    rollout = load_rollout(session.context.journal, other)
    if rollout.state.holds:
        what = f"{other} is {rollout.state.phase}, was not superseded, and holds what it held."
        session.screen.say(what, "yellow")
        if hint := next_step(rollout, session):
            session.screen.say(hint)


def _say(screen: Screen, tick: Tick) -> None:
    for event in tick.events:
        screen.say(f"{tick.rollout.state.id}: {event.text}", "dim")
