"""Which rollout may change a stack set's definition: one at a time, however long it takes.

A claim names a rollout, and holds for as long as that rollout is recorded, has the stack set in its
plan, and may still go on. So it needs no expiry and no release: a claim whose rollout was never
recorded, has finished or was superseded holds nothing. While a rollout soaks, waits, or is halted
or stopped, its claims hold.

A rollout that only repairs in member accounts changes no definition. It claims the stack set's
repairs, so that two of them exclude each other, and may run while another rollout soaks, waits or
is halted.

Claims are taken before the rollout is recorded and looked at once more afterwards. Of two that
begin at the same time, the one that is recorded second finds the other's claim.

A rollout that takes over from another one notes that in the claims. Until it is recorded they are
the other's, and again if it gives up; so recording it takes them all over in one write. The note
goes when the other is marked as superseded, and nothing is sent before.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter

from orgrollout.errors import OrgRolloutError
from orgrollout.journal.documents import Documents, by_adapter
from orgrollout.journal.port import Journal, Version
from orgrollout.model.ids import RolloutId, StackSetName

_REPAIRS = "/repairs"  # no name of a stack set has a slash


@dataclass(frozen=True, slots=True)
class _Kept:
    """A claim as the journal keeps it."""

    rollout: str | None
    taken_from: str | None = None


def _dump(claim: _Kept) -> dict[str, Any]:
    value: dict[str, Any] = {"rollout": claim.rollout}
    return value if claim.taken_from is None else {**value, "taken_from": claim.taken_from}


CLAIMS = Documents(prefix="claims/", read=by_adapter(TypeAdapter(_Kept)), dump=_dump)
Holder = Callable[[RolloutId, StackSetName], bool]
"""Tells whether a rollout is recorded, has the stack set in its plan, and may still go on."""


class ClaimLostError(OrgRolloutError):
    """The rollout may no longer change a stack set. Nothing more was sent for it."""

    def __init__(
        self, stack_set: StackSetName, rollout: RolloutId, other: RolloutId | None
    ) -> None:
        how = f"was taken over by {other}" if other else "was unlocked by force"
        super().__init__(
            f"{called(stack_set)} {how}, so {rollout} sends nothing more for it; what runs goes "
            f"on in AWS. `orgrollout stop {rollout}` ends it; `orgrollout plan` shows what is left."
        )
        self.stack_set = stack_set
        self.other = other


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Who has, or had, a stack set. None: no one, since it was unlocked by force."""

    stack_set: StackSetName
    rollout: RolloutId | None
    version: Version | None  # None: there is no such document yet
    taken_from: RolloutId | None = None  # who may go on until it is marked as superseded

    def owner(self, holds: Holder) -> RolloutId | None:
        """Return whose it is, or was last: who took it over counts only while it holds it."""
        if self.taken_from is None or (self.rollout and holds(self.rollout, self.stack_set)):
            return self.rollout
        return self.taken_from


def repairs_of(stack_set: StackSetName) -> StackSetName:
    """Return what a rollout claims that only repairs in member accounts."""
    return StackSetName(f"{stack_set}{_REPAIRS}")


def is_of_repairs(claim: StackSetName) -> bool:
    """Return whether a claim is of a stack set's repairs."""
    return claim.endswith(_REPAIRS)


def called(claim: StackSetName) -> str:
    """Return a claim in words, as errors name it."""
    if is_of_repairs(claim):
        return f"stack set {counterpart_of(claim)} (its repairs)"
    return f"stack set {claim}"


def counterpart_of(claim: StackSetName) -> StackSetName:
    """Return the other claim on the same stack set."""
    if is_of_repairs(claim):
        return StackSetName(claim.removesuffix(_REPAIRS))
    return repairs_of(claim)


def claim_of(journal: Journal, stack_set: StackSetName) -> Claim:
    """Return the claim on a stack set."""
    found = CLAIMS.get(journal, stack_set)
    if found is None:
        return Claim(stack_set=stack_set, rollout=None, version=None)
    value = found.value
    return Claim(
        stack_set=stack_set,
        rollout=RolloutId(value.rollout) if value.rollout else None,
        version=found.version,
        taken_from=RolloutId(value.taken_from) if value.taken_from else None,
    )


