"""`resume`, `retry`, `approve`, `stop`: an operator's order is committed, then carried out."""

from collections.abc import Callable

from orgrollout.cli.applying import CODES, follow
from orgrollout.cli.errors import DONE
from orgrollout.cli.narrowing import failure_filter
from orgrollout.cli.options import Narrow, Reach
from orgrollout.cli.screen import Screen
from orgrollout.cli.session import Session, open_session
from orgrollout.reconcile.rollouts import Rollout, find_rollout, give_order
from orgrollout.report.rollout import rollout_blocks
from orgrollout.report.rollout_json import rollout_json
from orgrollout.rollout import orders
from orgrollout.rollout.state import Outcome, RolloutState

Order = Callable[[Rollout], RolloutState]


def resume(name: str | None, reach: Reach, format_: str, *, detach: bool) -> int:
    """Go on with a rollout that is open or was stopped."""
    with open_session(reach, Screen(format_)) as session:
        found = find_rollout(session.world.journal, name, only_open=True)
        rollout = _give(session, found, lambda current: orders.resume(current.state))
        session.screen.say(f"{rollout.state.id} goes on. Ctrl-C leaves it running.")
        return follow(rollout, session, detach=detach)


def retry(name: str | None, narrow: Narrow, reach: Reach, format_: str, *, detach: bool) -> int:
    """Try again what failed for good."""
    with open_session(reach, Screen(format_)) as session:
        found = find_rollout(session.world.journal, name, only_open=False)
        chosen = failure_filter(narrow, found.plan, session.connection)

        def again(current: Rollout) -> RolloutState:
            return orders.retry(current.plan, current.state, chosen)

        rollout = _give(session, found, again)
        session.screen.say(f"{rollout.state.id} tries again. Ctrl-C leaves it running.")
        return follow(rollout, session, detach=detach)


def approve(name: str | None, reach: Reach, format_: str, *, detach: bool) -> int:
    """Let the next wave start; detached, leave it to others to go on."""
    with open_session(reach, Screen(format_)) as session:
        found = find_rollout(session.world.journal, name, only_open=True)
        who = session.connection.identity.arn

        def approved(current: Rollout) -> RolloutState:
            return orders.approve(current.plan, current.state, who, session.world.clock.now())

        rollout = _give(session, found, approved)
        wave = found.plan.waves[found.state.wave].index
        session.screen.say(rollout.state.approved[wave].shown)
        session.screen.say(f"{rollout.state.id}: the next wave is approved by {who}.")
        if not detach:
            return follow(rollout, session)
        state = rollout.state
        session.screen.result(
            rollout_blocks(rollout.plan, state), rollout_json(rollout.plan, state)
        )
        return DONE


def stop(name: str | None, reach: Reach, format_: str) -> int:
    """Start nothing more, stop what runs, and wait until nothing does."""
    with open_session(reach, Screen(format_)) as session:
        found = find_rollout(session.world.journal, name, only_open=True)
        rollout = _give(session, found, lambda current: orders.stop(current.state))
        session.screen.say(f"{rollout.state.id} stops; what is in progress is finished.")
        return follow(rollout, session, codes={**CODES, Outcome.STOPPED: DONE})


def _give(session: Session, rollout: Rollout, order: Order) -> Rollout:
    session.say_who()
    return give_order(session.world.journal, rollout.state.id, order)
