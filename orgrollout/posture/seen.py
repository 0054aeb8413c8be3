"""How a check stands in one account and Region, and what it is broken for. Unknown is never ok."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from orgrollout.posture.flow_log_counts import FlowLogCounts

MOST_NAMED = 3  # subjects that a reason names
_PLACE = "\0"  # stands for the subject while reasons are compared


class PostureState(StrEnum):
    """The result of a look. Unknown is never ok."""

    OK = "ok"
    WAIVED = "waived"  # broken, and accepted for a time: coverage says so, a look never does
    BROKEN = "broken"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One thing that a check does not hold for: a VPC, a rule, a recorder, a document."""

    id: str
    reason: str  # in words, with the id
    by_call: bool = False  # the check's call may repair it
    accepted: str = ""  # why it is left as it is by agreement, in AWS itself
    hindrance: str = ""  # why no call is made for it, though one could repair it

    @property
    def is_repaired_by_call(self) -> bool:
        """Return whether the check's call is made for it."""
        return self.by_call and not self.accepted and not self.hindrance


@dataclass(frozen=True, slots=True, kw_only=True)
class PostureSeen:
    """How one check stands in one account and Region."""

    state: PostureState
    reason: str = ""
    subjects: tuple[str, ...] = ()  # what a call would repair, by id: VPCs, a recorder
    parts: tuple[Subject, ...] = ()  # all that is broken, one by one, as far as it has an id
    evaluated: datetime | None = None  # if it comes from a rule: when that was evaluated last
    unseen: bool = False  # unknown because it could not be read, as where a call was denied
    counts: FlowLogCounts | None = None  # of a check that counts; None: they were not counted


def ok(reason: str = "") -> PostureSeen:
    """Return that a check holds."""
    return PostureSeen(state=PostureState.OK, reason=reason)


def broken(reason: str, subject: str = "", *, by_call: bool = False) -> PostureSeen:
    """Return that a check does not hold for one subject, or for none that has a name."""
    if not subject:
        return PostureSeen(state=PostureState.BROKEN, reason=reason)
    return broken_for([Subject(id=subject, reason=reason, by_call=by_call)])


def broken_for(parts: Iterable[Subject]) -> PostureSeen:
    """Return that a check does not hold for some subjects, with a reason that names them all."""
    found = tuple(parts)
    return PostureSeen(
        state=PostureState.BROKEN,
        reason=told(found),
        subjects=tuple(each.id for each in found if each.is_repaired_by_call),
        parts=found,
    )


def unknown(reason: str) -> PostureSeen:
    """Return that the state is not known, although it was read."""
    return PostureSeen(state=PostureState.UNKNOWN, reason=reason)


def unseen(reason: str) -> PostureSeen:
    """Return that the state could not be read."""
    return PostureSeen(state=PostureState.UNKNOWN, reason=reason, unseen=True)


def told(parts: Iterable[Subject]) -> str:
    """Return the reasons of subjects in one; reasons that differ only in the id are merged."""
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

    Those are ``kept``, and those that AWS itself is told to leave alone. A check that does not name
    its subjects stays as it is.
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
        return replace(ok("nothing else is broken"), counts=seen.counts)
    return replace(broken_for(left), evaluated=seen.evaluated, counts=seen.counts)