def owners(
    journal: Journal, stack_sets: Iterable[StackSetName], holds: Holder
) -> dict[StackSetName, RolloutId]:
    """Return the rollouts that claimed the stack sets last, whether they may still go on or not."""
    claims = (claim_of(journal, name) for name in sorted(stack_sets))
    return {c.stack_set: owner for c in claims if (owner := c.owner(holds))}


def holders(
    journal: Journal, stack_sets: Iterable[StackSetName], holds: Holder
) -> dict[StackSetName, RolloutId]:
    """Return the rollouts that hold some of the stack sets."""
    found = owners(journal, stack_sets, holds)
    return {name: owner for name, owner in found.items() if holds(owner, name)}


def take_claims(
    journal: Journal,
    stack_sets: Iterable[StackSetName],
    rollout: RolloutId,
    holds: Holder,
    *,
    in_the_way: Holder | None = None,
    gives_way: Collection[RolloutId] = (),
) -> dict[StackSetName, RolloutId]:
    """Claim all stack sets that are free, and return which rollouts hold the others.

    A stack set is free unless a rollout holds it that is ``in_the_way`` and does not give way.
    What was taken needs no giving back where others are held: the claims of a rollout that is not
    recorded hold nothing.
    """
    held: dict[StackSetName, RolloutId] = {}
    for name in sorted(stack_sets):
        other = _take(
            journal, name, rollout, holds, in_the_way=in_the_way or holds, gives_way=gives_way
        )
        if other is not None:
            held[name] = other
            break
    return held


def confirm_claim(
    journal: Journal, stack_set: StackSetName, rollout: RolloutId, holds: Holder
) -> Claim:
    """Return the claim if the stack set is still the rollout's to change.

    One that was never claimed is claimed now: its rollout was begun before there were claims. One
    that another began to take over, and did not, is taken back.

    Raises:
        ClaimLostError: It is another's, or was unlocked.
    """
    while True:
        claim = claim_of(journal, stack_set)
        if claim.rollout == rollout:
            return claim
        if claim.version is not None and claim.owner(holds) != rollout:
            raise ClaimLostError(stack_set, rollout, claim.rollout)
        _write(journal, claim, rollout)


def settle_claim(journal: Journal, claim: Claim) -> None:
    """Note that a claim was taken over for good. Where another has it by now, it stays theirs."""
    _write(journal, claim, claim.rollout)


def give_back(journal: Journal, stack_sets: Iterable[StackSetName], rollout: RolloutId) -> None:
    """Leave the claims that a rollout was taking over to those who had them."""
    for name in stack_sets:
        claim = claim_of(journal, name)
        if claim.rollout == rollout and claim.taken_from is not None:
            _write(journal, claim, claim.taken_from)


def release_claims(
    journal: Journal, stack_sets: Iterable[StackSetName], rollout: RolloutId
) -> tuple[StackSetName, ...]:
    """Take the claims away from a rollout, and return those that it had."""
    released = []
    for name in sorted(stack_sets):
        claim = claim_of(journal, name)
        while rollout in {claim.rollout, claim.taken_from}:
            if _write(journal, claim, None if claim.rollout == rollout else claim.rollout):
                released.append(name)
                break
            claim = claim_of(journal, name)
    return tuple(released)


def _take(
    journal: Journal,
    name: StackSetName,
    rollout: RolloutId,
    holds: Holder,
    *,
    in_the_way: Holder,
    gives_way: Collection[RolloutId],
) -> RolloutId | None:
    while True:
        claim = claim_of(journal, name)
        owner = claim.owner(holds)
        taken_from = owner if owner in gives_way and owner != rollout else None
        if owner is not None and owner != rollout and not taken_from and in_the_way(owner, name):
            return owner
        if claim.rollout == rollout and (owner == rollout or claim.taken_from == taken_from):
            return None
        if _write(journal, claim, rollout, taken_from):
            return None


def _write(
    journal: Journal,
    claim: Claim,
    rollout: RolloutId | None,
    taken_from: RolloutId | None = None,
) -> bool:
    value = _Kept(rollout=rollout, taken_from=taken_from)
    return CLAIMS.offer(journal, claim.stack_set, value, claim.version) is not None
