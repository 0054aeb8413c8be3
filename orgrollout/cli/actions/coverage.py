"""`coverage`: the ledger of a manifest, from what is wanted, what is there and what goes on."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from orgrollout.cli.actions.plan import picture_of
from orgrollout.cli.errors import DONE, FINDINGS, WrongUsageError
from orgrollout.cli.options.filters import narrowing_of
from orgrollout.cli.options.shared import Narrow, Reach
from orgrollout.cli.session import Session, open_session
from orgrollout.cli.terminal.screen import Screen
from orgrollout.drift.ignoring import accepted_check, in_force
from orgrollout.drift.posture_record import Accepts
from orgrollout.manifest.load import load_manifest
from orgrollout.manifest.loaded import LoadedManifest
from orgrollout.manifest.text.shorthand import did_you_mean
from orgrollout.model.ids import StackSetKey
from orgrollout.reconcile.documents.posture import known_posture
from orgrollout.reconcile.documents.rollouts import Rollout, load_rollout, rollout_states
from orgrollout.reconcile.drift.accepted import accepted_drift
from orgrollout.reconcile.reading.inventory import Refresh
from orgrollout.reconcile.reading.plan_request import Picture
from orgrollout.report.coverage import coverage_blocks, coverage_json, coverage_sheet
from orgrollout.rollout.coverage import (
    CoverageRow,
    CoverageState,
    cover_stack_set,
    doing,
    with_posture,
)


def coverage(
    manifest: Path,
    narrow: Narrow,
    reach: Reach,
    format_: str,
    *,
    states: Iterable[str],
    fail_on: Iterable[str],
    refresh: Refresh,
) -> int:
    """Show the ledger; 3 if a pair is in one of the states to fail on."""
    screen = Screen(format_)
    chosen = _states("--state", states)
    failing = _states("--fail-on", fail_on)
    loaded = load_manifest(manifest)
    with open_session(reach, screen, loaded=loaded, read_only=True) as session:
        narrowing = narrowing_of(narrow, loaded, session.connection.home_region)
        picture = picture_of(loaded, session, refresh=refresh, drift=True)
        newest = _newest(loaded.manifest.name, session)
        with screen.working():
            rows = list(_rows(loaded, picture, session, newest))
        now = session.connection.clock.now()
        detect = f"orgrollout drift {loaded.path} --detect{session.options}"
    organization = picture.organization
    if narrowing is not None:
        is_meant = narrowing(organization)
        rows = [row for row in rows if is_meant(row.stack_set, row.pair)]
    shown = [row for row in rows if row.state in chosen] if chosen else rows
    if format_ == "csv":
        screen.sheet(coverage_sheet(shown, organization))
    else:
        screen.result(
            coverage_blocks(rows, organization, now, chosen=chosen, detect=detect),
            coverage_json(rows, shown, organization),
        )
    return FINDINGS if any(row.state in failing for row in rows) else DONE


def _rows(
    loaded: LoadedManifest, picture: Picture, session: Session, newest: Rollout | None
) -> Iterator[CoverageRow]:
    """Yield the ledger in the order of the manifest, then by account and Region."""
    for key, desired in picture.desired.stack_sets.items():
        inventory = picture.inventory.stack_sets.get(desired.name)
        now = doing(newest.plan, newest.state, key) if newest else None
        world, progress = session.planning, session.screen.progress
        accepted = accepted_drift(loaded, desired, inventory, world, progress)
        rows = cover_stack_set(desired, inventory, now, accepted)
        template = loaded.templates.get(key)
        if template is not None and template.metadata.posture:
            accepts = _accepts(loaded, key, session)
            known = known_posture(session.world.journal, desired.name, desired.pairs, accepts)
            rows = with_posture(rows, desired, known)
        yield from sorted(rows, key=lambda row: row.pair)


def _accepts(loaded: LoadedManifest, key: StackSetKey, session: Session) -> Accepts:
    """Return what tells why the manifest accepts that a check is broken for something."""
    rules = in_force(loaded.manifest.drift.ignore, session.connection.clock.now().date())
    return lambda about: accepted_check(rules, key, *about)


def _newest(manifest: str, session: Session) -> Rollout | None:
    journal = session.world.journal
    mine = [state.id for state in rollout_states(journal) if state.manifest == manifest]
    return load_rollout(journal, mine[-1]) if mine else None


def _states(option: str, given: Iterable[str]) -> frozenset[CoverageState]:
    names = [name.strip() for text in given for name in text.split(",") if name.strip()]
    known = [state.value for state in CoverageState]
    for name in names:
        if name not in known:
            hint = did_you_mean(name, known, otherwise=f"One of {', '.join(known)}.")
            raise WrongUsageError(f"{option} {name}: there is no such state. {hint}")
    return frozenset(CoverageState(name) for name in names)
