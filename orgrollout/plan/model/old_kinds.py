"""Operations of plans that were saved when six flags said what kind an operation is."""

from collections.abc import Mapping
from typing import Any

from orgrollout.plan.model.kinds import (
    ApplyDefinition,
    Create,
    DefinitionStep,
    Import,
    OperationKind,
    OverridesStep,
    Remove,
    Retry,
    SendDefinition,
    SetOverrides,
)

_FLAGS = (
    "sends_definition",
    "imports",
    "by_stack_set",
    "stepwise",
    "recovers",
    "covered_again",
)
_AFTER_IMPORT = SetOverrides(step=OverridesStep.AFTER_IMPORT)
_BY_STACK_SET = Retry.UPDATE_STACK_SET

# All combinations that were written, by action; the flags are in the order of `_FLAGS`.
_KINDS: Mapping[tuple[str, str], OperationKind] = {
    ("create", ""): Create(),
    ("create", "recovers"): Create(again=True),
    ("create", "imports"): Import(),
    ("create", "imports recovers"): Import(),
    ("update", ""): SetOverrides(),
    ("update", "stepwise"): SetOverrides(step=OverridesStep.AFTER_DEFINITION),
    ("update", "imports covered_again"): _AFTER_IMPORT,
    ("update", "imports recovers covered_again"): _AFTER_IMPORT,
    ("update", "imports stepwise covered_again"): _AFTER_IMPORT,
    ("update", "imports stepwise recovers covered_again"): _AFTER_IMPORT,
    ("update", "sends_definition"): SendDefinition(),
    ("update", "sends_definition covered_again"): SendDefinition(updated_again=True),
    ("update", "sends_definition by_stack_set"): SendDefinition(retry=_BY_STACK_SET),
    ("update", "sends_definition by_stack_set stepwise covered_again"): SendDefinition(
        retry=_BY_STACK_SET, updated_again=True
    ),
    ("update", "by_stack_set"): ApplyDefinition(),
    ("update", "by_stack_set stepwise covered_again"): ApplyDefinition(
        step=DefinitionStep.BEFORE_OVERRIDES
    ),
    ("update", "imports by_stack_set stepwise covered_again"): ApplyDefinition(
        step=DefinitionStep.AFTER_IMPORT
    ),
    ("update", "imports by_stack_set stepwise recovers covered_again"): ApplyDefinition(
        step=DefinitionStep.AFTER_IMPORT
    ),
    ("detach", ""): Remove(retain_stacks=True),
    ("detach", "recovers covered_again"): Remove(retain_stacks=True, replaced=True),
    ("delete", ""): Remove(retain_stacks=False),
    ("delete", "recovers covered_again"): Remove(retain_stacks=False, replaced=True),
}


def with_kind(operation: Any) -> Any:
    """Return a saved operation in today's form; what is none is left for the adapter to refuse.

    Raises:
        ValueError: The flags contradict each other.
    """
    if not isinstance(operation, dict) or "kind" in operation or "action" not in operation:
        return operation
    rest = {name: value for name, value in operation.items() if name not in _WRITTEN}
    if operation.get("repair") is not None:
        return {**rest, "kind": {"type": "repair", "repair": operation["repair"]}}
    flags = " ".join(flag for flag in _FLAGS if operation.get(flag, False) is not False)
    kind = _KINDS.get((str(operation["action"]), flags))
    if kind is None:
        raise ValueError(f"an operation's action and flags do not go together: {flags or 'none'}")
    return {**rest, "kind": kind}


_WRITTEN = {"action", "repair", *_FLAGS}
