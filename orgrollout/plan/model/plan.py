"""A plan: exactly which pairs change and how, as operations in waves. It knows no time."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import Field

from orgrollout.model.ids import (
    AccountId,
    Digest,
    Pair,
    Region,
    StackSetKey,
    UnitId,
    digest_of,
)
from orgrollout.model.notice import Destination
from orgrollout.model.operation import OperationAction, OperationPreferences
from orgrollout.plan.model.kinds import (
    MakeRepair,
    Remove,
    SavedKind,
    SendDefinition,
    action_of,
    belongs_to_import,
    is_by_stack_set,
    is_counted,
    is_step,
)
from orgrollout.plan.model.ledger_then import LedgerThen
from orgrollout.plan.model.planned_stack_set import PlannedStackSet, StackSetChange
from orgrollout.plan.model.repair import Repair
from orgrollout.plan.model.targets import Rectangle
from orgrollout.plan.model.windows import Window

SIDE_BY_SIDE = 10  # operations of one stack set at most; each is looked at, at two calls a second


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedOperation:
    """One stack set operation to come: exactly ``accounts`` x ``regions``."""

    stack_set: StackSetKey
    wave: int
    kind: SavedKind
    accounts: tuple[AccountId, ...]
    regions: tuple[Region, ...]
    units: tuple[UnitId, ...] = ()
    parameter_set: Digest
    state: Digest  # what its stack instances run afterwards
    reason: str
    other_reasons: Mapping[str, tuple[Pair, ...]] = field(default_factory=dict)

    @property
    def action(self) -> OperationAction:
        """Return what it does, in the words of a plan."""
        return action_of(self.kind)

    @property
    def repair(self) -> Repair | None:
        """Return what is repaired, where the calls go into member accounts."""
        return self.kind.repair if isinstance(self.kind, MakeRepair) else None

    @property
    def sends_definition(self) -> bool:
        """Return whether it sends the new definition."""
        return isinstance(self.kind, SendDefinition)

    @property
    def is_counted(self) -> bool:
        """Return whether its stack instances count here, and not with another operation."""
        return is_counted(self.kind)

    @property
    def rectangle(self) -> Rectangle:
        """Return its accounts x Regions."""
        return Rectangle(self.accounts, self.regions)

    @property
    def takes_away(self) -> bool:
        """Return whether its stack instances are not wanted any more."""
        return isinstance(self.kind, Remove) and not self.kind.replaced

    @property
    def is_step(self) -> bool:
        """Return whether others of the plan come before or after it on the same stack instances."""
        return is_step(self.kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """What must happen after a wave before the next one starts."""

    soak: timedelta | None = None
    approval: bool = False
    not_by_planner: bool = False  # who planned or began the rollout may not approve
    alarm: str | None = None  # ARN of a CloudWatch alarm that stays quiet during the soak


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedWave:
    """A part of the accounts that is done before the next one starts."""

    index: int
    name: str
    accounts: tuple[AccountId, ...]
    allowed_failures: int  # accounts, counted after retries
    gate: Gate = Gate()
    preferences: OperationPreferences = field(default_factory=OperationPreferences)


@dataclass(frozen=True, slots=True, kw_only=True)
class Freeze:
    """A span in which no operation starts."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureRule:
    """What to make of a failure that this organization knows."""

    kind: str  # one of the classes of failures
    pattern: str  # a regular expression, searched for in the reason
    advice: str = ""
    attempts: int | None = None  # None: as many as its class has


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """An account that is meant, and that nothing can be deployed to."""

    account: AccountId
    name: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberRole:
    """How member accounts are entered."""

    role: str  # its name, the same in each of them
    external_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What will be done, in order. Equal plans have equal fingerprints."""

    manifest: str
    organization: str
    home_region: Region
    stack_sets: Mapping[StackSetKey, PlannedStackSet]
    waves: tuple[PlannedWave, ...]
    operations: tuple[PlannedOperation, ...]
    updates_by_stack_set: bool = False  # see `orgrollout.plan.build.update_strategy`
    rolls_back: bool = False  # by itself, when too many accounts fail
    attempts: int = 4  # of a stack instance, the first one included
    failure_rules: tuple[FailureRule, ...] = ()  # before those that are known anyway
    freezes: tuple[Freeze, ...] = ()
    windows: tuple[Window, ...] = ()  # operations start in here only; empty: at any time
    units: Mapping[str, tuple[AccountId, ...]] = field(default_factory=dict)  # by path
    call_as: Literal["auto", "self", "delegated_admin"] = "auto"  # service-managed stack sets
    template_bucket: str | None = None  # s3://BUCKET/PREFIX, for what is too large for a call
    enrols: bool = False  # nothing that is deployed changes; accounts do not wait for each other
    # Given where operations run in member accounts; saved under the name it had first.
    member_role: Annotated[MemberRole | None, Field(alias="inside")] = None
    held_back: Mapping[OperationAction, int] = field(default_factory=dict)  # not allowed
    young: tuple[AccountId, ...] = ()  # joined less than a day before: may not be ready yet
    names: Mapping[AccountId, str] = field(default_factory=dict)  # of the accounts it touches
    recent: Mapping[datetime, tuple[AccountId, ...]] = field(default_factory=dict)  # see `recent`
    opening: tuple[str, ...] = ()  # how many accounts, and why not more
    skipped: tuple[Skipped, ...] = ()  # accounts that are suspended, closed, ...
    warnings: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()  # by rules of the manifest: it may be looked at, and not begun
    waits_for: tuple[str, ...] = ()  # rules of the manifest that want an approval first
    destinations: tuple[Destination, ...] = ()  # who is told how it goes
    planned_by: str = ""  # the ARN of who saved it; empty: it was applied at once
    unattended: bool = False  # a later unattended job of the manifest may finish it
    drift_rules: str = ""  # digest of `drift:` of the manifest; of an unattended re-sync only
    rollout_rules: str = ""  # digest of `rollout:` of the manifest; of an unattended job only
    # How all stood; None: an older version or a rollback made it, or it does nothing.
    ledger: LedgerThen | None = field(default=None, compare=False)

    @property
    def is_empty(self) -> bool:
        """Return whether nothing would be sent."""
        return not self.operations and all(
            s.change is StackSetChange.NONE for s in self.stack_sets.values()
        )

    @property
    def fingerprint(self) -> Digest:
        """Return the digest of what would be sent."""
        return digest_of(
            [
                self.manifest,
                self.organization,
                self.home_region,
                [[s.name, s.change, digest_of(_sent(s))] for s in self.stack_sets.values()],
                [
                    [
                        *(o.stack_set, o.wave, o.action, o.accounts, o.regions),
                        *(
                            o.state,
                            belongs_to_import(o.kind),
                            o.repair.digest if o.repair else None,
                        ),
                        *(("by_stack_set",) if is_by_stack_set(o.kind) else ()),
                    ]
                    for o in self.operations
                ],
            ]
        )

    @property
    def opens_with_approval(self) -> bool:
        """Return whether nothing at all is sent before a person, or a condition, approves it."""
        first = next(iter(self.waves), None)
        if first is None or first.accounts or not first.gate.approval:
            return False
        # A definition without stack instances is sent in a wave that has no accounts either.
        return all(operation.wave != first.index for operation in self.operations)

    def counts(self, key: StackSetKey | None = None) -> Counter[OperationAction]:
        """Return how many pairs change, by action."""
        counts: Counter[OperationAction] = Counter()
        for operation in self.operations:
            if key in {None, operation.stack_set} and operation.is_counted:
                counts[operation.action] += operation.rectangle.size
        return counts

    @property
    def unchanged(self) -> int:
        """Return how many stack instances are as they should be."""
        return sum(s.unchanged for s in self.stack_sets.values())

    def changes(self) -> Iterator[tuple[PlannedOperation, Pair, str]]:
        """Yield every pair that changes, with its operation and the reason."""
        for operation in self.operations:
            if not operation.is_counted:
                continue
            others = {p: reason for reason, ps in operation.other_reasons.items() for p in ps}
            for pair in operation.rectangle.pairs:
                yield operation, pair, others.get(pair, operation.reason)


def _sent(stack_set: PlannedStackSet) -> list[object]:
    definition = stack_set.definition
    return [
        definition.state_digest({}),
        definition.description,
        definition.capabilities,
        definition.administration_role_arn,
        definition.execution_role_name,
    ]
