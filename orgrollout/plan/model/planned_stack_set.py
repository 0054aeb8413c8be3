"""One stack set of a plan: what it becomes, and what that removes or recovers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from orgrollout.model.ids import (
    Digest,
    Pair,
    StackSetKey,
    StackSetName,
)
from orgrollout.model.operation import OperationAction
from orgrollout.model.stack_set import StackSetDefinition
from orgrollout.plan.model.instance_state import InstanceState, SeenInstances


class StackSetChange(StrEnum):
    """What happens to a stack set itself."""

    CREATE = "create"
    UPDATE = "update"  # its definition: template, parameters, tags, roles
    DELETE = "delete"
    NONE = "unchanged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """What becomes of the stacks of one stack set where its stack instances go."""

    action: OperationAction  # DETACH or DELETE
    instances: int
    accounts: int
    stays: tuple[str, ...]  # in words
    way_back: str  # how to have it again
    named: tuple[str, ...] = ()  # each account by name and id, with its Regions


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """How many stack instances of one stack set are detached, and then had again."""

    accounts: int
    imported: int  # with the stacks that are still there
    created: int  # where no stack is left
    deleted: int = 0  # with their stacks, and created again


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedStackSet:
    """One stack set of the plan: what it becomes, and what it waits for."""

    key: StackSetKey
    name: StackSetName
    change: StackSetChange
    definition: StackSetDefinition
    parameter_sets: Mapping[Digest, Mapping[str, str]]
    depends_on: tuple[StackSetKey, ...] = ()  # per account, or prerequisites in other accounts
    unchanged: int = 0  # stack instances that are as they should be
    notes: tuple[str, ...] = ()  # what it costs and leaves behind
    differences: tuple[str, ...] = ()  # of the definition, in words
    deployed: StackSetDefinition | None = None  # when the plan was made; None: it did not exist
    removals: tuple[Removal, ...] = ()
    seen: tuple[SeenInstances, ...] = ()  # those that change, as they were
    described: Mapping[Digest, Mapping[str, str]] = field(default_factory=dict)  # overrides of now
    imports: tuple[str, ...] = ()  # ids of the stacks that become stack instances
    stacks: tuple[str, ...] = ()  # ids of those that are repaired
    recovery: Recovery | None = None
    side_by_side: bool = False  # by managed execution, which is wanted and on

    @property
    def was(self) -> Mapping[Pair, InstanceState]:
        """Return what each stack instance that changes was when the plan was made."""
        return {p: each.state for each in self.seen for r in each.where for p in r.pairs}
