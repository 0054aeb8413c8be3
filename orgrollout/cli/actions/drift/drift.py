"""`drift`: what is not as deployed, after looking for it if that is asked for."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from orgrollout.cli.actions.drift.detect import Detected, detect_drift, patience_of
from orgrollout.cli.errors import DONE, FINDINGS, INTERRUPTED, UNSEEN
from orgrollout.cli.options.filters import narrowing_of
from orgrollout.cli.options.groups import Narrow, Reach
from orgrollout.cli.session import Session, open_session
from orgrollout.cli.terminal.screen import Screen
from orgrollout.drift.findings import Findings
from orgrollout.drift.history import Record, seen, with_changes
from orgrollout.drift.who.answer import ChangedBy
from orgrollout.journal.errors import JournalError
from orgrollout.manifest.load import load_manifest
from orgrollout.manifest.loaded import LoadedManifest
from orgrollout.model.ids import Digest, StackSetKey
from orgrollout.reconcile.documents.findings import history, remember_changes, remember_findings
from orgrollout.reconcile.documents.rollout_summaries import summaries
from orgrollout.reconcile.drift.look_at_posture import look_at_posture
from orgrollout.reconcile.drift.read_findings import Chosen, gather_findings
from orgrollout.reconcile.drift.who_changed import WhoChanged
from orgrollout.reconcile.lifecycle.notify import tell_of_drift
from orgrollout.reconcile.reading.inventory import Refresh
from orgrollout.reconcile.reading.organization import read_for
from orgrollout.reconcile.reading.plan_request import look
from orgrollout.report.drift.as_json import drift_json, drift_sheet
from orgrollout.report.drift.as_text import Shown, drift_blocks
from orgrollout.report.drift.history import history_blocks, history_json, history_sheet


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What `drift` was asked for."""

    manifest: Path
    narrow: Narrow
    detect: bool
    who: bool
    timeout: str
    refresh: Refresh


def drift(asked: Options, reach: Reach, format_: str) -> int:
    """Show what is not as deployed.

    3 if any of it is real, or some of it could not be looked at; 5 if none is real, and drift, or
    posture where it was to be looked at, could be looked at nowhere.
    """
    screen = Screen(format_)
    loaded = load_manifest(asked.manifest)
    patience = patience_of(asked.timeout)
    looks_at_posture = asked.detect or not _has_checks(loaded)
    with open_session(reach, screen, loaded=loaded, read_only=not asked.detect) as session:
        narrowing = narrowing_of(asked.narrow, loaded, session.connection.home_region)
        session.say_who()
        detected = Detected()
        if asked.detect:
            detected = detect_drift(loaded, asked.narrow, session, patience)
            if detected.interrupted:
                return INTERRUPTED
        context, progress = session.planning, screen.progress
        with screen.working():
            picture = look(loaded, context, progress, refresh=asked.refresh, drift=True)
            chosen = narrowing(picture.organization) if narrowing else None
            posture = None
            if looks_at_posture:
                posture = look_at_posture(loaded, picture, context, progress, chosen=chosen)
            found = gather_findings(
                loaded, picture, context, progress, chosen=chosen, posture=posture
            )
            records = _remembered(found, session, chosen)
            if asked.who:
                asking = WhoChanged(loaded, picture, context, progress)
                told = asking.ask(found.findings, records)
                records = _with_changes(found, records, told, session)
        shown = Shown(
            organization=picture.organization,
            now=session.context.clock.now(),
            records=records,
            detected=detected.words,
            looked=asked.detect,
            detect=session.detection(loaded),
            has_role=has_role(loaded),
            first=_first(loaded, session) if chosen is None else "",
        )
        if chosen is None:  # a part says nothing of the whole
            tell_of_drift(loaded.manifest, found, session.context, progress)
        calls = session.connection.calls
    if format_ == "csv":
        screen.sheet(drift_sheet(found.findings, shown))
    else:
        screen.result(drift_blocks(found, shown), drift_json(found, shown, calls))
    return _code(found, detected, posture=looks_at_posture)


def _code(found: Findings, detected: Detected, *, posture: bool) -> int:
    if found.real:
        return FINDINGS
    if found.is_blind_to_drift or (posture and found.is_blind_to_posture):
        return UNSEEN
    return DONE if found.is_complete and not detected.is_short_of(found) else FINDINGS


def _first(loaded: LoadedManifest, session: Session) -> str:
    """Return the command of a first rollout; nothing where the journal has one already."""
    begun = (each.manifest for each in summaries(session.context.journal))
    return "" if loaded.manifest.name in begun else session.command("apply", loaded)


def has_role(loaded: LoadedManifest) -> bool:
    """Return whether the manifest names a role to look at posture with."""
    return bool(loaded.manifest.drift.probe_role or loaded.manifest.drift.resync_role)


def drift_history(manifest: Path, narrow: Narrow, reach: Reach, format_: str) -> int:
    """Show what became of all findings so far."""
    screen = Screen(format_)
    loaded = load_manifest(manifest)
    with open_session(reach, screen, loaded=loaded, read_only=True) as session:
        narrowing = narrowing_of(narrow, loaded, session.connection.home_region)
        session.say_who()
        chosen = None
        if narrowing is not None:
            with screen.working():
                chosen = narrowing(read_for(loaded.manifest, session.planning, screen.progress))
        records = _history(loaded, session, chosen)
    if format_ == "csv":
        screen.sheet(history_sheet(records))
    else:
        screen.result(history_blocks(records), history_json(records))
    return DONE


def _has_checks(loaded: LoadedManifest) -> bool:
    return any(template.metadata.posture for template in loaded.templates.values())


def _remembered(found: Findings, session: Session, chosen: Chosen | None) -> dict[Digest, Record]:
    """Note what was found, and return what is known of each finding.

    A journal that takes no more is no reason not to show what was found.
    """
    try:
        remember_findings(session.context.journal, session.context.clock.now(), found, chosen)
        journal = session.context.journal
        return {k: r for look in found.stack_sets for k, r in history(journal, look.name).items()}
    except JournalError as error:
        session.screen.progress(f"what was found is not remembered. {error}")
        return {}


def _with_changes(
    found: Findings,
    records: dict[Digest, Record],
    told: Mapping[Digest, ChangedBy],
    session: Session,
) -> dict[Digest, Record]:
    """Note who changed what, and return the records with it.

    What has no record, because the journal takes no more or there is too much, is shown as well.
    """
    try:
        remember_changes(session.context.journal, found, told)
    except JournalError as error:
        session.screen.progress(f"who changed what is not remembered. {error}")
    now = session.context.clock.now()
    unknown = [f for f in found.findings if f.key in told and f.key not in records]
    return dict(with_changes({**records, **seen({}, unknown, now)}, told))


def _history(loaded: LoadedManifest, session: Session, chosen: Chosen | None) -> tuple[Record, ...]:
    """Return the records of a manifest: what is there before what is over, the newest first."""
    names = [loaded.stack_set_name(StackSetKey(key)) for key in loaded.manifest.stack_sets]
    found = [r for name in names for r in history(session.context.journal, name).values()]
    meant = [r for r in found if chosen is None or chosen(r.stack_set, r.pair)]
    meant.sort(key=lambda record: (record.stack_set, record.pair, record.what, record.path))
    meant.sort(key=lambda record: record.last_seen, reverse=True)
    return tuple(sorted(meant, key=lambda record: not record.is_open))
