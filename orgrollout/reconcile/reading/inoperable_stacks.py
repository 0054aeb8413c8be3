"""Which stacks INOPERABLE stack instances have: what is remembered of a list does not tell."""

from dataclasses import replace

from orgrollout.inventory.inventory import Inventory, StackSetInventory
from orgrollout.model.ids import Pair
from orgrollout.model.stack_set import InstanceStatus, StackInstance
from orgrollout.reconcile.context import Context


def with_their_stacks(inventory: Inventory, context: Context) -> Inventory:
    """Return the inventory with the stack of each INOPERABLE stack instance: a call for each.

    Raises:
        AwsError: Something could not be read.
    """
    return replace(
        inventory,
        stack_sets={n: _with_stacks(each, context) for n, each in inventory.stack_sets.items()},
    )


def _with_stacks(stack_set: StackSetInventory, context: Context) -> StackSetInventory:
    known: dict[Pair, StackInstance] = dict(stack_set.instances)
    for pair, instance in stack_set.instances.items():
        if instance.status is InstanceStatus.INOPERABLE and instance.stack_id is None:
            found = context.stack_sets.describe_instance(stack_set.deployed.name, pair)
            known[pair] = replace(instance, stack_id=found.stack_id if found else None)
    return replace(stack_set, instances=known)
