"""`resync`: look for what is not as deployed, show how it would be repaired, ask, repair, prove."""

from dataclasses import dataclass
from pathlib import Path

from orgrollout.cli.actions.drift.detect import Detected, detect_drift, patience_of
from orgrollout.cli.actions.drift.drift import has_role
from orgrollout.cli.actions.rollout.apply import carry_out, frozen_now, left_to_next_run
from orgrollout.cli.actions.rollout.earlier_jobs import EarlierJobs, OwnJob, finish_earlier_jobs
from orgrollout.cli.actions.rollout.supersede import but_for, claims_of_manifest, others_stopped
from orgrollout.cli.errors import DONE, FINDINGS, INTERRUPTED, UNSEEN, WAITING, WrongUsageError
from orgrollout.cli.options.filters import narrowing_of
from orgrollout.cli.options.groups import Narrow, Reach
from orgrollout.cli.session import Session, open_session
from orgrollout.cli.terminal.confirm import ask
from orgrollout.cli.terminal.screen import Screen
from orgrollout.drift.unattended import as_unattended, why_not_now
from orgrollout.manifest.load import load_manifest
from orgrollout.manifest.loaded import LoadedManifest
from orgrollout.model.operation import OperationAction
from orgrollout.plan.unattended.rules import rules_of
from orgrollout.reconcile.documents.rollout_errors import OpenRolloutError
from orgrollout.reconcile.drift.resync import ResyncPlan, ResyncRequest, seek_repairs
from orgrollout.reconcile.lifecycle.notify import tell_of_drift
from orgrollout.reconcile.reading.inventory import Refresh
from orgrollout.reconcile.reading.plan_request import Narrowing, Picture, look
from orgrollout.report.drift.as_text import Shown, drift_blocks
from orgrollout.report.drift.resync import left_blocks, left_json
from orgrollout.report.plan.as_json import plan_json
from orgrollout.report.plan.as_text import plan_blocks
from orgrollout.report.plan.unchecked import not_looked_at
from orgrollout.rollout.still_wanted import UnattendedJob

