"""Checks of members that need or exclude each other; each of them alone fits its shape.

Documented in the API reference (DeploymentTargets, UpdateStackSet, StackSetOperationPreferences).
Undocumented, and refused rather than guessed, because a guess would widen the targets: accounts
beside NONE, and an empty list of accounts or Regions in UpdateStackSet.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from orgrollout.sandbox.errors import validation
from orgrollout.sandbox.stack_sets.preferences import check_preferences

_FILTERS = {
    "DETAILED_STATUS": (
        *("PENDING", "RUNNING", "SUCCEEDED", "FAILED", "CANCELLED", "INOPERABLE"),
        *("SKIPPED_SUSPENDED_ACCOUNT", "FAILED_IMPORT"),
    ),
    "DRIFT_STATUS": ("DRIFTED", "IN_SYNC", "UNKNOWN", "NOT_CHECKED"),
    "OPERATION_RESULT_STATUS": ("PENDING", "RUNNING", "SUCCEEDED", "FAILED", "CANCELLED"),
}
_NEEDS_ACCOUNTS = ("INTERSECTION", "DIFFERENCE", "UNION")


def check(operation: str, params: Mapping[str, Any]) -> None:
    """Refuse an input of CloudFormation whose members do not go together.

    Raises:
        ApiError: ValidationError.
    """
    for problem in _problems(operation, params):
        raise validation(problem)
    check_preferences(params)


def _problems(operation: str, params: Mapping[str, Any]) -> Iterator[str]:
    yield from _targets(params.get("DeploymentTargets") or {})
    if params.get("Accounts") and params.get("DeploymentTargets"):
        yield "You must specify either Accounts or DeploymentTargets, not both"
    if operation == "UpdateStackSet":
        yield from _updated(params)
    for name in ("Parameters", "ParameterOverrides"):
        yield from _keyed(params.get(name) or (), name)
    yield from _filters(params.get("Filters"))
    if params.get("TemplateBody") and params.get("TemplateURL"):
        yield "You must specify only one of TemplateBody and TemplateURL"


def _targets(targets: Mapping[str, Any]) -> Iterator[str]:
    kind = targets.get("AccountFilterType")
    named = targets.get("Accounts") or targets.get("AccountsUrl")
    if kind in _NEEDS_ACCOUNTS and not named:
        yield f"AccountFilterType {kind} requires Accounts or AccountsUrl"
    if kind == "NONE" and named:
        yield "AccountFilterType NONE excludes Accounts and AccountsUrl"


def _updated(params: Mapping[str, Any]) -> Iterator[str]:
    given = [name for name in ("Accounts", "DeploymentTargets") if name in params]
    chosen = [name for name in given if params[name]]
    if given and not chosen:
        yield f"{given[0]} must not be empty; without it, all stack instances are updated"
    if "Regions" in params and not params["Regions"]:
        yield "Regions must not be empty; without it, all stack instances are updated"
    if chosen and "Regions" not in params:
        yield f"Regions must be specified with {chosen[0]}"
    if "Regions" in params and not given:
        yield "Accounts or DeploymentTargets must be specified with Regions"


def _keyed(given: Any, name: str) -> Iterator[str]:
    first = name[0].lower() + name[1:]
    for number, each in enumerate(given, 1):
        if each.get("ParameterKey") is None:
            yield (
                f"1 validation error detected: Value null at '{first}.{number}.member.parameterKey'"
                " failed to satisfy constraint: Member must not be null"
            )


def _filters(filters: Any) -> Iterator[str]:
    for each in filters if isinstance(filters, list) else ():
        name, value = each.get("Name"), each.get("Values")
        if name is None or value is None:
            yield "A filter must have Name and Values"
        elif name in _FILTERS and value not in _FILTERS[name]:
            yield f"Filter {name} must be one of {', '.join(_FILTERS[name])}, not {value}"
