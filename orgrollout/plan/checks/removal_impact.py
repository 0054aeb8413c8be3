"""What a removal leaves, and how to have again what it took away."""

from collections.abc import Iterator, Mapping, Sequence

from orgrollout.errors import ManifestError
from orgrollout.inventory.inventory import StackSetInventory
from orgrollout.manifest.template.declared import what_stays
from orgrollout.model.ids import AccountId, Pair, Region
from orgrollout.model.operation import OperationAction
from orgrollout.organization.snapshot import Organization
from orgrollout.plan.build.compare import Differences
from orgrollout.plan.build.inoperable import Inoperable
from orgrollout.plan.model.planned_stack_set import Recovery, Removal

_UNMANAGED = "the stacks and all they made, which no stack set manages any more"
_IMPORT = (
    "import the stacks (`import_stacks`, by ImportStacksToStackSet): a stack that was kept cannot "
    "be created again"
)
_CREATE = "target the accounts again: new stacks are created, without what the old ones held"
_FREE_NAMES = (
    "first delete, in each account, what is kept under a name of its own, or import it into a "
    "stack and that stack by `import_stacks`: a new stack fails where a name is taken. Then "
)


def removals_of(
    inventory: StackSetInventory, differences: Differences, organization: Organization
) -> Iterator[Removal]:
    """Yield what goes of one stack set, by how it goes."""
    for action, pairs in differences.removals.items():
        if pairs:
            yield _removal(inventory, action, pairs, organization)


def recovery_of(recovered: Mapping[Pair, Inoperable]) -> Recovery | None:
    """Return how many stack instances are detached and had again, if any are."""
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
    inventory: StackSetInventory,
    action: OperationAction,
    pairs: Sequence[Pair],
    organization: Organization,
) -> Removal:
    detaches = action is OperationAction.DETACH
    said, kept = ((_UNMANAGED,), ()) if detaches else _after_deletion(inventory)
    create = f"{_FREE_NAMES}{_CREATE}" if kept else _CREATE
    return Removal(
        action=action,
        instances=len(pairs),
        accounts=len({pair.account for pair in pairs}),
        stays=(*said, *kept),
        named=tuple(_named(pairs, organization)),
        way_back=_IMPORT if detaches else create,
    )


def _named(pairs: Sequence[Pair], organization: Organization) -> Iterator[str]:
    """Yield each account by name and id, and its Regions, by name."""
    regions: dict[AccountId, list[Region]] = {}
    for pair in sorted(pairs):
        regions.setdefault(pair.account, []).append(pair.region)
    known = organization.accounts
    for account in sorted(regions, key=lambda a: (known[a].name if a in known else "~", a)):
        name = known[account].name if account in known else "not in the organization:"
        yield f"{name} {account} ({', '.join(regions[account])})"


def _after_deletion(inventory: StackSetInventory) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return what is still there after the stacks are gone, by the template they run.

    The second are resources, which stand in the way of new ones of the same name.
    """
    try:
        said, kept = what_stays(inventory.deployed.definition.template_body)
    except ManifestError:
        return (), ("whatever its template keeps, which could not be read",)
    resources = f"resources that the template keeps: {', '.join(kept)}"
    return (said,) if said else (), (resources,) if kept else ()
