"""`apply`: show the plan, ask, carry it out, and tell how it ended."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

from orgrollout.aws.organizations import describe_organization
from orgrollout.cli.actions.rollout.follow import follow
from orgrollout.cli.actions.rollout.next_steps import next_step
from orgrollout.cli.actions.rollout.plan import load_asked, plan_of, request_of
from orgrollout.cli.actions.rollout.saved_plan import Options, Saved, read_saved
from orgrollout.cli.actions.rollout.supersede import but_for, claims_of_manifest, others_stopped
from orgrollout.cli.errors import DONE, WAITING, WrongUsageError
from orgrollout.cli.options.groups import Reach
from orgrollout.cli.session import Session, open_session
from orgrollout.cli.terminal.confirm import ask
from orgrollout.cli.terminal.screen import Screen
from orgrollout.errors import OrgRolloutError
from orgrollout.manifest.loaded import LoadedManifest
from orgrollout.plan.checks.plan_rules import refused_by_rules
from orgrollout.plan.model.plan import Plan
from orgrollout.reconcile.documents.rollout_errors import OpenRolloutError
from orgrollout.reconcile.documents.rollouts import Rollout, load_rollout
from orgrollout.report.layout.words import iso, moment
from orgrollout.report.plan.as_text import plan_blocks
from orgrollout.report.rollout.as_json import no_rollout_json


class FrozenError(OrgRolloutError):
    """A freeze holds. Nothing was started, and nothing is claimed."""

    exit_code: ClassVar[int] = WAITING

    def __init__(self, until: datetime) -> None:
        super().__init__(
            f"a freeze holds until {moment(until)}: nothing was started, and no stack set is "
            "claimed. Repeat the command after it; --wait begins now and waits for its end."
        )


def apply(
    asked: Options,
    reach: Reach,
    format_: str,
    *,
    yes: bool,
    detach: bool,
    supersede: bool = False,
    wait: bool = False,
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
    if saved and loaded.home_region is None:  # made before a manifest had to say so
        loaded = loaded.at_home(saved.plan.home_region)
    with open_session(reach, screen, loaded=loaded) as session:
        asks = saved is None and not yes
        claims = claims_of_manifest(loaded) if supersede else ()

        def planned() -> Plan:
            return _planned(asked, saved, loaded, session)

        def first() -> None:
            if supersede and not wait and (until := frozen_now(planned(), session)):
                raise FrozenError(until)

        with others_stopped(claims, session, first=first, yes=not asks) as stopped:
            made = planned()
            now, detect = session.context.clock.now(), session.detection(loaded)
            screen.show(plan_blocks(made, now=now, detect=detect))
            if made.refused:
                raise refused_by_rules(made)
            starts = not made.is_empty and (wait or not frozen_now(made, session))
            if asks and starts:
                ask(screen, declined=but_for(stopped))
            return carry_out(made, session, detach=detach, supersede=supersede, wait=wait)


def _planned(asked: Options, saved: Saved | None, loaded: LoadedManifest, session: Session) -> Plan:
    if saved is None:
        return plan_of(asked, loaded, session)
    organization, _ = describe_organization(session.connection)
    saved.must_be_meant_for(organization, session.connection.home_region)
    return saved.checked_against(request_of(asked, loaded, session))


def carry_out(
    made: Plan,
    session: Session,
    *,
    detach: bool = False,
    supersede: bool = False,
    besides: Mapping[str, Any] | None = None,
    wait: bool = False,
) -> int:
    """Begin a rollout of the plan, follow it to its end, and return the exit code.

    ``besides`` are keys of the document that is put out for programs. In a freeze nothing begins,
    and no stack set is claimed, unless it is asked to ``wait``.
    """
    screen = session.screen
    if made.is_empty:
        if not screen.is_text:
            document = no_rollout_json(made, session.connection.calls)
            screen.result(plan_blocks(made), {**document, **(besides or {})})
        return DONE
    if not wait and (until := frozen_now(made, session)):
        return _held_up(made, session, until, besides)
    rollout = _begun(made, session, supersede=supersede)
    name = rollout.state.id
    leaves = f" Ctrl-C leaves it running; `orgrollout stop {name}{session.options}` stops it."
    screen.say(f"{name} started.{'' if session.forgets else leaves}")
    return follow(rollout, session, detach=detach, besides=besides)


def _begun(made: Plan, session: Session, *, supersede: bool) -> Rollout:
    try:
        return session.client.begin(made, supersede=supersede)
    except OpenRolloutError as error:
        other = load_rollout(session.context.journal, error.other)
        if hint := next_step(other, session):
            error.add_note(hint)
        raise


def frozen_now(made: Plan, session: Session) -> datetime | None:
    """Return when the freeze ends in which the plan would begin, if there is one."""
    return session.client.frozen_until(made)


def left_to_next_run(
    made: Plan, session: Session, error: OpenRolloutError, besides: Mapping[str, Any]
) -> int:
    """Tell that another rollout works there, and return the exit code.

    The next run finds what is still to be done.
    """
    screen = session.screen
    if not screen.is_text:
        document = no_rollout_json(made, session.connection.calls)
        held = {"outcome": "waiting", "held_by": error.other}
        screen.result(plan_blocks(made), {**document, **held, **besides})
    screen.errors.print(f"left to the next run: {error}", markup=False)
    return WAITING


def _held_up(
    made: Plan, session: Session, until: datetime, besides: Mapping[str, Any] | None
) -> int:
    screen = session.screen
    if not screen.is_text:
        document = no_rollout_json(made, session.connection.calls)
        frozen = {"outcome": "waiting", "frozen_until": iso(until)}
        screen.result(plan_blocks(made), {**document, **frozen, **(besides or {})})
    screen.say(str(FrozenError(until)), "yellow")
    return WAITING
