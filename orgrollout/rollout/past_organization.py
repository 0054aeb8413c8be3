"""The organization of a past moment, as far as plans remember it."""

from collections.abc import Iterable, Sequence

from orgrollout.model.ids import AccountId, UnitId
from orgrollout.organization.snapshot import Account, AccountState, Organization, Unit
from orgrollout.plan.model.ledger_then import LedgerThen
from orgrollout.plan.model.plan import Plan

_NO_UNIT = Unit(id=UnitId("/"), name="/", parent=None, path="/")


def past_organization(read: LedgerThen | None, plans: Sequence[Plan]) -> Organization:
    """Return the accounts by what was ``read``, else those that plans name, in their units.

    The states of accounts are not remembered: all are given as active.
    """
    if read is None:
        return _as_plans_know(plans)
    accounts = zip(read.accounts, read.names, read.parents, strict=True)
    return Organization(
        id=plans[-1].organization,
        management_account=read.management_account,
        root=read.root,
        units={unit.id: unit for unit in read.units},
        accounts={id_: _account(id_, name, read.units[unit].id) for id_, name, unit in accounts},
    )


def _as_plans_know(plans: Sequence[Plan]) -> Organization:
    units = {_NO_UNIT.id: _NO_UNIT}
    parents: dict[AccountId, UnitId] = {}
    names: dict[AccountId, str] = {}
    for plan in plans:
        names.update(plan.names)
        units.update((UnitId(path), _unit(path)) for path in _with_those_above(plan.units))
        for path, accounts in plan.units.items():
            parents.update(dict.fromkeys(accounts, UnitId(path)))
    return Organization(
        id=plans[-1].organization,
        management_account=AccountId(""),
        root=_NO_UNIT.id,
        units=units,
        accounts={
            id_: _account(id_, name, parents.get(id_, _NO_UNIT.id)) for id_, name in names.items()
        },
    )


def _with_those_above(paths: Iterable[str]) -> Iterable[str]:
    for path in paths:
        above = path
        while above.rpartition("/")[0]:
            yield above
            above = above.rpartition("/")[0]
        yield above


def _unit(path: str) -> Unit:
    if path == _NO_UNIT.path:
        return _NO_UNIT
    above, _, name = path.rpartition("/")
    return Unit(id=UnitId(path), name=name, parent=UnitId(above or _NO_UNIT.path), path=path)


def _account(id_: AccountId, name: str, parent: UnitId) -> Account:
    return Account(id=id_, name=name, state=AccountState.ACTIVE, parent=parent)
