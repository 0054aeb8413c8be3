"""Drift of one stack: what its resources were when it was deployed, and what they are now."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from orgrollout.sandbox.moto import watched_properties
from orgrollout.sandbox.moto.resource_types import is_recorded
from orgrollout.sandbox.moto.watched_properties import WATCHED, Place, Seen
from orgrollout.sandbox.records import Difference, ResourceDrift

EVERYTHING = "*"  # of a type, in place of a property
Baseline = dict[str, dict[str, Seen]]


def baseline_of(stack: Any, note: Callable[[str, str, str], None]) -> Baseline:
    """Return what the checked resources of a stack look like now.

    One that moto cannot tell is noted, and not checked for drift.
    """
    found: Baseline = {}
    for key, resource, entry in _resources(stack):
        if entry["Type"] in WATCHED and not is_recorded(resource):
            identifier = str(resource.physical_resource_id)
            properties = entry.get("Properties") or {}
            try:
                seen = watched_properties.read(entry["Type"], _place(stack), identifier, properties)
            except Exception as error:  # noqa: BLE001 - moto's own gaps take many forms
                note(key, entry["Type"], f"not checked for drift: {error!r}")
                continue
            if seen is not None:
                found[key] = seen
    return found


def drifts_of(
    stack: Any, baseline: Baseline, unreadable: Mapping[str, str]
) -> tuple[ResourceDrift, ...]:
    """Return how each resource of a stack differs from ``baseline``.

    ``unreadable`` maps types to a property that the role may not read: it seems to be
    gone, which is the false drift that a missing permission makes. Where all of a type is,
    nothing is told of it.
    """
    return tuple(
        _drift_of(_place(stack), resource, baseline.get(key), unreadable.get(entry["Type"], ""))
        for key, resource, entry in _resources(stack)
        if unreadable.get(entry["Type"]) != EVERYTHING
    )


def revert(stack: Any, baseline: Baseline) -> list[str]:
    """Bring drifted resources back; return those that had to be created again."""
    made = []
    for drift in drifts_of(stack, baseline, {}):
        if drift.status == "DELETED":
            stack.create_again(drift.logical_id)
            made.append(drift.logical_id)
        elif drift.status == "MODIFIED":
            _write_back(_place(stack), drift, baseline[drift.logical_id])
    return made


def _write_back(place: Place, drift: ResourceDrift, seen: Mapping[str, Seen]) -> None:
    """Bring a resource back; tags whose keys are not in the template stay."""
    kept = dict(seen)
    if "Tags" in seen:
        now = watched_properties.read(drift.resource_type, place, drift.physical_id, {"Tags": None})
        kept["Tags"] = Seen(seen["Tags"].plain, {**now["Tags"].raw, **seen["Tags"].raw})
    watched_properties.write(drift.resource_type, place, drift.physical_id, kept)


def _drift_of(
    place: Place, resource: Any, seen: dict[str, Seen] | None, unreadable: str
) -> ResourceDrift:
    kind = str(resource.cf_resource_type)
    physical_id = str(resource.physical_resource_id)
    status, differences = "NOT_CHECKED", tuple[Difference, ...]()
    if seen is not None:
        now = watched_properties.read(kind, place, physical_id, seen)
        status = "DELETED" if now is None else "IN_SYNC"
        if now is not None:
            differences = tuple(_compared(seen, now, unreadable))
            status = "MODIFIED" if differences else "IN_SYNC"
    return ResourceDrift(
        logical_id=str(resource.logical_resource_id),
        physical_id=physical_id,
        resource_type=kind,
        status=status,
        differences=differences,
    )


def _compared(
    before: Mapping[str, Seen], now: Mapping[str, Seen], unreadable: str
) -> Iterator[Difference]:
    for name, each in before.items():
        if name == unreadable:
            yield f"/{name}", _text(each.plain), "null", "REMOVE"
        else:
            yield from _differences(f"/{name}", each.plain, now[name].plain)


def _differences(path: str, expected: Any, actual: Any) -> Iterator[Difference]:
    if isinstance(expected, dict) and isinstance(actual, dict):
        # CloudFormation leaves tags alone whose keys are not in the template.
        for key in expected if path == "/Tags" else {**expected, **actual}:
            yield from _differences(f"{path}/{key}", expected.get(key), actual.get(key))
    elif expected != actual:
        kind = "ADD" if expected is None else "REMOVE" if actual is None else "NOT_EQUAL"
        yield path, _text(expected), _text(actual), kind


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=str)


def _place(stack: Any) -> Place:
    return stack.account_id, stack.region_name


def _resources(stack: Any) -> Iterator[tuple[str, Any, Any]]:
    for key, entry in stack.resource_map.entries():
        resource = stack.resource_map.made(key)
        if resource is not None and not isinstance(resource, str):
            yield key, resource, entry
