"""Which rollout may change a stack set's definition: one at a time, however long it takes.

A claim names a rollout, and holds for as long as that rollout is recorded, has the stack set in its
plan, and may still go on. So it needs no expiry and no release: a claim whose rollout was never
recorded, has finished or was superseded holds nothing. While a rollout soaks, waits, or is halted
or stopped, its claims hold.

A rollout that only repairs inside accounts changes no definition. It claims the stack set's
repairs, so that two of them exclude each other, and may run while another rollout soaks, waits or
is halted.

Claims are taken before the rollout is recorded and looked at once more afterwards. Of two that
begin at the same time, whoever is recorded second finds the other's claim.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from orgrollout.errors import JournalConflictError, OrgRolloutError
from orgrollout.journal.port import Journal, Version
from orgrollout.model.ids import RolloutId, StackSetName

_PREFIX = "claims/"
_REPAIRS = "/repairs"  # no name of a stack set has a slash
Holder = Callable[[RolloutId, StackSetName], bool]
"""Tells whether a rollout is recorded, has the stack set in its plan, and may still go on."""


class ClaimLostError(OrgRolloutError):
    """The rollout may no longer change a stack set. Nothing more was sent for it."""

    def __init__(
        self, stack_set: StackSetName, rollout: RolloutId, other: RolloutId | None
    ) -> None:
        how = f"was taken over by {other}" if other else "was unlocked by force"
        super().__init__(
            f"stack set {stack_set} {how}, so {rollout} sends nothing more for it; what runs goes "
            f"on in AWS. `orgrollout stop {rollout}` ends it; `orgrollout plan` shows what is left."
        )
        self.stack_set = stack_set
        self.other = other


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Who has, or had, a stack set. None: nobody, since it was unlocked by force."""

    stack_set: StackSetName
    rollout: RolloutId | None
    version: Version | None  # None: there is no such document yet


def repairs_of(stack_set: StackSetName) -> StackSetName:
    """Return what is claimed by who only repairs inside accounts."""
    return StackSetName(f"{stack_set}{_REPAIRS}")


def is_of_repairs(claim: StackSetName) -> bool:
    """Return whether a claim is of a stack set's repairs."""
    return claim.endswith(_REPAIRS)


def counterpart_of(claim: StackSetName) -> StackSetName:
    """Return the other claim on the same stack set."""
    if is_of_repairs(claim):
        return StackSetName(claim.removesuffix(_REPAIRS))
    return repairs_of(claim)


def claim_of(journal: Journal, stack_set: StackSetName) -> Claim:
    """Return the claim on a stack set."""
    found = journal.get(_key(stack_set))
    if found is None:
        return Claim(stack_set=stack_set, rollout=None, version=None)
    rollout = found.value["rollout"]
    return Claim(
        stack_set=stack_set,
        rollout=RolloutId(rollout) if rollout else None,
        version=found.version,
    )


def holders(
    journal: Journal, stack_sets: Iterable[StackSetName], holds: Holder
) -> dict[StackSetName, RolloutId]:
    """Return the rollouts that hold some of the stack sets."""
    claims = (claim_of(journal, name) for name in sorted(stack_sets))
    return {c.stack_set: c.rollout for c in claims if c.rollout and holds(c.rollout, c.stack_set)}


def take_claims(
    journal: Journal, stack_sets: Iterable[StackSetName], rollout: RolloutId, holds: Holder
) -> dict[StackSetName, RolloutId]:
    """Claim all stack sets that no other rollout holds, and return the holders of the others.

    What was taken needs no giving back where others are held: the claims of a rollout that is not
    recorded hold nothing.
    """
    held: dict[StackSetName, RolloutId] = {}
    for name in sorted(stack_sets):
        other = _take(journal, name, rollout, holds)
        if other is not None:
            held[name] = other
            break
    return held


def confirm_claim(journal: Journal, stack_set: StackSetName, rollout: RolloutId) -> None:
    """Return if the stack set is still the rollout's to change.

    One that was never claimed is claimed now: its rollout was begun before there were claims.

    Raises:
        ClaimLostError: It is another's, or was unlocked.
    """
    claim = claim_of(journal, stack_set)
    if claim.version is None and _write(journal, claim, rollout):
        return
    if claim.rollout != rollout:
        raise ClaimLostError(stack_set, rollout, claim.rollout)


def release_claims(
    journal: Journal, stack_sets: Iterable[StackSetName], rollout: RolloutId
) -> tuple[StackSetName, ...]:
    """Take the claims away from a rollout, and return those that it had."""
    released = []
    for name in sorted(stack_sets):
        claim = claim_of(journal, name)
        while claim.rollout == rollout:
            if _write(journal, claim, None):
                released.append(name)
                break
            claim = claim_of(journal, name)
    return tuple(released)


def _take(
    journal: Journal, name: StackSetName, rollout: RolloutId, holds: Holder
) -> RolloutId | None:
    while True:
        claim = claim_of(journal, name)
        if claim.rollout == rollout:
            return None
        if claim.rollout is not None and holds(claim.rollout, name):
            return claim.rollout
        if _write(journal, claim, rollout):
            return None


def _write(journal: Journal, claim: Claim, rollout: RolloutId | None) -> bool:
    value: dict[str, Any] = {"rollout": rollout}
    try:
        journal.put(_key(claim.stack_set), value, expected=claim.version)
    except JournalConflictError:
        return False
    return True


def _key(stack_set: StackSetName) -> str:
    return f"{_PREFIX}{stack_set}"
