"""What speaks against carrying a change set out: it may revert what was planned, and no more."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from orgrollout.model.member_stack import ResourceChange
from orgrollout.plan.model.repair import Repair, below


class Objection(NamedTuple):
    """One reason not to carry a change set out."""

    resource: str  # the logical id
    text: str


def objections_to(changes: Iterable[ResourceChange], repair: Repair) -> Iterator[Objection]:
    """Yield why a change set must not be carried out, if anything speaks against it."""
    for change in changes:
        yield from (Objection(change.logical_id, text) for text in _against(change, repair))


def _against(change: ResourceChange, repair: Repair) -> Iterator[str]:
    kept = {name.partition("/")[0] for name in repair.keeps}
    what = f"{change.logical_id} ({change.resource_type})"
    if change.action == "Remove":
        yield f"it would remove {what}"
    elif change.replacement not in {"", "False"}:
        may = "replace" if change.replacement == "True" else "perhaps replace"
        yield f"it would {may} {what}"
    elif change.action not in {"Add", "Modify", "SyncWithActual"}:
        yield f"it would {change.action.lower() or 'do something unknown to'} {what}"
    elif change.logical_id not in repair.resources:
        yield f"it would also touch {what}, {_why_not(change, kept)}"
    elif change.action != "Add":  # of what is gone, nothing is left that could be kept
        yield from _touched_keeps(change, repair)


def _why_not(change: ResourceChange, kept: set[str]) -> str:
    if change.logical_id in kept:
        return "whose drift is accepted by a rule"
    return "which is not part of the plan"


def _touched_keeps(change: ResourceChange, repair: Repair) -> Iterator[str]:
    for name in repair.keeps:
        resource, _, rest = name.partition("/")
        if resource == change.logical_id and _touches(change, f"/{rest}"):
            yield f"it would also touch {name}, which is accepted by a rule"


def _touches(change: ResourceChange, kept: str) -> bool:
    """Return whether a change reaches a property; one that does not say what it is about may."""
    return not change.properties or any(
        below(kept, each) or below(each, kept) for each in change.properties
    )
