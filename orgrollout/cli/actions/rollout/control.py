"""`resume`, `retry`, `approve`, `stop`, `rollback`: an order is committed, then carried out."""

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import replace

from orgrollout.cli.actions.rollout.follow import CODES, follow
from orgrollout.cli.actions.rollout.next_steps import left_to_others
from orgrollout.cli.errors import DONE, WrongUsageError
from orgrollout.cli.options.filters import failure_filter
from orgrollout.cli.options.groups import Narrow, Reach
from orgrollout.cli.session import Session, open_session
from orgrollout.cli.terminal.confirm import ask
from orgrollout.cli.terminal.screen import Screen
from orgrollout.errors import OrgRolloutError
from orgrollout.reconcile.documents.rollouts import Rollout, find_rollout
from orgrollout.reconcile.lifecycle.operator_orders import approved_state
from orgrollout.report.layout.words import count, word
from orgrollout.report.plan.as_text import plan_blocks
from orgrollout.report.rollout.as_json import no_rollout_json, rollout_json
from orgrollout.report.rollout.as_text import rollout_blocks
from orgrollout.rollout.decide.operator_commands import NothingFailedError
from orgrollout.rollout.rollback.rollback import NothingUpdatedError
from orgrollout.rollout.state.failure_classes import FailureClass
from orgrollout.rollout.state.state import Outcome


def resume(name: str | None, reach: Reach, format_: str, *, detach: bool) -> int:
    """Go on with a rollout that is open or was stopped."""
    with open_session(reach, Screen(format_)) as session:
        found = find_rollout(session.context.journal, name, only_open=True, or_stopped=True)
        session.say_who()
        rollout = session.client.resume(found)
        session.screen.say(f"{rollout.state.id} goes on. Ctrl-C leaves it running.")
        return follow(rollout, session, detach=detach)


def retry(
    name: str | None,
    classes: Collection[str],
    narrow: Narrow,
    reach: Reach,
    format_: str,
    *,
    detach: bool,
) -> int:
    """Try again what failed for good, in some classes of failures or in all."""
    kinds = _kinds(classes)
    with open_session(reach, Screen(format_)) as session:
        found = session.client.rollout(name)
        chosen = failure_filter(narrow, found.plan, session.connection)
        session.say_who()
        try:
            rollout = session.client.retry(
                found, lambda f: f.kind in kinds and chosen(f), along=chosen
            )
        except NothingFailedError as nothing:
            return _nothing_to_do(found, "nothing_to_retry", nothing, session)
        session.screen.say(f"{rollout.state.id} tries again. Ctrl-C leaves it running.")
        return follow(rollout, session, detach=detach)


def approve(name: str | None, reach: Reach, format_: str, *, yes: bool, detach: bool) -> int:
    """Let the next wave start, after showing it and asking; detached, leave it to others."""
    screen = Screen(format_)
    if not yes and not screen.is_terminal:
        raise WrongUsageError(
            "`approve` shows what it lets start and asks, and there is no terminal to ask on. "
            "Nothing was approved. Add --yes."
        )
    with open_session(reach, screen) as session:
        found = session.client.rollout(name, only_open=True)
        who = session.connection.identity.arn
        session.connection.be_sure_of_the_time()
        session.say_who()
        # Refuses what cannot be approved before it is shown.
        to_approve = approved_state(found, found, session.context)
        wave = found.plan.waves[found.state.wave].index
        for line in (*to_approve.approved[wave].shown.splitlines(), *_next_wave(found)):
            screen.say(line)
        if not yes:
            ask(screen, "Let this start?", declined="Not approved; nothing was changed.")
        rollout = session.client.approve(found)
        session.screen.say(f"{rollout.state.id}: the next wave is approved by {who}.")
        if not detach:
            return follow(rollout, session)
        state, now = rollout.state, session.context.clock.now()
        session.screen.result(
            rollout_blocks(rollout.plan, state, now), rollout_json(rollout.plan, state, now)
        )
        session.screen.say(left_to_others(rollout, session))
        return DONE


def _next_wave(rollout: Rollout) -> Iterator[str]:
    """Yield what the next wave changes."""
    plan, state = rollout.plan, rollout.state
    if state.wave + 1 >= len(plan.waves):
        return
    wave = plan.waves[state.wave + 1]
    yield f"in wave {wave.index} {wave.name}:"
    done = Counter[tuple[str, str]]()
    for operation in plan.operations:
        if operation.wave == wave.index and operation.is_counted:
            done[operation.stack_set, operation.action.value] += operation.rectangle.size
    for (key, action), size in done.items():
        yield f"  {key}: {action} {count(size, 'stack instance')}"


def stop(name: str | None, reach: Reach, format_: str) -> int:
    """Start nothing more, stop what runs, and wait until nothing does."""
    with open_session(reach, Screen(format_)) as session:
        found = session.client.rollout(name, only_open=True)
        session.say_who()
        rollout = session.client.stop(found)
        session.screen.say(f"{rollout.state.id} stops; what is in progress is finished.")
        return follow(rollout, session, codes={**CODES, Outcome.STOPPED: DONE})


def rollback(name: str | None, reach: Reach, format_: str, *, yes: bool, detach: bool) -> int:
    """Take a rollout back by another one, after showing it and asking."""
    screen = Screen(format_)
    if not yes and not screen.is_terminal:
        raise WrongUsageError(
            "`rollback` asks before it changes anything, and there is no terminal to ask on. "
            "Nothing was changed. Add --yes."
        )
    with open_session(reach, screen) as session:
        session.say_who()
        found = session.client.rollout(name)
        try:
            screen.show(plan_blocks(session.client.plan_rollback(found)))
        except NothingUpdatedError as nothing:
            return _nothing_to_do(found, "nothing_to_roll_back", nothing, session)
        if not yes:
            ask(screen)
        rollout = session.client.rollback(found)
        screen.say(f"{rollout.state.id} takes {found.state.id} back. Ctrl-C leaves it running.")
        return follow(rollout, session, detach=detach)


def _nothing_to_do(found: Rollout, key: str, nothing: OrgRolloutError, session: Session) -> int:
    """Tell that what was asked for is so already."""
    screen = session.screen
    if not screen.is_text:
        document = no_rollout_json(
            replace(found.plan, held_back={}, skipped=()), session.connection.calls
        )
        screen.result((), {**document, key: str(nothing)})
    screen.say(f"Nothing to do: {nothing}")
    return DONE


def _kinds(classes: Collection[str]) -> frozenset[FailureClass]:
    """Return the classes that were named, blanks and underscores alike; all where none was."""
    known = {word(kind): kind for kind in FailureClass}
    for name in classes:
        if word(name) not in known:
            raise WrongUsageError(
                f"--class {name}: there is none of that name. Write one of {', '.join(known)}."
            )
    return frozenset(known[word(name)] for name in classes) or frozenset(FailureClass)
