"""What a check is broken for, one by one: told together, and left alone where that is agreed."""

from collections.abc import Collection, Iterable, Sequence

from orgrollout.model.posture import PostureSeen, PostureState, Subject

MOST_NAMED = 3  # subjects that a reason names
_PLACE = "\0"  # stands for the subject while reasons are compared


def broken_for(parts: Iterable[Subject]) -> PostureSeen:
    """Return that a check does not hold for some subjects, with a reason that tells of them all."""
    found = tuple(parts)
    return PostureSeen(
        state=PostureState.BROKEN,
        reason=told(found),
        subjects=tuple(each.id for each in found if is_mended_by_call(each)),
        parts=found,
    )


def is_mended_by_call(part: Subject) -> bool:
    """Return whether the call of the check is made for it."""
    return part.by_call and not part.accepted and not part.hindrance


def told(parts: Iterable[Subject]) -> str:
    """Return the reasons of subjects in one: what differs only in the subject is said once."""
    alike: dict[str, list[str]] = {}
    for part in parts:
        alike.setdefault(part.reason.replace(part.id, _PLACE), []).append(part.id)
    return "; ".join(reason.replace(_PLACE, named(ids)) for reason, ids in alike.items())


def named(ids: Sequence[str]) -> str:
    """Return the first ids, and how many more there are."""
    shown = ", ".join(ids[:MOST_NAMED]) or "some resource"
    more = len(ids) - MOST_NAMED
    return f"{shown} and {more} more" if more > 0 else shown


def without(seen: PostureSeen, kept: Collection[str]) -> PostureSeen:
    """Return how a check stands apart from subjects that are left as they are.

    Those are ``kept``, and those that AWS itself is told to leave alone. Nothing is left out of a
    check that does not tell its subjects.
    """
    return less(seen, {*kept, *(part.id for part in seen.parts if part.accepted)})


def less(seen: PostureSeen, gone: Collection[str]) -> PostureSeen:
    """Return how a check stands without some of its subjects."""
    if seen.state is not PostureState.BROKEN or not seen.parts:
        return seen
    left = [part for part in seen.parts if part.id not in gone]
    if len(left) == len(seen.parts):
        return seen
    if not left:
        return PostureSeen(state=PostureState.OK, reason="nothing else is broken")
    found = broken_for(left)
    return PostureSeen(
        state=found.state,
        reason=found.reason,
        subjects=found.subjects,
        parts=found.parts,
        evaluated=seen.evaluated,
    )
