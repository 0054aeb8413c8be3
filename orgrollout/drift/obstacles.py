"""Why a stack is not repaired in its account, and what is to be done about that first."""

from collections.abc import Mapping

from orgrollout.inventory.inventory import StackSetInventory, runs_state
from orgrollout.model.ids import Pair, RolloutId, StackSetKey
from orgrollout.model.stack_set import InstanceStatus
from orgrollout.organization.desired import DesiredStackSet
from orgrollout.plan.build.compare import Differences
from orgrollout.plan.build.definition_differences import definition_differences
from orgrollout.plan.build.request import Request

OTHERWISE = "the manifest differs from what is deployed; `orgrollout apply` it first"


def why_not_in_member_account(
    request: Request,
    brought: Differences,
    desired: DesiredStackSet,
    pair: Pair,
    held: Mapping[StackSetKey, RolloutId],
) -> str:
    """Return why a stack is not to be touched in its account; empty: it may be."""
    inventory = request.deployed(desired)
    if request.selected is not None and not request.selected(desired.key, pair):
        return "not selected"
    if pair.account not in request.membership.active:
        return "its account is not active; no stack of it can be repaired until it is"
    if pair in brought.updates or pair in brought.creates:
        return "it is brought up to date first; the next re-sync looks at it again"
    if inventory is None or not _runs_what_is_deployed(desired, inventory, pair):
        return _not_as_deployed(desired, inventory, pair, held)
    if request.member_role is None:
        return "no role is named that may repair: `drift: {resync_role: ...}`"
    return ""


def _runs_what_is_deployed(
    desired: DesiredStackSet, inventory: StackSetInventory, pair: Pair
) -> bool:
    """Return whether a stack has the stack set's definition, whatever its stack instance is called.

    OUTDATED is also what a new definition makes of a stack instance whose own overrides cover all
    that is new in it. Nothing updates that one, since it is as wanted.
    """
    instance, chosen = inventory.instances.get(pair), desired.pairs.get(pair)
    if instance is None:
        return False
    if instance.status is InstanceStatus.CURRENT:
        return True
    if chosen is None or is_otherwise(desired, inventory):
        return False  # what it reached was asked only of what the manifest wants
    wanted = desired.definition.state_digest(desired.parameter_sets[chosen])
    return runs_state(inventory, instance, wanted)


def _not_as_deployed(
    desired: DesiredStackSet,
    inventory: StackSetInventory | None,
    pair: Pair,
    held: Mapping[StackSetKey, RolloutId],
) -> str:
    """Return why a stack has not what is deployed, and what brings it there."""
    instance = inventory.instances.get(pair) if inventory else None
    if inventory is None or instance is None:
        return "it has no stack instance; `orgrollout apply` makes one"
    if instance.status is InstanceStatus.INOPERABLE:
        return "its stack instance is INOPERABLE; --recover-inoperable comes first"
    if desired.key in held:
        return f"its stack instance is {instance.status}, and {waits_for(held[desired.key])}"
    if is_otherwise(desired, inventory):
        return f"its stack instance is {instance.status}, and {OTHERWISE}"
    return f"its stack instance is {instance.status}; `orgrollout apply` brings it up to date first"


def waits_for(holder: RolloutId) -> str:
    """Return what a re-sync says of a stack set that a rollout has not done with."""
    return (
        f"it waits for {holder}, which has not done with the stack set: "
        f"`orgrollout status {holder}` says what that waits for"
    )


def is_otherwise(desired: DesiredStackSet, inventory: StackSetInventory) -> bool:
    """Return whether the manifest wants another definition than the one that is deployed."""
    return bool(definition_differences(inventory.deployed.definition, desired.definition))
