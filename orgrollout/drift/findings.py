"""All that was found for one manifest, and how much of it was looked at."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from orgrollout.drift.classify import Viewpoint
from orgrollout.drift.finding import ACCESS, Finding, FindingKind, Verdict
from orgrollout.model.drift import StackSetDrift
from orgrollout.model.ids import AccountId, OperationId, Pair, StackSetKey, StackSetName


@dataclass(frozen=True, slots=True, kw_only=True)
class StackSetLook:
    """How far one stack set was looked at."""

    key: StackSetKey
    name: StackSetName
    view: Viewpoint | None = None  # what it was looked at with; None: there was nothing to see
    detection: StackSetDrift | None = None  # the last that ended
    running: OperationId | None = None  # a detection under way
    meant: frozenset[Pair] = frozenset()  # stack instances that are wanted, and there
    told: frozenset[Pair] = frozenset()  # of those, the ones that a detection still tells of
    not_checkable: Mapping[str, int] = field(default_factory=dict)  # resources, by type
    repaired_since: int = 0  # differences that a repair has dealt with since they were found
    repaired_at: frozenset[Pair] = frozenset()  # where those are; not looked at since

    @property
    def instances(self) -> int:
        """Return how many stack instances there are to look at."""
        return len(self.meant)

    @property
    def untold(self) -> frozenset[Pair]:
        """Return the stack instances that no detection tells of."""
        return self.meant - self.told

    @property
    def unknown(self) -> int:
        """Return how many stack instances no detection tells of."""
        return len(self.untold)


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What was found for a manifest, in the order of its stack sets."""

    stack_sets: tuple[StackSetLook, ...] = ()
    findings: tuple[Finding, ...] = ()
    warnings: tuple[str, ...] = ()
    kinds: frozenset[FindingKind] = frozenset()  # that were looked for
    checks: Mapping[StackSetKey, frozenset[str]] = field(default_factory=dict)  # there are, by name

    @property
    def real(self) -> tuple[Finding, ...]:
        """Return what is to be repaired."""
        return tuple(finding for finding in self.findings if finding.verdict.is_real)

    @property
    def unseen(self) -> tuple[Finding, ...]:
        """Return what could not be looked at: an account that is closed, a call that was denied."""
        return tuple(finding for finding in self.findings if finding.unseen)

    @property
    def is_complete(self) -> bool:
        """Return whether all that was looked for could be looked at."""
        return not self.unseen and not any(look.unknown for look in self.stack_sets)

    @property
    def unchecked(self) -> Mapping[StackSetKey, frozenset[str]]:
        """Return the posture checks that were not made at all, for lack of asking or of a role."""
        return {} if FindingKind.POSTURE in self.kinds else self.checks

    @property
    def closed(self) -> frozenset[AccountId]:
        """Return the accounts that could not be entered to look at posture."""
        return frozenset(f.pair.account for f in self.findings if f.unseen and f.what == ACCESS)

    @property
    def is_blind_to_drift(self) -> bool:
        """Return whether there is something to look at, and no detection tells of any of it."""
        return any(look.meant for look in self.stack_sets) and not any(
            look.told for look in self.stack_sets
        )

    @property
    def is_blind_to_posture(self) -> bool:
        """Return whether there are posture checks, and none of them could be made anywhere."""
        accounts = {
            pair.account
            for look in self.stack_sets
            if look.key in self.checks
            for pair in look.meant
        }
        return bool(self.unchecked) or (bool(accounts) and accounts <= self.closed)

    @property
    def suspects(self) -> tuple[Finding, ...]:
        """Return what a second look has to tell of."""
        return tuple(f for f in self.findings if f.verdict is Verdict.SUSPECT)
