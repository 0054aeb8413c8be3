"""Manifests that scenarios share, with the reason of a failure and the times of an operation."""

from copy import deepcopy
from datetime import datetime
from typing import Any

from orgrollout.sandbox import OperationRecord
from tests.stage import BASE, DEV, PROD, pairs

EVERYWHERE = pairs((*PROD, *DEV))
DENIED = (
    "User: arn:aws:sts::1:assumed-role/stacksets-exec-1/x is not authorized to perform: "
    "sns:CreateTopic with an explicit deny in a service control policy"
)


def with_waves(*waves: dict[str, Any], **rollout: Any) -> dict[str, Any]:
    """Return the manifest with these waves."""
    return {**deepcopy(BASE), "rollout": {"waves": list(waves), **rollout}}


def started(operation: OperationRecord) -> datetime:
    """Return when an operation started."""
    assert operation.started is not None
    return operation.started


def ended(operation: OperationRecord) -> datetime:
    """Return when an operation ended."""
    assert operation.ended is not None
    return operation.ended


def edited(**changes: Any) -> dict[str, Any]:
    """Return the manifest with changes, those of its stack set under ``topics``."""
    manifest = deepcopy(BASE)
    manifest["stack_sets"]["topics"].update(changes.pop("topics", {}))
    return {**manifest, **changes}