_ACTIONS = frozenset(action for action in OperationAction if not action.removes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What `resync` was asked for."""

    manifest: Path
    narrow: Narrow
    detect: bool
    timeout: str
    dry_run: bool
    yes: bool
    detach: bool
    unattended: bool
    recover_inoperable: bool
    recreate: bool
    supersede: bool
    wait: bool


def resync(asked: Options, reach: Reach, format_: str) -> int:
    """Repair what drifted; 3 if something is left, 4 if a person has to look first, 5 if unseen."""
    screen = Screen(format_)
    asks = not (asked.yes or asked.unattended or asked.dry_run)
    _must_make_sense(asked, screen, asks=asks)
    loaded = load_manifest(asked.manifest)
    patience = patience_of(asked.timeout)
    with open_session(reach, screen, loaded=loaded) as session:
        narrowing = narrowing_of(asked.narrow, loaded, session.connection.home_region)
        session.say_who()
        claims = claims_of_manifest(loaded, only_repairs=True) if asked.supersede else ()

        def first() -> Picture:
            return _look(loaded, session)

        with others_stopped(claims, session, first=first, yes=not asks) as stopped:
            earlier = _earlier(asked, loaded, session)
            detected = Detected()
            if asked.detect:
                detected = detect_drift(loaded, asked.narrow, session, patience)
                if detected.interrupted:
                    return INTERRUPTED
            picture, sought = _seek(asked, loaded, session, narrowing)
            if narrowing is None:  # a part says nothing of the whole
                tell_of_drift(loaded.manifest, sought.findings, session.context, screen.progress)
            _show(loaded, picture, sought, detected, session)
            own = _carried_out(
                *(asked, loaded, sought, detected, session),
                earlier=earlier,
                asks=asks,
                declined=but_for(stopped),
            )
            return earlier.code(own)


def _earlier(asked: Options, loaded: LoadedManifest, session: Session) -> EarlierJobs:
    """Return what became of earlier unattended jobs, which only such a job finishes."""
    if asked.dry_run or not asked.unattended:
        return EarlierJobs()
    own = OwnJob(
        may=_may(loaded),
        narrowed=not asked.narrow.is_empty,
        wanted=lambda: _look(loaded, session).desired.stack_sets,
    )
    return finish_earlier_jobs(loaded, session, own)


def _may(loaded: LoadedManifest) -> UnattendedJob:
    return UnattendedJob(
        actions=_ACTIONS,
        rollout_rules=rules_of(loaded.manifest.rollout),
        drift_rules=rules_of(loaded.manifest.drift),
    )


def _look(loaded: LoadedManifest, session: Session) -> Picture:
    screen = session.screen
    with screen.working():
        return look(
            loaded, session.planning, screen.progress, refresh=Refresh.INCREMENTAL, drift=True
        )


def _show(
    loaded: LoadedManifest,
    picture: Picture,
    sought: ResyncPlan,
    detected: Detected,
    session: Session,
) -> None:
    shown = Shown(
        organization=picture.organization,
        now=session.context.clock.now(),
        detected=detected.words,
        detect=session.detection(loaded),
        has_role=has_role(loaded),
    )
    session.screen.show(drift_blocks(sought.findings, shown))
    everything = not any(not_looked_at(sought.findings))
    session.screen.show(plan_blocks(sought.resync.plan, everything=everything))
    session.screen.show(left_blocks(sought.left))


def _must_make_sense(asked: Options, screen: Screen, *, asks: bool) -> None:
    """Refuse options that do not go together, before anything is read."""
    if asks and not screen.is_terminal:
        raise WrongUsageError(
            "`resync` asks before it changes anything, and there is no terminal to ask on. Nothing "
            "was read or changed. Add --yes, --unattended for cron and CI, or --dry-run to look."
        )
    if asked.unattended and (asked.recreate or asked.recover_inoperable or asked.supersede):
        raise WrongUsageError(
            "--unattended goes without --recreate, --recover-inoperable and --supersede: a person "
            "has to look at what is deleted, detached, or taken over. Nothing was read or changed."
        )
    if asked.unattended and asked.detach:
        raise WrongUsageError(
            "--unattended goes without --detach: in member accounts nothing goes on by itself, so "
            "nothing would be repaired. Nothing was read or changed."
        )
    if asked.dry_run and asked.supersede:
        raise WrongUsageError(
            "--dry-run goes without --supersede, which stops other re-syncs for good. Nothing was "
            "read or changed. Look with --dry-run first, and take over without it."
        )


def _seek(
    asked: Options, loaded: LoadedManifest, session: Session, narrowing: Narrowing | None
) -> tuple[Picture, ResyncPlan]:
    screen = session.screen
    picture = _look(loaded, session)
    with screen.working():
        sought = seek_repairs(
            loaded,
            picture,
            session.context,
            screen.progress,
            narrowing=narrowing,
            wanted=_wanted(asked, loaded),
        )
    return picture, sought


def _wanted(asked: Options, loaded: LoadedManifest) -> ResyncRequest:
    if asked.unattended:
        return ResyncRequest.unattended(loaded.manifest.drift.unattended)
    return ResyncRequest(
        refused_again=not asked.recreate,
        recover_inoperable=asked.recover_inoperable,
        recreate=asked.recreate,
    )


def _carried_out(
    asked: Options,
    loaded: LoadedManifest,
    sought: ResyncPlan,
    detected: Detected,
    session: Session,
    *,
    earlier: EarlierJobs,
    asks: bool,
    declined: str,
) -> int:
    screen, plan = session.screen, sought.resync.plan
    why = "--dry-run" if asked.dry_run else ""
    if asked.unattended:
        unattended = loaded.manifest.drift.unattended
        not_now = why_not_now(unattended, sought.resync, session.context.clock.now())
        plan = as_unattended(plan, loaded.manifest)
        why = "; ".join(filter(None, (why, not_now)))
    besides = {
        "left": left_json(sought.left),
        "nothing_repaired": why or None,
        "detected": dict(detected.words),
        "not_checked": list(not_looked_at(sought.findings)),
        **earlier.json,
    }
    if why and not plan.is_empty:
        screen.say(f"Nothing was repaired: {why}.")
        if not screen.is_text:
            screen.result((), {**plan_json(plan, session.connection.calls), **besides})
        return FINDINGS if asked.dry_run else WAITING
    if asks and not plan.is_empty and (asked.wait or not frozen_now(plan, session)):
        ask(screen, "Repair this?", declined=declined)
    try:
        code = carry_out(
            plan,
            session,
            detach=asked.detach,
            supersede=asked.supersede,
            besides=besides,
            wait=asked.wait,
        )
    except OpenRolloutError as error:
        if not asked.unattended:
            raise
        return left_to_next_run(plan, session, error, besides)
    return _code(sought, detected) if code == DONE else code


def _code(sought: ResyncPlan, detected: Detected) -> int:
    """Return the exit code where what could be repaired is: something may be left, or unseen."""
    found = sought.findings
    if any(not each.finding.unseen for each in sought.left):
        return FINDINGS
    if found.is_blind_to_drift or found.is_blind_to_posture:
        return UNSEEN
    return FINDINGS if sought.left or detected.is_short_of(found) else DONE
