"""What a removal leaves, and how to have again what it took away."""

from collections.abc import Iterator, Mapping, Sequence

from orgrollout.errors import ManifestError
from orgrollout.inventory.inventory import StackSetInventory
from orgrollout.manifest.templates import what_stays
from orgrollout.model.ids import Pair
from orgrollout.model.operation import OperationAction
from orgrollout.plan.compare import Differences
from orgrollout.plan.plan import Recovery, Removal
from orgrollout.plan.recovering import Inoperable

_UNMANAGED = "the stacks and all they made, which no stack set manages any more"
_IMPORT = (
    "import the stacks (`import_stacks`, by ImportStacksToStackSet): a stack that was kept cannot "
    "be created again"
)
_CREATE = "target the accounts again: new stacks are created, without what the old ones held"


def removals_of(inventory: StackSetInventory, differences: Differences) -> Iterator[Removal]:
    """Yield what goes of one stack set, by how it goes."""
    for action, pairs in differences.removals.items():
        if pairs:
            yield _removal(inventory, action, pairs)


def recovery_of(recovered: Mapping[Pair, Inoperable]) -> Recovery | None:
    """Return how many stack instances are let go of and had anew, if any are."""
    if not recovered:
        return None
    deleted = sum(found.deletes for found in recovered.values())
    imported = sum(found.stack is not None for found in recovered.values())
    return Recovery(
        accounts=len({pair.account for pair in recovered}),
        imported=imported,
        created=len(recovered) - imported - deleted,
        deleted=deleted,
    )


def _removal(
    inventory: StackSetInventory, action: OperationAction, pairs: Sequence[Pair]
) -> Removal:
    detaches = action is OperationAction.DETACH
    return Removal(
        action=action,
        instances=len(pairs),
        accounts=len({pair.account for pair in pairs}),
        stays=(_UNMANAGED,) if detaches else tuple(_after_deletion(inventory)),
        way_back=_IMPORT if detaches else _CREATE,
    )


def _after_deletion(inventory: StackSetInventory) -> Iterator[str]:
    """Yield what is still there after the stacks are gone, by the template they run."""
    try:
        said, kept = what_stays(inventory.deployed.definition.template_body)
    except ManifestError:
        yield "whatever its template keeps, which could not be read"
        return
    if said:
        yield said
    if kept:
        yield f"resources that the template keeps: {', '.join(kept)}"
