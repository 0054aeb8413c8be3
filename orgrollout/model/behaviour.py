"""How AWS behaves where it documents nothing: what was found out by `confirm`, by name.

A name stands for one question. The file that `confirm` writes holds the answers; what is not in it
is not known.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

Value = str | bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What may be true of AWS, and what is taken for true until it is known."""

    values: tuple[Value, ...]
    assumed: Value
    is_open: bool = False  # any text is possible

    def allows(self, value: Value) -> bool:
        """Return whether a value is an answer; 1 is not True here."""
        if self.is_open:
            return isinstance(value, str)
        return any(value == each and type(value) is type(each) for each in self.values)


QUESTIONS: Mapping[str, Question] = {
    "conflicting_operations": Question(values=("same_instances", "any"), assumed="same_instances"),
    "create_on_current": Question(values=("skip", "apply_overrides"), assumed="skip"),
    "detection_without_instances": Question(values=("operation", "refused"), assumed="operation"),
    "duplicate_operation_id": Question(values=("return", "raise"), assumed="return"),
    "empty_overrides": Question(values=("reset", "keep"), assumed="reset"),
    "executed_change_set": Question(values=("by_arn", "kept", "gone"), assumed="by_arn"),
    "omitted_parameters": Question(values=("keep", "default"), assumed="keep"),
    "overrides_stored": Question(values=("at_start", "at_success"), assumed="at_start"),
    "region_order_rest": Question(values=("after", "before"), assumed="after"),
    "revert_drift_on_stack_set_stacks": Question(values=(True, False), assumed=True),
    "skipped_result": Question(values=("CANCELLED", "SUCCEEDED", "FAILED"), assumed="CANCELLED"),
    "skipped_status": Question(values=("OUTDATED", "CURRENT"), assumed="OUTDATED"),
    "stop_reason": Question(
        values=("Cancelled since the operation was stopped", ""),
        assumed="Cancelled since the operation was stopped",
        is_open=True,
    ),
    "stopped_detection": Question(values=("overwrites", "keeps"), assumed="overwrites"),
    "suspended_delete": Question(
        values=("with_retain", "skip", "remove_record"), assumed="with_retain"
    ),
    "update_instances_definition": Question(values=("current", "previous"), assumed="current"),
    "update_resets_drift": Question(values=(False, True), assumed=False),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """The answers that are known, by the name of the question."""

    values: Mapping[str, Value] = field(default_factory=dict)

    @property
    def keeps_old_definition(self) -> bool:
        """Return whether UpdateStackInstances is known to apply the definition of before."""
        return self.values.get("update_instances_definition") == "previous"
