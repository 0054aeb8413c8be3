"""What should exist: for each stack set its definition, its pairs, and why."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from orgrollout.manifest.once_only import NOTHING, OnceOnly
from orgrollout.model.ids import AccountId, Digest, Pair, Region, StackSetKey, StackSetName
from orgrollout.model.stack_set import StackSetDefinition
from orgrollout.organization.acceptances import Acceptance
from orgrollout.organization.snapshot import AccountState


class LeftOutState(StrEnum):
    """Why an account or Region gets no stack instance; the words of `coverage`."""

    SKIPPED = "skipped"  # meant, but it cannot be deployed to (suspended, closed, ...)
    EXCLUDED = "excluded"
    WAIVED = "waived"  # accepted for a time
    OUT_OF_SCOPE = "out_of_scope"


LEAVES_ALONE = frozenset({LeftOutState.SKIPPED, LeftOutState.WAIVED})
"""States in which a stack instance that exists stays as it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """Why a pair is not desired, in words for a person."""

    state: LeftOutState
    reason: str
    rule: str = ""  # where the manifest says so, if it does


@dataclass(frozen=True, slots=True, kw_only=True)
class DesiredStackSet:
    """One stack set as the manifest wants it.

    Every account of the organization times every Region in ``regions`` is in exactly one place: its
    pair in ``pairs``, its account in ``left_out``, or its pair in ``left_out_pairs``. Equal sets of
    overrides are stored once, under their digest; ``pairs`` points to them.
    """

    key: StackSetKey
    name: StackSetName
    definition: StackSetDefinition
    pairs: Mapping[Pair, Digest]
    parameter_sets: Mapping[Digest, Mapping[str, str]]
    regions: tuple[Region, ...]  # all that the manifest names for it, gaps of the template included
    rules: Mapping[AccountId, str]  # the rule that put the account in, e.g. targets.include[0]
    left_out: Mapping[AccountId, LeftOut] = field(default_factory=dict)
    left_out_pairs: Mapping[Pair, LeftOut] = field(default_factory=dict)  # narrower than an account
    depends_on: tuple[StackSetKey, ...] = ()  # per account: before this one in the same account
    prerequisites: tuple[
        StackSetKey, ...
    ] = ()  # in accounts of their own: before this one anywhere
    retain_stacks: bool = True
    adopt: bool = False
    imports: Mapping[Pair, str] = field(default_factory=dict)  # ids of stacks that exist there
    accepts: tuple[Acceptance, ...] = ()  # differences and broken checks, by the manifest
    auto_deployment: bool = False
    managed_execution: bool | None = None  # None: as it is
    absent: bool = False  # `state: absent`: nothing is desired, and the stack set goes too
    notes: tuple[str, ...] = ()  # what it costs and leaves behind
    once: OnceOnly = NOTHING  # what it would make several times that there is once

    @property
    def accounts(self) -> frozenset[AccountId]:
        """Return the accounts with at least one pair."""
        return frozenset(pair.account for pair in self.pairs)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountSummary:
    """How many accounts the organization has, each counted once.

    An account is targeted if any stack set reaches it. Of the others the first that applies counts:
    the management account, not active, excluded, waived, not targeted.
    """

    total: int
    targeted: int
    management: int  # 1 where nothing reaches it
    not_active: Mapping[AccountState, int]
    excluded: int
    waived: int
    not_targeted: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DesiredState:
    """All that a manifest wants of an organization."""

    stack_sets: Mapping[StackSetKey, DesiredStackSet]  # in the manifest's order
    accounts: AccountSummary
    warnings: tuple[str, ...] = ()
    ending: tuple[str, ...] = ()  # those of the warnings that tell of what ended, or soon will
