"""The ledger of the moment in which a plan is made, for the plan to keep."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from orgrollout.inventory.inventory import Inventory
from orgrollout.model.ids import AccountId, StackSetKey
from orgrollout.organization.desired import DesiredStackSet
from orgrollout.organization.snapshot import Organization
from orgrollout.plan.build.compare import left_out_of
from orgrollout.plan.model.ledger_then import Alike, LedgerThen, StackSetThen, runs_of
from orgrollout.plan.model.targets import cover
from orgrollout.rollout.coverage import CoverageRow, CoverageState, cover_stack_set

MOST_REASONS = 100  # of one stack set; a failure of AWS may read differently in each account
NOT_KEPT = "the reason was not kept: there were too many"

Ledgers = Mapping[StackSetKey, tuple[CoverageRow, ...]]


def ledger_then(
    organization: Organization,
    desired: Mapping[StackSetKey, DesiredStackSet],
    inventory: Inventory,
    at: datetime,
) -> LedgerThen:
    """Return how every account x Region of every stack set stands, whatever a plan selects."""
    ledgers = {
        key: tuple(cover_stack_set(each, inventory.stack_sets.get(each.name), None))
        for key, each in desired.items()
    }
    known = organization.accounts
    units = tuple(sorted(organization.units.values(), key=lambda unit: unit.path))
    unit_numbers = {unit.id: number for number, unit in enumerate(units)}
    accounts = tuple(sorted(known))
    departed = _departed(organization, ledgers)
    numbers = {account: number for number, account in enumerate((*accounts, *departed))}
    return LedgerThen(
        at=at,
        management_account=organization.management_account,
        root=organization.root,
        units=units,
        accounts=accounts,
        names=tuple(known[account].name for account in accounts),
        parents=tuple(unit_numbers[known[account].parent] for account in accounts),
        departed=departed,
        stack_sets={
            key: StackSetThen(
                regions=each.regions, alike=tuple(_alike(ledgers[key], each, numbers))
            )
            for key, each in desired.items()
        },
    )


def _departed(organization: Organization, ledgers: Ledgers) -> tuple[AccountId, ...]:
    found = {row.pair.account for rows in ledgers.values() for row in rows}
    return tuple(sorted(found - organization.accounts.keys()))


def _alike(
    rows: Iterable[CoverageRow], desired: DesiredStackSet, numbers: Mapping[AccountId, int]
) -> Iterator[Alike]:
    found: dict[tuple[str, str, str], list[CoverageRow]] = defaultdict(list)
    for row in rows:
        told = row.state.value, row.reason, _once_gone(row, desired)
        if told not in found and len(found) >= MOST_REASONS:
            told = row.state.value, NOT_KEPT, told[2]
        found[told].append(row)
    for (state, reason, left_out), mine in found.items():
        yield Alike(
            state=state,
            reason=reason,
            left_out=left_out,
            where=tuple(
                (runs_of(numbers[account] for account in each.accounts), each.regions)
                for each in cover(row.pair for row in mine)
            ),
        )


def _once_gone(row: CoverageRow, desired: DesiredStackSet) -> str:
    """Return what coverage calls an orphaned pair once its stack instance is gone."""
    if row.state is not CoverageState.ORPHANED:
        return ""
    why = left_out_of(desired, row.pair)
    return why.state.value if why is not None else CoverageState.OUT_OF_SCOPE.value
