"""The kinds of operation: one of seven, each with only what can vary in it.

A kind says what is requested and how it stands to other operations of the plan on the same stack
instances. It is written into saved plans: values may be added, and old ones stay readable.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Literal, assert_never

from pydantic import Field

from orgrollout.model.operation import OperationAction
from orgrollout.plan.model.repair import Repair


class OverridesStep(StrEnum):
    """What happens to the stack instances before their overrides are set."""

    NONE = "none"
    AFTER_IMPORT = "after import"  # of their stacks; the import counts them
    AFTER_DEFINITION = "after definition"  # an operation that applies the definition


class DefinitionStep(StrEnum):
    """What comes before and after an operation that applies the definition."""

    ALONE = "alone"
    BEFORE_OVERRIDES = "before overrides"  # the operation with the overrides counts them
    AFTER_IMPORT = "after import"  # and before overrides; the import counts them


class Retry(StrEnum):
    """Which request applies a definition that was sent once, and failed in some stack instances."""

    UPDATE_INSTANCES = "UpdateStackInstances"
    UPDATE_STACK_SET = "UpdateStackSet"


@dataclass(frozen=True, slots=True, kw_only=True)
class Create:
    """Stack instances are created (CreateStackInstances)."""

    type: Literal["create"] = "create"
    again: bool = False  # after an operation of the plan removed an INOPERABLE one


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """Existing stacks become stack instances (ImportStacksToStackSet). An update follows."""

    type: Literal["import"] = "import"


@dataclass(frozen=True, slots=True, kw_only=True)
class SetOverrides:
    """The overrides are set, and the stack set's definition applied (UpdateStackInstances)."""

    type: Literal["set overrides"] = "set overrides"
    step: OverridesStep = OverridesStep.NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class SendDefinition:
    """The new definition is sent (UpdateStackSet); all other stack instances become OUTDATED."""

    type: Literal["send definition"] = "send definition"
    retry: Retry = Retry.UPDATE_INSTANCES
    updated_again: bool = False  # a later operation updates its stack instances, and counts them


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyDefinition:
    """The definition that the stack set has is applied (UpdateStackSet, UsePreviousTemplate)."""

    type: Literal["apply definition"] = "apply definition"
    step: DefinitionStep = DefinitionStep.ALONE


@dataclass(frozen=True, slots=True, kw_only=True)
class Remove:
    """Stack instances are removed (DeleteStackInstances)."""

    type: Literal["remove"] = "remove"
    retain_stacks: bool
    replaced: bool = False  # INOPERABLE ones: a later operation imports or creates them again


@dataclass(frozen=True, slots=True, kw_only=True)
class MakeRepair:
    """Something is repaired by calls in the member accounts themselves."""

    type: Literal["repair"] = "repair"
    repair: Repair


OperationKind = (
    Create | Import | SetOverrides | SendDefinition | ApplyDefinition | Remove | MakeRepair
)
SavedKind = Annotated[OperationKind, Field(discriminator="type")]


def action_of(kind: OperationKind) -> OperationAction:
    """Return the word that a plan shows for it."""
    match kind:
        case Create() | Import():
            return OperationAction.CREATE
        case SetOverrides() | SendDefinition() | ApplyDefinition():
            return OperationAction.UPDATE
        case Remove():
            return OperationAction.DETACH if kind.retain_stacks else OperationAction.DELETE
        case MakeRepair():
            return kind.repair.action
        case _:
            assert_never(kind)


def is_counted(kind: OperationKind) -> bool:
    """Return whether its stack instances count here, and not with another operation of the plan."""
    match kind:
        case SetOverrides():
            return kind.step is not OverridesStep.AFTER_IMPORT
        case SendDefinition():
            return not kind.updated_again
        case ApplyDefinition():
            return kind.step is DefinitionStep.ALONE
        case Remove():
            return not kind.replaced
        case Create() | Import() | MakeRepair():
            return True
        case _:
            assert_never(kind)


def is_step(kind: OperationKind) -> bool:
    """Return whether its stack instances wait for their own earlier operation, or are waited for.

    An operation that only sends the definition is no step: all of the stack set waits for it.
    """
    match kind:
        case Create(again=step) | Remove(replaced=step):
            return step
        case SetOverrides():
            return kind.step is not OverridesStep.NONE
        case SendDefinition():
            return kind.updated_again and kind.retry is Retry.UPDATE_STACK_SET
        case ApplyDefinition():
            return kind.step is not DefinitionStep.ALONE
        case Import() | MakeRepair():
            return isinstance(kind, Import)
        case _:
            assert_never(kind)


def belongs_to_import(kind: OperationKind) -> bool:
    """Return whether it imports stacks, or updates what the plan imports."""
    match kind:
        case Import():
            return True
        case SetOverrides():
            return kind.step is OverridesStep.AFTER_IMPORT
        case ApplyDefinition():
            return kind.step is DefinitionStep.AFTER_IMPORT
        case _:
            return False


def is_by_stack_set(kind: OperationKind) -> bool:
    """Return whether it updates by UpdateStackSet, also when it is sent again."""
    match kind:
        case SendDefinition():
            return kind.retry is Retry.UPDATE_STACK_SET
        case ApplyDefinition():
            return True
        case _:
            return False
