"""What a drift detection of one stack proves of its repair: success only of what it has seen."""

from collections.abc import Iterable, Iterator

from orgrollout.drift.classify import looks_unreadable
from orgrollout.drift.repair import UNREAD
from orgrollout.model.drift import ResourceDrift, ResourceDriftStatus
from orgrollout.plan.repair import Repair, below

CAME_BACK = "came back: "
COULD_NOT = "could not: "
_SEEN = {
    ResourceDriftStatus.IN_SYNC,
    ResourceDriftStatus.MODIFIED,
    ResourceDriftStatus.DELETED,
}


def what_is_wrong(found: Iterable[ResourceDrift], repair: Repair, *, was_used: bool) -> str:
    """Return why a repair has failed, or nothing where all of it is as deployed.

    ``found`` is every resource that the detection told of; ``was_used``: a change set was carried
    out before.
    """
    known = {drift.logical_id: drift for drift in found if drift.status in _SEEN}
    if unseen := [name for name in repair.resources if name not in known]:
        return f"{', '.join(unseen)} could not be checked, so nothing is proven"
    left = sorted(_left((known[name] for name in repair.resources), repair))
    if not left:
        return ""
    if was_used and all(is_unread for _, is_unread in left):
        return f"{UNREAD}{_names(left)}; the role that repairs may lack the permission to read it"
    return f"{CAME_BACK if was_used else COULD_NOT}{_names(left)}"


def _left(found: Iterable[ResourceDrift], repair: Repair) -> Iterator[tuple[str, bool]]:
    """Yield what is not as deployed, and whether that is what was in doubt before, unchanged."""
    for drift in found:
        if drift.status is ResourceDriftStatus.DELETED:
            yield drift.logical_id, False
        for difference in drift.differences:
            name = f"{drift.logical_id}{difference.path}"
            if not any(below(name, kept) for kept in repair.keeps):
                yield name, name in repair.doubtful and looks_unreadable(difference)


def _names(left: Iterable[tuple[str, bool]]) -> str:
    return ", ".join(name for name, _ in left)
