"""`coverage`: the ledger of a manifest, from what is wanted, what is there and what goes on."""

from collections.abc import Iterable
from pathlib import Path

from orgrollout.cli.actions.plan import picture_of
from orgrollout.cli.errors import DONE, FINDINGS, WrongUsageError
from orgrollout.cli.options.filters import narrowing_of
from orgrollout.cli.options.shared import Narrow, Reach
from orgrollout.cli.session import open_session
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
    chosen = states_named("--state", states)
    failing = states_named("--fail-on", fail_on)
    loaded = load_manifest(manifest)
    with open_session(reach, screen, loaded=loaded, read_only=True) as session:
        narrowing = narrowing_of(narrow, loaded, session.connection.home_region)
        picture = picture_of(loaded, session, refresh=refresh, drift=True)
        with screen.working():
            rows = session.client.coverage(loaded, picture)
        now = session.connection.clock.now()
        detect = session.detection(loaded)
    organization = picture.organization
    if narrowing is not None:
        is_meant = narrowing(organization)
        rows = tuple(row for row in rows if is_meant(row.stack_set, row.pair))
    shown = tuple(row for row in rows if row.state in chosen) if chosen else rows
    is_part = narrowing is not None or bool(chosen)
    ending = picture.desired.ending
    about = About(manifest=loaded.manifest.name, made=now, narrowed=is_part, warnings=ending)
    match format_:
        case "csv":
            screen.csv(COLUMNS, coverage_cells(shown, organization))
        case "junit":
            screen.lines(junit_lines(shown, organization))
        case "sarif":
            screen.lines(sarif_lines(shown, organization, manifest.as_posix(), lines_of(loaded)))
        case _:
            screen.result(
                coverage_blocks(
                    rows, organization, now, chosen=chosen, detect=detect, warnings=ending
                ),
                coverage_json(rows, shown, organization, about),
            )
    return FINDINGS if any(row.state in failing for row in rows) else DONE


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
