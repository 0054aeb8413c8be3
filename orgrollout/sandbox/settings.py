"""The knobs of the sandbox: how long things take, and what AWS leaves undocumented.

Every field carries a note. Fields with choices decide something that AWS does not
document: a tool that is tested in the sandbox should work under each of them, and
``undocumented()`` lists them for such tests.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import timedelta
from typing import Annotated, Any, cast, get_type_hints

from orgrollout.sandbox.errors import SandboxFileError
from orgrollout.sandbox.kinds import span_of, wrong_kinds


@dataclass(frozen=True, slots=True)
class About:
    """The note of a setting, and the values that tests try (none: documented or a scale)."""

    text: str
    choices: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Note:
    """A setting by name, with its default, what it decides and its choices."""

    name: str
    default: Any
    text: str
    choices: tuple[Any, ...]


_LAGS = (timedelta(), timedelta(seconds=90))
_BOTH = (False, True)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The settings of a sandbox: scale, and behaviour that AWS does not document."""

    seed: Annotated[int, About("Durations and shuffles follow from it alone.")] = 1
    median_duration: Annotated[
        timedelta, About("Median time that one stack instance takes (sandbox time).")
    ] = timedelta(seconds=40)
    duration_spread: Annotated[
        float, About("Sigma of the logarithm of that time; 0 makes all equal.")
    ] = 0.35
    change_set_duration: Annotated[
        timedelta, About("Median time until a change set is created (sandbox time).")
    ] = timedelta(seconds=4)
    stack_update_duration: Annotated[
        timedelta, About("Median time that executing a change set takes (sandbox time).")
    ] = timedelta(seconds=20)
    stack_drift_duration: Annotated[
        timedelta, About("Median time that DetectStackDrift takes (sandbox time).")
    ] = timedelta(seconds=6)
    remediation_duration: Annotated[
        timedelta, About("Median time that a remediation takes (sandbox time).")
    ] = timedelta(seconds=30)
    rule_evaluation_period: Annotated[
        timedelta,
        About("How often AWS Config evaluates the flow-log rule by itself; 0: at each question."),
    ] = timedelta()
    deploy_resources: Annotated[
        bool, About("Create the templates' resources; off, instances are mere records.")
    ] = True
    max_stack_sets: Annotated[int, About("Quota per administrator account [D].")] = 1_000
    max_stack_instances: Annotated[int, About("Quota per stack set [D].")] = 100_000
    max_concurrent_instances: Annotated[
        int, About("Instance operations at one time per Region and administrator account [D].")
    ] = 10_000
    max_concurrent_per_stack_set: Annotated[
        int | None,
        About(
            "Instance operations at one time per stack set: 100 in the user guide of 2023, and in "
            "no newer one. None: no such ceiling."
        ),
    ] = None
    max_queued_operations: Annotated[int, About("Queued operations per stack set [D].")] = 10_000
    requests_per_second: Annotated[
        float | None,
        About("CloudFormation throttles above this rate per operation; None: never.", (None, 2.0)),
    ] = None
    event_resources: Annotated[
        bool,
        About(
            "LookupEvents names the resources of events and finds events by them; AWS documents "
            "for no operation which it names.",
            _BOTH,
        ),
    ] = True
    organizations_rates: Annotated[
        bool, About("Organizations throttles above its documented rates [D].")
    ] = False
    result_lag: Annotated[
        timedelta, About("How far ListStackSetOperationResults is behind.", _LAGS)
    ] = timedelta()
    operation_list_lag: Annotated[
        timedelta, About("How far ListStackSetOperations is behind.", _LAGS)
    ] = timedelta()
    empty_pages: Annotated[
        bool, About("Organizations lists begin with an empty page and a NextToken.", _BOTH)
    ] = False
    parallel_cancellation: Annotated[
        str,
        About(
            "PARALLEL, and one Region exceeds its tolerance: the others stop dispatching or go on.",
            ("cancel_all", "region_only"),
        ),
    ] = "cancel_all"
    duplicate_operation_id: Annotated[
        str,
        About(
            "The same call again: answer with its operation, or OperationIdAlreadyExistsException.",
            ("return", "raise"),
        ),
    ] = "return"
    conflicting_operations: Annotated[
        str,
        About(
            "Managed execution: which operations may not run side by side.",
            ("same_instances", "any"),
        ),
    ] = "same_instances"
    account_order: Annotated[
        str,
        About("In which order a Region's accounts are dispatched.", ("sorted", "shuffled")),
    ] = "sorted"
    skipped_status: Annotated[
        str, About("Status of an instance in a suspended account.", ("OUTDATED", "CURRENT"))
    ] = "OUTDATED"
    skipped_result: Annotated[
        str,
        About(
            "Operation result of a suspended account (the enum has no SKIPPED).",
            ("CANCELLED", "SUCCEEDED", "FAILED"),
        ),
    ] = "CANCELLED"
    omitted_parameters: Annotated[
        str,
        About(
            "UpdateStackSet without Parameters: keeps the values, or returns to the defaults.",
            ("keep", "default"),
        ),
    ] = "keep"
    move_between_targets: Annotated[
        str,
        About(
            "Automatic deployment, account moves from one targeted unit to another: its stacks "
            "are deleted and created, or kept.",
            ("delete_and_create", "keep"),
        ),
    ] = "delete_and_create"
    suspended_delete: Annotated[
        str,
        About(
            "DeleteStackInstances in a suspended account: the record goes with RetainStacks, or "
            "none does, or a mere record goes in any case.",
            ("with_retain", "skip", "remove_record"),
        ),
    ] = "with_retain"
    create_on_current: Annotated[
        str,
        About(
            "CreateStackInstances on a CURRENT instance: leave it, or apply the overrides.",
            ("skip", "apply_overrides"),
        ),
    ] = "skip"
    overrides_stored: Annotated[
        str,
        About(
            "When overrides become visible: as the operation starts, or as the instance succeeds.",
            ("at_start", "at_success"),
        ),
    ] = "at_start"
    update_instances_definition: Annotated[
        str,
        About(
            "UpdateStackInstances on an OUTDATED instance: applies the set's template, or the old.",
            ("current", "previous"),
        ),
    ] = "current"
    stop_reason: Annotated[
        str,
        About(
            "Reason of results that a stop cancelled (no AWS source).",
            ("Cancelled since the operation was stopped", ""),
        ),
    ] = "Cancelled since the operation was stopped"
    operation_retention: Annotated[
        timedelta | None,
        About("Age at which finished operations vanish; None: never.", (None, timedelta(days=90))),
    ] = None
    auto_deployment_update: Annotated[
        str,
        About(
            "UpdateStackSet that changes only AutoDeployment: touches no instance, or all.",
            ("no_instances", "all_instances"),
        ),
    ] = "no_instances"
    region_order_rest: Annotated[
        str,
        About("Regions that RegionOrder omits come afterwards, or first.", ("after", "before")),
    ] = "after"
    update_resets_drift: Annotated[
        bool, About("A successful update sets DriftStatus back to NOT_CHECKED.", _BOTH)
    ] = False
    role_policies: Annotated[
        bool, About("Calls of roles that have policies in IAM are checked against them [D].")
    ] = True
    executed_change_set: Annotated[
        str,
        About(
            "An executed change set is gone by name and describable by ARN [O], or stays, or is "
            "gone (ChangeSetNotFound).",
            ("by_arn", "kept", "gone"),
        ),
    ] = "by_arn"
    revert_drift_on_stack_set_stacks: Annotated[
        bool,
        About("REVERT_DRIFT change sets are allowed on stacks of a stack set.", (True, False)),
    ] = True

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any], source: str = "settings") -> "Settings":
        """Return settings from a file; spans are given in seconds.

        Raises:
            SandboxFileError: A name is unknown or a value is none of its choices.
        """
        known = {note.name: note for note in cls.notes()}
        problems = [f"settings.{name} is not a setting" for name in values if name not in known]
        hints = get_type_hints(cls)
        made = {}
        for name, given in values.items():
            if name in known:
                span = span_of(given) if _is_span(known[name], given) else None
                made[name] = given if span is None else span
                problems += wrong_kinds(hints[name], made[name], f"settings.{name}")
        for name, value in made.items():
            if name in _CLOSED and value not in known[name].choices:
                problems.append(f"settings.{name} must be one of {known[name].choices}")
        if problems:
            raise SandboxFileError(source, problems)
        return cls(**cast("dict[str, Any]", made))

    @classmethod
    def notes(cls) -> Iterator[Note]:
        """Yield name, default, note and choices of every setting."""
        hints = get_type_hints(cls, include_extras=True)
        for each in fields(cls):
            about: About = hints[each.name].__metadata__[0]
            yield Note(each.name, each.default, about.text, about.choices)

    @classmethod
    def undocumented(cls) -> Iterator[Note]:
        """Yield the settings that stand for what AWS does not document."""
        return (note for note in cls.notes() if len(note.choices) > 1)


_CLOSED = {
    note.name
    for note in Settings.notes()
    if note.choices and isinstance(note.default, str | bool) and note.name != "stop_reason"
}


def _is_span(note: Note, value: object) -> bool:
    span = any(isinstance(each, timedelta) for each in (note.default, *note.choices))
    return span and isinstance(value, int | float) and not isinstance(value, bool)
