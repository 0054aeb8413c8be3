"""`--account --ou --region --stack-set`: which of the stack instances are meant."""

from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from orgrollout.api import Connection
from orgrollout.aws.organizations import read_organization
from orgrollout.cli.errors import WrongUsageError
from orgrollout.cli.options.groups import Narrow
from orgrollout.manifest.loaded import ENABLED, HOME, LoadedManifest
from orgrollout.manifest.regions import PARTITIONS
from orgrollout.manifest.text.shorthand import did_you_mean
from orgrollout.model.ids import AccountId, Pair, Region, StackSetKey, UnitId
from orgrollout.organization.snapshot import Organization
from orgrollout.organization.tree import OrganizationTree
from orgrollout.plan.model.plan import Plan
from orgrollout.reconcile.reading.plan_request import Narrowing
from orgrollout.rollout.state.state import Failure

T = TypeVar("T")
Chosen = Callable[[StackSetKey, Pair], bool]


def narrowing_of(narrow: Narrow, loaded: LoadedManifest, home: Region) -> Narrowing | None:
    """Return what narrows a plan, or nothing where everything is meant.

    ``home`` is what the manifest means by the home Region.

    Raises:
        WrongUsageError: A Region or a stack set that the manifest does not have.
    """
    if narrow.is_empty:
        return None
    keys = [StackSetKey(key) for key in loaded.manifest.stack_sets]
    by_name: dict[str, StackSetKey] = {str(loaded.stack_set_name(key)): key for key in keys}
    by_name |= {str(key): key for key in keys}
    stack_sets = known_names("--stack-set", narrow.stack_set, by_name)
    known_names("--region", narrow.region, {region: region for region in regions_of(loaded, home)})
    names = loaded.manifest.accounts
    return lambda organization: chooser(narrow, organization, names, stack_sets)


def regions_of(loaded: LoadedManifest, home: Region) -> frozenset[str]:
    """Return where stack sets of the manifest may go. ``home`` is what it means by that."""
    keys = map(StackSetKey, loaded.manifest.stack_sets)
    named = {region for key in keys for region in loaded.regions(key)}
    # Which Regions are enabled differs from account to account, so there any that exists will do.
    some = frozenset(home if region == HOME else region for region in named - {ENABLED})
    return some | PARTITIONS.keys() if ENABLED in named else some


def chooser(
    narrow: Narrow,
    organization: Organization,
    names: Mapping[str, str],
    stack_sets: frozenset[StackSetKey] | None,
) -> Chosen:
    """Return whether a stack instance is meant. ``names`` are the manifest's for accounts.

    Raises:
        WrongUsageError: An account or a unit that the organization does not have.
    """
    return _by_place(narrow, _accounts(narrow, organization, names), stack_sets)


def _by_place(
    narrow: Narrow,
    accounts: frozenset[AccountId] | None,
    stack_sets: frozenset[StackSetKey] | None,
) -> Chosen:
    regions = frozenset(narrow.region) if narrow.region else None

    def chosen(key: StackSetKey, pair: Pair) -> bool:
        return (
            (stack_sets is None or key in stack_sets)
            and (accounts is None or pair.account in accounts)
            and (regions is None or pair.region in regions)
        )

    return chosen


def _accounts(
    narrow: Narrow, organization: Organization, names: Mapping[str, str]
) -> frozenset[AccountId] | None:
    """Return the accounts that are named or below a unit that is; both given: both must hold."""
    by_name = _unique_names(organization, narrow.account or ())
    by_name |= {name: AccountId(account) for name, account in names.items()}
    by_name |= {account: account for account in organization.accounts}
    shown: dict[str, str] = {
        account: _shown(organization, account) for account in organization.accounts
    }
    shown |= {name: f"{name} {account}" for name, account in by_name.items() if name != account}
    named = known_names("--account", narrow.account, by_name, shown)
    if not narrow.ou:
        return named
    tree = OrganizationTree(organization)
    below = frozenset(a for unit in narrow.ou for a in tree.accounts_under(_unit(tree, unit)))
    return below if named is None else named & below


def _shown(organization: Organization, account: AccountId) -> str:
    return f"{organization.accounts[account].name} {account}".strip()


def _unique_names(organization: Organization, wanted: Iterable[str]) -> dict[str, AccountId]:
    by_name = {a.name: a.id for a in organization.accounts.values()}
    for name in wanted:
        called = sorted(a.id for a in organization.accounts.values() if a.name == name)
        if len(called) > 1:
            raise WrongUsageError(
                f"--account {name}: several accounts are called so: {', '.join(called)}. Use an id."
            )
    return by_name


def _unit(tree: OrganizationTree, reference: str) -> UnitId:
    units = tree.units_called(reference)
    if len(units) == 1:
        return units[0]
    if units:
        which = ", ".join(sorted(units))
        raise WrongUsageError(f"--ou {reference}: several units are called so: {which}. Use an id.")
    hint = did_you_mean(reference, tree.references, otherwise="Write its path, id or name.")
    raise WrongUsageError(f"--ou {reference}: there is no such organizational unit. {hint}")


def known_names(
    option: str,
    given: Iterable[str] | None,
    known: Mapping[str, T],
    shown: Mapping[str, str] | None = None,
) -> frozenset[T] | None:
    """Return what the given names stand for, or nothing where none was given.

    ``shown`` says how a hint names what is known, where that is not by its name alone.
    """
    if not given:
        return None
    for name in given:
        if name not in known:
            hint = did_you_mean(name, known, shown=shown)
            raise WrongUsageError(f"{option} {name}: there is none of that name. {hint}".strip())
    return frozenset(known[name] for name in given)


def failure_filter(narrow: Narrow, plan: Plan, connection: Connection) -> Callable[[Failure], bool]:
    """Return whether a failure of a rollout is meant. Reads the organization only if it must.

    Raises:
        WrongUsageError: A stack set that the plan does not have, or an unknown account or unit.
    """
    if narrow.is_empty:
        return lambda _: True
    by_name = {str(s.name): key for key, s in plan.stack_sets.items()}
    by_name |= {str(key): key for key in plan.stack_sets}
    stack_sets = known_names("--stack-set", narrow.stack_set, by_name)
    if narrow.account or narrow.ou:
        organization = read_organization(connection, with_tags=False)
        chosen = chooser(narrow, organization, {}, stack_sets)
    else:
        chosen = _by_place(narrow, None, stack_sets)
    return lambda failure: chosen(plan.operations[failure.planned].stack_set, failure.pair)
