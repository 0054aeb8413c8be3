"""`coverage --diff A B`: which pairs changed their state between two ledgers."""

from collections.abc import Callable
from pathlib import Path

from orgrollout.bounded_read import read_at_most
from orgrollout.cli.actions.reports.coverage import Asked, states_named
from orgrollout.cli.actions.reports.coverage_as_of import Ledger, ledger_as_of
from orgrollout.cli.errors import DONE, FINDINGS, WrongUsageError
from orgrollout.cli.options.filters import known_names
from orgrollout.cli.options.groups import Narrow, Reach
from orgrollout.cli.options.manifest_here import manifest_in
from orgrollout.cli.session import open_session
from orgrollout.cli.terminal.screen import Screen
from orgrollout.manifest.load import load_manifest
from orgrollout.report.ledger.difference import difference_of
from orgrollout.report.ledger.kept import Entry, KeptLedger, Place, accounts_in, read_export
from orgrollout.report.ledger.narrowed import account_names, accounts_below, narrowed, units_of
from orgrollout.report.ledger.shown import (
    COLUMNS,
    difference_blocks,
    difference_cells,
    difference_json,
)

_MOST = 1_000_000_000  # bytes; the ledger of 600,000 pairs has a third of that
_FORMATS = ("text", "json", "csv", "markdown")


def diff_ledgers(sides: tuple[str, str], asked: Asked, reach: Reach, format_: str) -> int:
    """Show what changed; 3 if a pair changed, or may have, into one of the states to fail on."""
    if asked.as_of is not None:
        raise WrongUsageError("--as-of does not go with --diff: name the moment there, as A or B.")
    if format_ not in _FORMATS:
        raise WrongUsageError(
            f"--diff has no --format {format_}: a change is neither passed nor failed. "
            f"One of {', '.join(_FORMATS)}."
        )
    screen = Screen(format_)
    chosen = states_named("--state", asked.states)
    failing = states_named("--fail-on", asked.fail_on)
    before, after = _ledgers(sides, asked, reach, screen)
    if before.organization and after.organization and before.organization != after.organization:
        raise WrongUsageError(
            f"{before.name} is of organization {before.organization}, and {after.name} of "
            f"{after.organization}. Nothing was compared: name two ledgers of one organization."
        )
    is_meant = _chooser(asked.narrow, (before, after))
    found = difference_of(narrowed(before, is_meant), narrowed(after, is_meant))
    if chosen:
        found = found.only({state.value for state in chosen})
    if format_ == "csv":
        screen.csv(COLUMNS, difference_cells(found.changes))
    else:
        screen.result(difference_blocks(found), difference_json(found))
    perhaps = (*found.changes, *found.not_known)  # what is not known may have changed into it
    return FINDINGS if any(each.after.state in failing for each in perhaps) else DONE


def _ledgers(
    sides: tuple[str, str], asked: Asked, reach: Reach, screen: Screen
) -> tuple[KeptLedger, KeptLedger]:
    """Return two ledgers: of files, or as the journal tells them of rollouts and moments."""
    files = {side: _ledger_in(Path(side)) for side in dict.fromkeys(sides) if _is_file(side)}
    past = [side for side in dict.fromkeys(sides) if side not in files]
    if not past:
        return files[sides[0]], files[sides[1]]
    manifest = manifest_in(asked.manifest) if asked.manifest.is_dir() else asked.manifest
    loaded = load_manifest(manifest)
    with open_session(reach, screen, loaded=loaded, read_only=True) as session:
        found = {side: _kept(side, ledger_as_of(side, loaded, session)) for side in past}
    return (files | found)[sides[0]], (files | found)[sides[1]]


def _is_file(side: str) -> bool:
    """Return whether a file is meant: there is one, or it looks like one."""
    path = Path(side)
    return path.exists() or len(path.parts) != 1 or path.suffix == ".json"


def _kept(name: str, ledger: Ledger) -> KeptLedger:
    """Return a past ledger as an export of it would be read."""
    accounts, units = ledger.organization.accounts, ledger.organization.units
    named = {id_: (each.name, units[each.parent].path) for id_, each in accounts.items()}
    entries = {
        Place(row.stack_set, *row.pair): Entry(
            row.state.value, row.reason, *named.get(row.pair.account, ("", ""))
        )
        for row in ledger.rows
    }
    return KeptLedger(
        name=name,
        entries=entries,
        is_whole=not ledger.about.narrowed,
        organization=ledger.organization.id,
        manifest=ledger.about.manifest,
        made=ledger.about.made,
        as_of=name,
        accounts=accounts_in(entries),
    )


def _ledger_in(path: Path) -> KeptLedger:
    """Return the ledger of a file.

    Raises:
        WrongUsageError: The file cannot be read, or is too large.
        ExportError: It holds no exported coverage.
    """
    try:
        content = read_at_most(path, _MOST)
    except OSError as error:
        raise WrongUsageError(
            f"--diff {path}: it cannot be read: {error.strerror or error}. Name two files that "
            "`orgrollout coverage MANIFEST --format json > FILE` wrote."
        ) from error
    if len(content) > _MOST:
        raise WrongUsageError(f"--diff {path}: it has more than {_MOST / 1e9:g} GB.")
    return read_export(content, str(path))


def _chooser(narrow: Narrow, ledgers: tuple[KeptLedger, ...]) -> Callable[[Place], bool]:
    """Return whether a pair is meant.

    Raises:
        WrongUsageError: None of the ledgers has what is named.
    """
    if narrow.is_empty:
        return lambda _: True
    places = [place for ledger in ledgers for place in ledger.entries]
    accounts = _accounts(narrow, ledgers)
    regions = known_names("--region", narrow.region, {p.region: p.region for p in places})
    stack_sets = known_names(
        "--stack-set", narrow.stack_set, {p.stack_set: p.stack_set for p in places}
    )
    return lambda place: (
        (accounts is None or place.account in accounts)
        and (regions is None or place.region in regions)
        and (stack_sets is None or place.stack_set in stack_sets)
    )


def _accounts(narrow: Narrow, ledgers: tuple[KeptLedger, ...]) -> frozenset[str] | None:
    named = known_names("--account", narrow.account, account_names(ledgers))
    accounts = None if named is None else frozenset().union(*named)
    if not narrow.ou:
        return accounts
    paths = known_names("--ou", narrow.ou, {path: path for path in units_of(ledgers)}) or ()
    below = frozenset(a for path in paths for a in accounts_below(ledgers, path))
    return below if accounts is None else accounts & below
