"""What a drift detection of one stack proves of its repair: success only of what it has seen."""

from collections.abc import Iterable, Iterator

from orgrollout.drift.classify import looks_unreadable
from orgrollout.model.cause import Cause, OwnVerdict
from orgrollout.model.drift import ResourceDrift, ResourceDriftStatus
from orgrollout.plan.model.repair import Repair, below

_SEEN = {
    ResourceDriftStatus.IN_SYNC,
    ResourceDriftStatus.MODIFIED,
    ResourceDriftStatus.DELETED,
}


def what_is_wrong(
    found: Iterable[ResourceDrift], repair: Repair, *, was_used: bool
) -> tuple[OwnVerdict, str] | None:
    """Return why a repair has failed, as a verdict and in words; None: all of it is as deployed.

    ``found`` is every resource that the detection told of; ``was_used``: a change set was carried
    out before.
    """
    known = {drift.logical_id: drift for drift in found if drift.status in _SEEN}
    if unseen := tuple(name for name in repair.resources if name not in known):
        text = f"{', '.join(unseen)} could not be checked, so nothing is proven"
        return OwnVerdict(cause=Cause.UNPROVEN, resources=unseen), text
    left = sorted(_left((known[name] for name in repair.resources), repair))
    if not left:
        return None
    names = ", ".join(f"{resource}{path}" for resource, path, _ in left)
    resources = tuple(dict.fromkeys(resource for resource, _, _ in left))
    cause, text = _verdict(names, was_used=was_used, unread=all(unread for _, _, unread in left))
    return OwnVerdict(cause=cause, resources=resources), text


def _verdict(names: str, *, was_used: bool, unread: bool) -> tuple[Cause, str]:
    if not was_used:
        return Cause.NOT_REPAIRED, f"could not: {names}"
    if unread:
        why = "the role that repairs may lack the permission to read it"
        return Cause.UNREAD, f"could not be read: {names}; {why}"
    return Cause.CAME_BACK, f"came back: {names}"


def _left(found: Iterable[ResourceDrift], repair: Repair) -> Iterator[tuple[str, str, bool]]:
    """Yield what is not as deployed, and whether that is what was in doubt before, unchanged."""
    for drift in found:
        if drift.status is ResourceDriftStatus.DELETED:
            yield drift.logical_id, "", False
        for difference in drift.differences:
            name = f"{drift.logical_id}{difference.path}"
            if not any(below(name, kept) for kept in repair.keeps):
                unread = name in repair.doubtful and looks_unreadable(difference)
                yield drift.logical_id, difference.path, unread
