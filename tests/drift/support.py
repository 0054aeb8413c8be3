"""Drift as values, to be judged without any AWS."""

from datetime import UTC, datetime, timedelta
from typing import Any

from orgrollout.drift.classify import Viewpoint, classify
from orgrollout.drift.finding import Finding, FindingKind, Verdict
from orgrollout.manifest.schema import DriftIgnore
from orgrollout.model.drift import (
    DifferenceType,
    PropertyDifference,
    ResourceDrift,
    ResourceDriftStatus,
)
from orgrollout.model.ids import AccountId, Pair, Region, StackSetKey
from orgrollout.organization.acceptances import Acceptance, acceptance_of

KEY = StackSetKey("config")
HERE = Pair(AccountId("100000000001"), Region("eu-west-1"))
NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def differs(
    path: str,
    expected: str = "30",
    actual: str = "7",
    kind: DifferenceType = DifferenceType.NOT_EQUAL,
) -> PropertyDifference:
    return PropertyDifference(path=path, expected=expected, actual=actual, kind=kind)


def gone(path: str, expected: str = "30") -> PropertyDifference:
    """Return a property that seems to be gone."""
    return differs(path, expected, "null", DifferenceType.REMOVE)


def modified(*differences: PropertyDifference, name: str = "Group") -> ResourceDrift:
    return resource(ResourceDriftStatus.MODIFIED, name, differences=differences)


def resource(status: ResourceDriftStatus, name: str = "Group", **more: Any) -> ResourceDrift:
    return ResourceDrift(
        logical_id=name,
        physical_id=f"id-of-{name}",
        resource_type=f"AWS::Logs::{name}",
        status=status,
        **more,
    )


def ignore(resource: str = "Group", **more: Any) -> DriftIgnore:
    """Return a rule of `drift.ignore`."""
    return DriftIgnore(stack_set=KEY, resource=resource, reason="SEC-7", **more)


def rule(resource: str = "Group", *, place: str = "", **more: Any) -> Acceptance:
    """Return what such a rule accepts."""
    return acceptance_of(ignore(resource, **more), place)


def found(*drifts: ResourceDrift, **view: Any) -> list[Finding]:
    """Return the findings of resources in one stack."""
    return list(classify(Viewpoint(stack_set=KEY, **view), HERE, drifts, NOON))


def finding(path: str = "/RetentionInDays", **more: Any) -> Finding:
    return Finding(
        **{
            "stack_set": KEY,
            "pair": HERE,
            "kind": FindingKind.RESOURCE,
            "what": "Group",
            "verdict": Verdict.REAL,
            "path": path,
            "looked": NOON,
            **more,
        }
    )
