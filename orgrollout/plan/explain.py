"""What would be done about one account: the same comparison as in a plan, for its pairs alone."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from orgrollout.inventory.inventory import StackSetInventory
from orgrollout.manifest.schema import Manifest
from orgrollout.model.ids import AccountId, Pair, Region, StackSetKey, StackSetName
from orgrollout.model.stack_set import StackInstance
from orgrollout.organization.desired import DesiredStackSet
from orgrollout.organization.explain import AccountAnswer, ParameterOrigin
from orgrollout.organization.snapshot import Organization
from orgrollout.plan.build import waves
from orgrollout.plan.build.compare import NEW, Differences, compare
from orgrollout.plan.build.definition_differences import definition_differences
from orgrollout.plan.build.membership import Membership
from orgrollout.plan.build.needed_first import prerequisites
from orgrollout.plan.checks import refusals

NOTHING = "nothing"  # what a plan would do with a pair that is as it should be
LEFT_ALONE = "left alone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Intention:
    """What a plan would do with one pair, and why."""

    action: str  # create, update, detach, delete, nothing, left alone
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WaveOfAccount:
    """The wave in which a stack set reaches an account."""

    index: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionExplained:
    """One stack instance, wanted or there, with all that can be said of it."""

    region: Region
    intention: Intention
    deployed: StackInstance | None = None  # its overrides masked where the template says NoEcho
    parameters: tuple[ParameterOrigin, ...] = ()  # of one that is wanted


@dataclass(frozen=True, slots=True, kw_only=True)
class StackSetExplained:
    """What one stack set does with the account."""

    answer: AccountAnswer
    name: StackSetName
    exists: bool
    wave: WaveOfAccount | None
    regions: tuple[RegionExplained, ...]
    definition_changes: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()  # why a plan would not touch it


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountExplained:
    """One account of the organization under one manifest."""

    account: AccountId
    organization: Organization
    read: datetime  # when the organization was read; the account itself was looked at just now
    stack_sets: tuple[StackSetExplained, ...]


def only_of(desired: DesiredStackSet, account: AccountId) -> DesiredStackSet:
    """Return what one account should have of a stack set."""
    pairs = {p: s for p in _pairs(desired, account) if (s := desired.pairs.get(p)) is not None}
    return replace(desired, pairs=pairs)


def intentions(
    desired: DesiredStackSet,
    inventory: StackSetInventory | None,
    membership: Membership,
) -> Mapping[Pair, Intention]:
    """Return what a plan would do with each pair that is desired or deployed."""
    differences = compare(desired, inventory, membership)
    pairs = {*desired.pairs, *(inventory.instances if inventory else ())}
    return {pair: _intention(pair, differences) for pair in sorted(pairs)}


def refusals_of(
    desired: DesiredStackSet,
    everywhere: DesiredStackSet,
    inventory: StackSetInventory | None,
    manifest: Manifest,
    membership: Membership,
) -> tuple[str, ...]:
    """Return why a plan would be refused, as far as the account and its stack set tell."""
    differences = compare(desired, inventory, membership)
    return (
        *refusals.ownership(desired, inventory, manifest.name),
        *refusals.unsupported_changes(desired, inventory),
        *refusals.too_many_instances(everywhere),
        *refusals.removals([differences], manifest, None, membership),
        *refusals.departures([differences], manifest.guards.max_departed_accounts, membership),
    )


def definition_changes(
    desired: DesiredStackSet, inventory: StackSetInventory | None
) -> tuple[str, ...]:
    """Return what differs between the stack set as it is and as it should be, in words."""
    if inventory is None or desired.absent:
        return ()
    return definition_differences(inventory.deployed.definition, desired.definition)


def waves_of(
    account: AccountId,
    manifest: Manifest,
    organization: Organization,
    desired: Mapping[StackSetKey, DesiredStackSet],
) -> Mapping[StackSetKey, WaveOfAccount]:
    """Return, for each stack set that reaches the account, the wave in which a change gets there.

    A plan moves an account with new stack instances behind the wave that sends their definition;
    apart from that it goes by the same order.
    """
    reached = {key: each.accounts for key, each in desired.items()}
    everyone = frozenset[AccountId]().union(*reached.values())
    if account not in everyone:
        return {}
    names = waves.names(manifest)
    own = waves.assign(manifest, organization, everyone)[account]
    first = prerequisites(desired)
    found = {
        key: 0 if account in first.get(key, ()) else own
        for key, accounts in reached.items()
        if account in accounts
    }
    return {key: WaveOfAccount(index=index, name=names[index]) for key, index in found.items()}


def _pairs(desired: DesiredStackSet, account: AccountId) -> list[Pair]:
    return [Pair(account, region) for region in desired.regions]


def _intention(pair: Pair, differences: Differences) -> Intention:
    if pair in differences.creates:
        return Intention(action="create", reason=NEW)
    reason = differences.reasons.get(pair, "")
    if pair in differences.updates:
        return Intention(action="update", reason=reason)
    for action, pairs in differences.removals.items():
        if pair in pairs:
            return Intention(action=action.value, reason=reason)
    if pair in differences.inoperable:
        return Intention(action=LEFT_ALONE, reason=reason)
    if pair in differences.left_alone:
        return Intention(action=LEFT_ALONE, reason=differences.left_alone[pair])
    return Intention(action=NOTHING)
