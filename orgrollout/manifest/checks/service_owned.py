"""Stack sets that belong to a service of AWS are refused, whatever the manifest says of them."""

from orgrollout.manifest.checks.context import Checking
from orgrollout.model.ids import StackSetKey
from orgrollout.model.service_owned import owning_service

FIX = (
    "Give another stack_set_name for a stack set of your own, or customize that service by its own "
    "means; `adopt: true` does not change this."
)


def check_service_owned(checking: Checking) -> None:
    """Note each stack set whose name is one that a service of AWS gives."""
    for key in checking.manifest.stack_sets:
        name = checking.loaded.stack_set_name(StackSetKey(key))
        why = owning_service(name)
        if why:
            message = f"the stack set {name} is not yours to change: {why}."
            checking.note(("stack_sets", key, "stack_set_name"), message, FIX)
