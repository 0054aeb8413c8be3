"""`plan`: what would change. And the picture that every other command begins with."""

import shlex
from dataclasses import replace
from pathlib import Path

from orgrollout.cli.actions.rollout.held import held_by_others, held_lines
from orgrollout.cli.actions.rollout.saved_plan import Options, must_be_free, read_saved, save_plan
from orgrollout.cli.errors import DONE, PENDING, WrongUsageError
from orgrollout.cli.options.filters import narrowing_of
from orgrollout.cli.options.groups import Reach
from orgrollout.cli.session import Session, open_session
from orgrollout.cli.terminal.screen import Screen
from orgrollout.manifest.load import load_manifest
from orgrollout.manifest.loaded import LoadedManifest
from orgrollout.plan.build.request import Request
from orgrollout.plan.checks.plan_rules import refused_by_rules
from orgrollout.plan.make_plan import make_plan
from orgrollout.plan.model.flow_logs import FlowLogForecast
from orgrollout.plan.model.plan import Plan
from orgrollout.reconcile.advice.count_flow_logs import count_flow_logs
from orgrollout.reconcile.reading.inventory import Refresh
from orgrollout.reconcile.reading.plan_request import Picture, request_from
from orgrollout.report.plan.as_json import plan_json
from orgrollout.report.plan.as_text import plan_blocks
from orgrollout.report.plan.flow_logs import forecast_json, forecast_lines


def plan(
    asked: Options,
    reach: Reach,
    format_: str,
    *,
    out: Path | None,
    pairs: bool,
    detailed_exitcode: bool,
    look: bool = False,
) -> int:
    """Show what `apply` would change; with ``look``, what its runbooks would make, too."""
    screen = Screen(format_)
    if out is not None:
        must_be_free(out)  # said before a large organization is read, and not after
    loaded = load_asked(asked)
    with open_session(reach, screen, loaded=loaded, read_only=True) as session:
        request = request_of(asked, loaded, session)
        # A plan that is only shown need not remember how all stands, which takes seconds for a
        # large organization.
        made = make_plan(request if out is not None else replace(request, ledger=None))
        counted = _counted(made, loaded, request, session) if look else None
        calls, who = session.connection.calls, session.connection.identity.arn
        now = session.context.clock.now()
        detect = session.detection(loaded)
        others = held_by_others(made, session)
    blocks = plan_blocks(made, pairs=pairs, now=now, detect=detect)
    held = [each.json for each in others]
    flow_logs = forecast_lines(counted, made) if counted is not None else ()
    screen.result(
        (*blocks, *flow_logs, *held_lines(others)),
        {
            **plan_json(made, calls),
            "held": held,
            "flow_logs": forecast_json(counted, made) if counted is not None else None,
        },
    )
    if out is not None:
        save_plan(out, asked, replace(made, planned_by=who))
        command = f"orgrollout apply {out}{session.options}"
        screen.say(f"Saved {out}. {_what_follows(made, command)}")
    if made.refused:
        raise refused_by_rules(made)
    return PENDING if detailed_exitcode and not made.is_empty else DONE


def _what_follows(made: Plan, command: str) -> str:
    """Return what becomes of a saved plan that is applied."""
    if made.refused:
        return f"`{command}` refuses it, too, as long as the rule holds."
    if made.waits_for:
        return f"`{command}` begins it, and it waits for an approval before anything is sent."
    return f"`{command}` carries it out, and asks nothing."


def _counted(
    made: Plan, loaded: LoadedManifest, request: Request, session: Session
) -> FlowLogForecast:
    with session.screen.working():
        return count_flow_logs(made, loaded, request, session.planning, session.screen.progress)


def show_saved(asked: Options, format_: str, *, pairs: bool) -> int:
    """Show a saved plan again: as it was made, whatever has changed since."""
    saved = read_saved(asked)
    if saved is None:
        raise WrongUsageError(
            f"{asked.manifest} is no saved plan. `orgrollout plan MANIFEST --out FILE` saves one."
        )
    detect = f"orgrollout drift {shlex.quote(str(saved.asked.manifest))} --detect"
    blocks = plan_blocks(saved.plan, pairs=pairs, detect=detect)
    Screen(format_).result(blocks, plan_json(saved.plan, {}))
    return DONE


def load_asked(asked: Options) -> LoadedManifest:
    """Return the manifest, with every stack set absent where all of it is to be destroyed.

    Raises:
        ManifestError: Something is wrong with it.
        WrongUsageError: Only a part of it was to be destroyed.
    """
    loaded = load_manifest(asked.manifest)
    if not asked.destroy:
        return loaded
    if not asked.narrow.is_empty:
        raise WrongUsageError(
            "--destroy takes everything away, and --account, --ou, --region and --stack-set never "
            "remove anything. Leave one or the other out; to take away one stack set, write "
            "`state: absent` in the manifest."
        )
    return loaded.offboarded()


def plan_of(asked: Options, loaded: LoadedManifest, session: Session) -> Plan:
    """Return the plan for a manifest, read without being able to write.

    Raises:
        OrgRolloutError: Something is wrong with the manifest, or with the way to AWS.
    """
    return make_plan(request_of(asked, loaded, session))


def request_of(asked: Options, loaded: LoadedManifest, session: Session) -> Request:
    """Return what a plan is made from, read without being able to write.

    Raises:
        OrgRolloutError: Something is wrong with the manifest, or with the way to AWS.
    """
    narrowing = narrowing_of(asked.narrow, loaded, session.connection.home_region)
    return request_from(
        loaded,
        picture_of(loaded, session, refresh=asked.refresh),
        session.planning,
        narrowing=narrowing,
        allow_removals=asked.allow_removals,
        allow_departed=asked.allow_departed,
        recover_inoperable=asked.recover_inoperable,
    )


def picture_of(
    loaded: LoadedManifest, session: Session, *, refresh: Refresh, drift: bool = False
) -> Picture:
    """Return what is wanted and what is there, after saying who is asking."""
    session.say_who()
    with session.screen.working():
        return session.client.look(loaded, refresh=refresh, drift=drift)
