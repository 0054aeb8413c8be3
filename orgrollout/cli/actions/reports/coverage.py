"""`coverage`: the ledger of a manifest, from what is wanted, what is there and what goes on."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

from orgrollout.cli.actions.reports.coverage_as_of import Ledger, ledger_as_of
from orgrollout.cli.actions.rollout.plan import picture_of
from orgrollout.cli.errors import DONE, FINDINGS, WrongUsageError
from orgrollout.cli.options.filters import narrowing_of
from orgrollout.cli.options.groups import Narrow, Reach
from orgrollout.cli.session import Session, open_session
from orgrollout.cli.terminal.screen import Screen
from orgrollout.manifest.load import load_manifest
from orgrollout.manifest.loaded import LoadedManifest
from orgrollout.manifest.text.shorthand import did_you_mean
from orgrollout.model.ids import StackSetKey
from orgrollout.reconcile.reading.inventory import Refresh
from orgrollout.report.coverage import (
    COLUMNS,
    About,
    coverage_blocks,
    coverage_cells,
    coverage_json,
)
from orgrollout.report.exchange.junit import junit_lines
from orgrollout.report.exchange.sarif import sarif_lines
from orgrollout.rollout.coverage import CoverageState


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What of the ledger is meant, and how it is looked at."""

    manifest: Path
    narrow: Narrow
    states: Iterable[str]
    fail_on: Iterable[str]
    as_of: str | None
    refresh: Refresh


def coverage(asked: Asked, reach: Reach, format_: str) -> int:
    """Show the ledger; 3 if a pair is in one of the states to fail on."""
    screen = Screen(format_)
    chosen = states_named("--state", asked.states)
    failing = states_named("--fail-on", asked.fail_on)
    loaded = load_manifest(asked.manifest)
    with open_session(reach, screen, loaded=loaded, read_only=True) as session:
        narrowing = narrowing_of(asked.narrow, loaded, session.connection.home_region)
        found = _ledger(asked, loaded, session)
        now = session.connection.clock.now()
    rows = found.rows
    if narrowing is not None:
        is_meant = narrowing(found.organization)
        rows = tuple(row for row in rows if is_meant(row.stack_set, row.pair))
    shown = tuple(row for row in rows if row.state in chosen) if chosen else rows
    is_part = found.about.narrowed or narrowing is not None or bool(chosen)
    about = replace(found.about, narrowed=is_part)
    organization = found.organization
    match format_:
        case "csv":
            screen.csv(COLUMNS, coverage_cells(shown, organization))
        case "junit":
            screen.lines(junit_lines(shown, organization))
        case "sarif":
            path = asked.manifest.as_posix()
            screen.lines(sarif_lines(shown, organization, path, lines_of(loaded)))
        case _:
            blocks = coverage_blocks(
                rows,
                organization,
                now,
                chosen=chosen,
                detect=found.detect,
                warnings=about.warnings,
            )
            screen.result(
                chain(found.opening, blocks), coverage_json(rows, shown, organization, about)
            )
    return FINDINGS if any(row.state in failing for row in rows) else DONE


def _ledger(asked: Asked, loaded: LoadedManifest, session: Session) -> Ledger:
    if asked.as_of is not None:
        return ledger_as_of(asked.as_of, loaded, session)
    picture = picture_of(loaded, session, refresh=asked.refresh, drift=True)
    with session.screen.working():
        rows = session.client.coverage(loaded, picture)
    return Ledger(
        rows=rows,
        organization=picture.organization,
        about=About(
            manifest=loaded.manifest.name,
            made=session.connection.clock.now(),
            narrowed=False,
            warnings=picture.desired.ending,
        ),
        detect=session.detection(loaded),
    )


def lines_of(loaded: LoadedManifest) -> dict[StackSetKey, int]:
    """Return in which line of the manifest each stack set begins."""
    places = ((key, loaded.root.get("stack_sets", key)) for key in loaded.manifest.stack_sets)
    return {
        StackSetKey(key): item.key_line or item.line for key, item in places if item is not None
    }


def states_named(option: str, given: Iterable[str]) -> frozenset[CoverageState]:
    """Return the states that an option names.

    Raises:
        WrongUsageError: There is no such state.
    """
    names = [name.strip() for text in given for name in text.split(",") if name.strip()]
    known = [state.value for state in CoverageState]
    for name in names:
        if name not in known:
            hint = did_you_mean(name, known, otherwise=f"One of {', '.join(known)}.")
            raise WrongUsageError(f"{option} {name}: there is no such state. {hint}")
    return frozenset(CoverageState(name) for name in names)
