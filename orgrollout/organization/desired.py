"""What should exist: for each stack set its definition, its pairs, and why."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from orgrollout.model.ids import AccountId, Digest, Pair, Region, StackSetKey, StackSetName
from orgrollout.model.stack_set import StackSetDefinition


class LeftOutState(StrEnum):
    """Why an account or Region gets no stack instance; the words of `coverage`."""

    SKIPPED = "skipped"  # meant, but it cannot be deployed to (suspended, closed, ...)
    EXCLUDED = "excluded"
    OUT_OF_SCOPE = "out_of_scope"


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """Why a pair is not desired, in words for a person."""

    state: LeftOutState
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Desired:
    """One stack set as the manifest wants it.

    Equal sets of overrides are stored once, under their digest; ``pairs`` points to them.
    """

    key: StackSetKey
    name: StackSetName
    definition: StackSetDefinition
    pairs: Mapping[Pair, Digest]
    parameter_sets: Mapping[Digest, Mapping[str, str]]
    regions: tuple[Region, ...]  # all the stack set may go to
    rules: Mapping[AccountId, str]  # the rule that put the account in, e.g. targets.include[0]
    left_out: Mapping[AccountId, LeftOut] = field(default_factory=dict)
    left_out_pairs: Mapping[Pair, LeftOut] = field(default_factory=dict)  # narrower than an account
    depends_on: tuple[StackSetKey, ...] = ()
    retain_stacks: bool = True
    adopt: bool = False
    absent: bool = False  # `state: absent`: nothing is desired, and the stack set goes too
    notes: tuple[str, ...] = ()  # what it costs and leaves behind
