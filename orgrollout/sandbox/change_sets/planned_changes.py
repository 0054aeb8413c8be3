"""The changes of a change set, in the words of botocore's ResourceChange."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from orgrollout.sandbox.faults.rules import ChangeSetFault
from orgrollout.sandbox.records import ResourceDrift
from orgrollout.sandbox.stack_sets.live_stacks import LiveStacks, RecordStack
from orgrollout.sandbox.templates import parse_template

Change = dict[str, Any]
_WRITTEN_BACK = {"ADD": "Remove", "REMOVE": "Add", "NOT_EQUAL": "Modify"}
_VALUES = ("BeforeValue", "AfterValue")


def planned_changes(
    live: LiveStacks, stack: Any, body: str, values: Mapping[str, str], moment: datetime | None
) -> list[Change]:
    """Return the changes of a change set; ``moment``: as drift was seen then, None: without."""
    changes = [_ordinary(stack, *each) for each in live.compared(stack, body, values)]
    if moment is None:
        return changes
    named = {each["LogicalResourceId"] for each in changes}
    drifts = [each for each in live.drifts(stack) if each.is_drifted]
    reverted = [_reverting(each, moment) for each in drifts if each.logical_id not in named]
    return changes + reverted


def scripted(changes: list[Change], fault: ChangeSetFault | None, stack: Any) -> list[Change]:
    """Return the changes with what a fault adds: a replacement or a removal."""
    if fault is None or not fault.action:
        return changes
    key = fault.logical_id or next(iter(parse_template(stack.template)["Resources"]))
    entry = parse_template(stack.template)["Resources"].get(key, {})
    kind = str(entry.get("Type", "AWS::CloudFormation::CustomResource"))
    if fault.action == "Remove":
        return [*changes, _change("Remove", key, physical_id(stack, key), kind)]
    if key not in {each["LogicalResourceId"] for each in changes}:
        changes = [*changes, {**_change("Modify", key, physical_id(stack, key), kind)}]
    return [
        {**each, "Action": "Modify", "Replacement": fault.replacement}
        if each["LogicalResourceId"] == key
        else each
        for each in changes
    ]


def shown(changes: list[Change], *, with_values: bool) -> list[Change]:
    """Return changes as they are described; values of properties are told only when asked for."""
    return changes if with_values else [_without_values(each) for each in changes]


def physical_id(stack: Any, key: str) -> str | None:
    """Return the physical id of a resource of a stack; None where it is not known."""
    if isinstance(stack, RecordStack):
        return None
    made = stack.resource_map.made(key)
    return str(made.physical_resource_id) if made is not None else None


def _ordinary(stack: Any, action: str, key: str, kind: str) -> Change:
    return _change(action, key, physical_id(stack, key), kind)


def _change(action: str, key: str, physical: str | None, kind: str) -> Change:
    change: Change = {
        "Action": action,
        "LogicalResourceId": key,
        "PhysicalResourceId": None if action == "Add" else physical,
        "ResourceType": kind,
        "Scope": [],
        "Details": [],
    }
    return {**change, "Replacement": "False"} if action == "Modify" else change


def _reverting(drift: ResourceDrift, moment: datetime) -> Change:
    action = "Add" if drift.status == "DELETED" else "Modify"
    made = _change(action, drift.logical_id, drift.physical_id, drift.resource_type)
    details = list(_details(drift, moment))
    scope = dict.fromkeys(each["Target"]["Attribute"] for each in details)
    return {
        **made,
        "Scope": list(scope),
        "Details": details,
        "ResourceDriftStatus": drift.status,
    }


def _details(drift: ResourceDrift, moment: datetime) -> Iterator[dict[str, Any]]:
    for path, expected, actual, kind in drift.differences:
        name = path.split("/")[1]
        on_tags = name == "Tags"
        yield {
            "Target": {
                "Attribute": "Tags" if on_tags else "Properties",
                "Name": None if on_tags else name,
                "RequiresRecreation": "Never",
                "Path": path,
                "BeforeValue": actual,
                "AfterValue": expected,
                "BeforeValueFrom": "ACTUAL_STATE",
                "AfterValueFrom": "TEMPLATE",
                "Drift": {
                    "PreviousValue": expected,
                    "ActualValue": actual,
                    "DriftDetectionTimestamp": moment,
                },
                "AttributeChangeType": _WRITTEN_BACK[kind],
            },
            "Evaluation": "Static",
            "ChangeSource": "NoModification",
        }


def _without_values(change: Change) -> Change:
    details = [
        {**each, "Target": {k: v for k, v in each["Target"].items() if k not in _VALUES}}
        for each in change["Details"]
    ]
    return {**change, "Details": details}
