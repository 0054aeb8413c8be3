"""INOPERABLE stack instances: a removal or an import failed, and no update reaches them any more.

CloudFormation documents one way out (StackInstance, API reference): delete the stack instance with
RetainStacks, which leaves the stack alone, then import or create it. A second stack beside the
first would fail on the first name that both use, or do everything twice. So the existing stack is
imported, and a new one is created only where there is none. This is done only on request, since
for a moment the account has no stack instance.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from orgrollout.inventory.inventory import StackSetInventory
from orgrollout.model.ids import Pair
from orgrollout.model.stack_set import InstanceStatus, StackInstance
from orgrollout.organization.desired import DesiredStackSet

_NO_STACK = "does not exist"  # what a failed import says of a stack that is gone


@dataclass(frozen=True, slots=True, kw_only=True)
class Inoperable:
    """A stack instance that no update reaches, or none that would repair it."""

    reason: str
    stack: str | None  # the id of the stack that is still there, as far as CloudFormation says
    deletes: bool = False  # the stack goes as well: what drifted in it is created again


def inoperable(desired: DesiredStackSet, inventory: StackSetInventory) -> Mapping[Pair, Inoperable]:
    """Return the stack instances that are wanted and INOPERABLE."""
    return {
        pair: Inoperable(
            reason=f"INOPERABLE: {instance.status_reason or instance.detailed_status}",
            stack=desired.imports.get(pair) or _stack_of(instance),
        )
        for pair, instance in inventory.instances.items()
        if instance.status is InstanceStatus.INOPERABLE and pair in desired.pairs
    }


def _stack_of(instance: StackInstance) -> str | None:
    return None if _NO_STACK in instance.status_reason else instance.stack_id
