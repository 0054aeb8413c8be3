"""What a plan refuses to do, and why. Each refusal names what is in the way and the way out."""

from collections.abc import Iterable, Sequence

from orgrollout.errors import OrgRolloutError
from orgrollout.inventory.inventory import StackSetInventory
from orgrollout.manifest.schema import Manifest
from orgrollout.manifest.template.declared import declared_parameters
from orgrollout.model.ids import AccountId
from orgrollout.model.service_owned import owning_service
from orgrollout.organization.desired import DesiredStackSet
from orgrollout.plan.build.compare import Differences
from orgrollout.plan.build.definition_differences import definition_differences
from orgrollout.plan.build.membership import Membership

MAX_INSTANCES = 100_000  # stack instances per stack set (CloudFormation quotas)


class PlanRefusedError(OrgRolloutError):
    """The manifest asks for something that would do harm. Nothing was sent to AWS."""

    def __init__(self, reasons: Sequence[str]) -> None:
        super().__init__("\n".join(reasons))
        self.reasons = tuple(reasons)


def ownership(
    desired: DesiredStackSet, inventory: StackSetInventory | None, manifest: str
) -> list[str]:
    """Return why a stack set that exists may not be touched."""
    tags = inventory.deployed.definition.tags if inventory is not None else {}
    if inventory is not None and (why := owning_service(desired.name, tags)):
        return [
            f"stack set {desired.name} is not yours to change: {why}. Nothing was changed. Give "
            f"another stack_set_name to stack_sets.{desired.key}."
        ]
    if inventory is None or desired.adopt or inventory.deployed.owner == manifest:
        return []
    owner = inventory.deployed.owner
    whose = f"belongs to the manifest {owner}" if owner else "was not made by orgrollout"
    return [
        f"stack set {desired.name} exists and {whose}. Nothing was changed. "
        f"Give `adopt: true` to stack_sets.{desired.key} to take it over, or another "
        "stack_set_name."
    ]


def unsupported_changes(desired: DesiredStackSet, inventory: StackSetInventory | None) -> list[str]:
    """Return why CloudFormation would not take the change."""
    if inventory is None or desired.absent:
        return []
    return [*_permission_model(desired, inventory), *_new_and_overridden(desired, inventory)]


def too_many_instances(desired: DesiredStackSet) -> list[str]:
    """Return why the stack set would outgrow its quota."""
    if len(desired.pairs) <= MAX_INSTANCES:
        return []
    return [
        f"stack set {desired.name} would have {len(desired.pairs):,} stack instances, but "
        f"{MAX_INSTANCES:,} is the quota. Split stack_sets.{desired.key} into several, "
        "each with some of its Regions."
    ]


def removals(
    differences: Iterable[Differences],
    manifest: Manifest,
    allowed: int | None,
    membership: Membership,
) -> list[str]:
    """Return why the removals are more than the guards allow.

    Accounts are counted, not pairs. Those that are suspended or closed are counted apart, against
    the same number: no stack of theirs can be deleted.
    """
    going, active = _going(differences), membership.active
    limit = manifest.guards.max_removed_accounts if allowed is None else allowed
    found = protected(going, manifest)
    for accounts, what in (
        (going & active, "accounts would lose stack instances"),
        (
            going & membership.dormant.keys(),
            "accounts that are suspended or closed would be detached from their stack sets",
        ),
    ):
        if len(accounts) > limit:
            found.append(
                f"{len(accounts)} {what}, but guards.max_removed_accounts is {limit}: "
                f"{_some(sorted(accounts))}. Nothing was changed. If all of them are meant, use "
                f"--allow-removals {len(accounts)}."
            )
    return found


def departed(differences: Iterable[Differences], membership: Membership) -> frozenset[AccountId]:
    """Return the accounts that lose stack instances because the organization lacks them."""
    return frozenset(_going(differences) - membership.members)


def departures(differences: Iterable[Differences], limit: int, membership: Membership) -> list[str]:
    """Return why accounts that left the organization are not removed from without being asked for.

    A list of accounts that was read by halves must not detach anything.
    """
    gone = departed(differences, membership)
    if len(gone) <= limit:
        return []
    one = len(gone) == 1
    what = "1 account is" if one else f"{len(gone)} accounts are"
    return [
        f"{what} no longer in the organization, and {'its' if one else 'their'} stack instances "
        f"would be detached, but guards.max_departed_accounts is {limit}: {_some(sorted(gone))}. "
        f"Nothing was changed. If this is meant, use --allow-departed {len(gone)}."
    ]


def definition_target(
    desired: DesiredStackSet, differences: Differences, *, kept: bool, instances: bool
) -> list[str]:
    """Return why a changed definition cannot be sent: without a target it would touch all."""
    if kept or not instances or not (differences.creates or differences.updates):
        return []
    asleep = (
        " Those in accounts that are suspended are detached only by `guards: {detach_suspended: "
        "true}`, and those under a waiver stay as they are until it ends."
        if differences.left_alone
        else ""
    )
    return [
        f"stack set {desired.name}: its definition changed, and none of the stack instances it has "
        "is both kept and selected, so the new definition can only be sent to all of them. "
        "Plan without --account, --ou and --region, or remove the old stack instances first."
        f"{asleep}"
    ]


def protected(going: Iterable[AccountId], manifest: Manifest) -> list[str]:
    """Return why nothing may be removed from some accounts, whatever else is allowed."""
    never = {manifest.accounts.get(n, n) for n in manifest.guards.never_remove_from.accounts}
    return [
        f"account {account} is in guards.never_remove_from, but stack instances would be removed "
        "from it. Nothing was changed. Target it again (or leave out --recover-inoperable), or "
        "take it off that list."
        for account in sorted(never & set(going))
    ]


def _going(differences: Iterable[Differences]) -> set[AccountId]:
    return {
        pair.account
        for difference in differences
        for pairs in (*difference.removals.values(), difference.recovered)
        for pair in pairs
    }


def _permission_model(desired: DesiredStackSet, inventory: StackSetInventory) -> list[str]:
    now, wanted = inventory.deployed.definition, desired.definition
    if now.permission_model is wanted.permission_model:
        return []
    return [
        f"stack set {desired.name} is {now.permission_model}, and a stack set cannot become "
        f"{wanted.permission_model}. Use another stack_set_name for stack_sets.{desired.key}."
    ]


def _new_and_overridden(desired: DesiredStackSet, inventory: StackSetInventory) -> list[str]:
    if not inventory.instances:
        return []
    changed = definition_differences(inventory.deployed.definition, desired.definition)
    if "template" not in changed:
        return []
    known = set(declared_parameters(inventory.deployed.definition.template_body))
    new = sorted({n for o in desired.parameter_sets.values() for n in o} - known)
    return [
        f"stack set {desired.name}: parameter {name} is new in the template and overridden at the "
        "same time, but CloudFormation wants a new parameter on all stack instances first. Apply "
        "once without the override, then with it."
        for name in new
    ]


def _some(accounts: Sequence[AccountId], most: int = 5) -> str:
    shown = ", ".join(accounts[:most])
    return shown if len(accounts) <= most else f"{shown} and {len(accounts) - most} more"
