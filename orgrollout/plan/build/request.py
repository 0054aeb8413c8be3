"""What a plan is made from, and what can be asked of it about one stack set."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from orgrollout.inventory.inventory import Inventory, StackSetInventory
from orgrollout.manifest.schema import Manifest
from orgrollout.model.ids import AccountId, Pair, Region, RolloutId, StackSetKey, StackSetName
from orgrollout.model.stack_set import CallAs, InstanceStatus
from orgrollout.organization.desired import DesiredStackSet
from orgrollout.organization.snapshot import Organization
from orgrollout.plan.build import waves
from orgrollout.plan.build.compare import Differences, compare
from orgrollout.plan.build.definition_differences import definition_differences, hides_parameters
from orgrollout.plan.build.definition_target import with_definition_targets
from orgrollout.plan.build.membership import Membership, membership_of
from orgrollout.plan.model.ledger_then import LedgerThen
from orgrollout.plan.model.plan import MemberRole, Skipped

Selection = Callable[[StackSetKey, Pair], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A name that another manifest's stack set has, and that new stack instances would give."""

    what: str  # type and name
    stack_set: StackSetName
    manifest: str
    pairs: frozenset[Pair]  # that meet it


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a plan is made from."""

    manifest: Manifest
    organization: Organization
    home_region: Region
    desired: Mapping[StackSetKey, DesiredStackSet]
    inventory: Inventory
    call_as: CallAs = CallAs.SELF  # as whom service-managed stack sets are called
    selected: Selection | None = None  # narrows to some pairs; narrowing never removes
    allow_removals: int | None = None  # instead of guards.max_removed_accounts
    allow_departed: int | None = None  # instead of guards.max_departed_accounts
    unknown: Mapping[AccountId, str] = field(default_factory=dict)  # not listed; why not gone
    recover_inoperable: bool = False  # detach them, and import or create them again
    given: Mapping[StackSetKey, Differences] | None = None  # instead of comparing
    sends_definitions: bool = True  # else stack sets that exist keep their definition
    stacks: Mapping[StackSetKey, Mapping[Pair, str]] = field(default_factory=dict)  # to repair
    member_role: MemberRole | None = None
    retained: Mapping[StackSetKey, Mapping[Pair, RolloutId]] = field(default_factory=dict)
    taken: Mapping[StackSetKey, Taken] = field(default_factory=dict)
    opening: tuple[str, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    recent: Mapping[datetime, tuple[AccountId, ...]] = field(default_factory=dict)  # see `recent`
    warnings: tuple[str, ...] = ()
    now: datetime | None = None  # when rules on plans are judged; None: they do not apply
    ledger: Callable[[], LedgerThen] | None = None  # makes what the plan keeps of how all stands

    def deployed(self, desired: DesiredStackSet) -> StackSetInventory | None:
        """Return what exists of a stack set, or nothing where it does not."""
        return self.inventory.stack_sets.get(desired.name)

    @property
    def membership(self) -> Membership:
        """Return who belongs to the organization."""
        known = membership_of(self.organization, self.manifest.guards)
        return replace(known, unknown=self.unknown)

    @property
    def most_departed(self) -> int:
        """Return how many accounts that left the organization may lose their stack instances."""
        guard = self.manifest.guards.max_departed_accounts
        return guard if self.allow_departed is None else self.allow_departed

    def differences(self) -> Mapping[StackSetKey, Differences]:
        """Return how each stack set has to change, as far as it was selected."""
        if self.given is not None:
            return self.given
        membership, recover = self.membership, self.recover_inoperable
        found = {
            key: self._narrowed(
                key, compare(desired, self.deployed(desired), membership, recover=recover)
            )
            for key, desired in self.desired.items()
        }
        return with_definition_targets(
            found, self.desired, self._aimed_at_one(found), self._first_wave
        )

    def _aimed_at_one(
        self, found: Mapping[StackSetKey, Differences]
    ) -> Mapping[StackSetKey, frozenset[Pair]]:
        """Return the stack sets of which only the definition changes, with what could carry it."""
        return {
            key: kept
            for key, differences in found.items()
            if not differences.updates and self.definition_changes(self.desired[key], differences)
            if (kept := self.kept(self.desired[key]))
        }

    def _first_wave(self) -> Mapping[AccountId, int]:
        """Return the wave of each account, before anything moves it."""
        accounts = {pair.account for d in self.desired.values() for pair in d.pairs}
        return waves.assign(self.manifest, self.organization, accounts)

    def compared(self) -> "Request":
        """Return the same, with everything compared once for all callers."""
        return replace(self, given=self.differences())

    def _narrowed(self, key: StackSetKey, differences: Differences) -> Differences:
        """Return the differences of the pairs that were selected."""
        selected = self.selected
        if selected is None:
            return differences
        return replace(
            differences,
            creates={p: s for p, s in differences.creates.items() if selected(key, p)},
            updates={p: s for p, s in differences.updates.items() if selected(key, p)},
            detaches=(),
            deletes=(),
            inoperable={p: i for p, i in differences.inoperable.items() if selected(key, p)},
        )

    def kept(self, desired: DesiredStackSet) -> frozenset[Pair]:
        """Return the pairs that are deployed and can be updated, still desired, and selected."""
        inventory = self.deployed(desired)
        if inventory is None:
            return frozenset()
        chosen = self.selected
        return frozenset(
            pair
            for pair, instance in inventory.instances.items()
            if pair in desired.pairs
            and instance.status is not InstanceStatus.INOPERABLE
            and (chosen is None or chosen(desired.key, pair))
        )

    def definition_changes(self, desired: DesiredStackSet, differences: Differences) -> bool:
        """Return whether a stack set that exists needs its definition sent."""
        inventory = self.deployed(desired)
        if inventory is None or desired.absent or not self.sends_definitions:
            return False
        now = inventory.deployed.definition
        if hides_parameters(now) and differences.updates:
            return True  # a NoEcho parameter may be what changed
        return bool(self.differing(desired))

    def differing(self, desired: DesiredStackSet) -> tuple[str, ...]:
        """Return in what the definition of a stack set that exists differs, in words.

        Where nothing is to have it, it is left as it is: it cannot be sent while the last stack
        instances go, and is sent before the next ones come.
        """
        inventory = self.deployed(desired)
        if inventory is None or desired.absent or not desired.pairs:
            return ()
        return definition_differences(inventory.deployed.definition, desired.definition)
