"""The loop on this machine: tick, wait, tick."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import timedelta
from typing import TypeVar

from orgrollout.drivers.outage import PASSING, Outage
from orgrollout.journal.conflicts import unless_overtaken
from orgrollout.model.ids import RolloutId, StackSetName
from orgrollout.model.logs import log_of
from orgrollout.reconcile.context import Context
from orgrollout.reconcile.documents.rollouts import Rollout, give_order, load_rollout
from orgrollout.reconcile.lifecycle.begin import holders_of
from orgrollout.reconcile.lifecycle.notify import tell_of_rollout
from orgrollout.reconcile.lifecycle.rollback import rollback_if_ordered
from orgrollout.reconcile.tick.tick import Tick, tick
from orgrollout.report.layout.words import span
from orgrollout.rollout.decide import operator_commands
from orgrollout.rollout.rollback.rollback import NothingToRollBackError
from orgrollout.rollout.state.decision import Event, EventKind

T = TypeVar("T")
_LOG = log_of(__name__)
_HEARTBEAT = timedelta(minutes=1)
_ANOTHER_DRIVER = timedelta(seconds=1)


def drive(rollout: RolloutId, context: Context, follow: Callable[[Tick], None]) -> Rollout:
    """Advance a rollout until nothing happens by itself any more, and return it.

    ``follow`` is told of every tick, and of every minute in between. Interrupting is harmless:
    operations go on in AWS, and driving again attaches to them. Any number of drivers may do this
    at the same time.

    An outage, of AWS, of the network or of the journal, is waited out for an hour at least: nothing
    is lost by it.

    Raises:
        AwsError: AWS refused something, or is away for too long. The rollout stays open and can be
            resumed.
        ClaimLostError: Another rollout took over, or a stack set was unlocked.
    """
    return _drive(load_rollout(context.journal, rollout), context, follow)


def _drive(known: Rollout, context: Context, follow: Callable[[Tick], None]) -> Rollout:
    patience = _Patience(known, context, follow)
    while True:
        latest = unless_overtaken(lambda: patience.wait_for(lambda: tick(known.state.id, context)))
        if latest is None:
            # Another driver was faster, and nothing was sent from here. Look at what it did.
            context.clock.sleep(_ANOTHER_DRIVER)
            continue
        patience.known = latest.rollout
        follow(latest)
        if latest.wake_after is None:
            _notify(latest.rollout, context, follow)
            return _taken_back(latest.rollout, context, follow)
        _rest(latest, context, follow)


def _rest(latest: Tick, context: Context, follow: Callable[[Tick], None]) -> None:
    """Return when it is time for the next tick; ``follow`` hears of every minute until then."""
    left = latest.wake_after or timedelta()
    if left >= _HEARTBEAT:
        _LOG.info("waiting %s", span(left), extra={"rollout": latest.rollout.state.id})
    while left > _HEARTBEAT:
        context.clock.sleep(_HEARTBEAT)
        left -= _HEARTBEAT
        follow(replace(latest, events=()))
    context.clock.sleep(left)


class _Patience:
    """Waits out transient failures, and tells of each with the last known state of the rollout."""

    def __init__(self, known: Rollout, context: Context, follow: Callable[[Tick], None]) -> None:
        self.known = known
        self._context = context
        self._follow = follow

    def wait_for(self, what: Callable[[], T]) -> T:
        """Return what comes of it, however often it has to be tried.

        Raises:
            OrgRolloutError: It has been away for too long.
        """
        outage = Outage()
        while True:
            try:
                return what()
            except PASSING as error:
                pause = outage.pause(error)
                text = f"{error} Trying again in {span(pause)}; nothing is lost."
                _LOG.info("%s", text, extra={"rollout": self.known.state.id})
                said = Event(kind=EventKind.WAITING, text=text)
                self._follow(Tick(rollout=self.known, events=(said,), wake_after=pause))
                self._context.clock.sleep(pause)


def _taken_back(rollout: Rollout, context: Context, follow: Callable[[Tick], None]) -> Rollout:
    """Return a rollout that is over, after it was taken back if that is what its plan says.

    Where another driver has begun to take it back, this one goes on with that.
    """
    if not rollout.state.undo:
        return rollout
    name, patience = rollout.state.id, _Patience(rollout, context, follow)
    try:
        back = patience.wait_for(lambda: rollback_if_ordered(name, context))
    except NothingToRollBackError as error:
        said = Event(kind=EventKind.ROLLBACK, text=str(error))
        follow(Tick(rollout=rollout, events=(said,), wake_after=None))
        return rollout
    if back is not None:
        said = Event(kind=EventKind.ROLLBACK, text=f"{name} is taken back: {back.state.id}")
        follow(Tick(rollout=rollout, events=(said,), wake_after=timedelta()))
        _drive(back, context, follow)
    return patience.wait_for(lambda: load_rollout(context.journal, name))


def _notify(rollout: Rollout, context: Context, follow: Callable[[Tick], None]) -> None:
    def warn(text: str) -> None:
        said = Event(kind=EventKind.NOTICE, text=f"warning: {text}")
        follow(Tick(rollout=rollout, events=(said,), wake_after=timedelta()))

    tell_of_rollout(rollout, context, warn)


def stop_holders(
    stack_sets: Iterable[StackSetName], context: Context, follow: Callable[[Tick], None]
) -> tuple[RolloutId, ...]:
    """Stop every rollout that holds some of the stack sets, and return them when nothing runs.

    What they were doing changes what there is to plan; so this comes before a plan that is to take
    over from them.
    """
    others = sorted(set(holders_of(context.journal, stack_sets).values()))
    for other in others:
        if not load_rollout(context.journal, other).state.phase.is_over:
            give_order(
                context.journal,
                other,
                lambda r: operator_commands.stop(r.state),
                context.said("stop"),
            )
        drive(other, context, follow)
    return tuple(others)
