"""Checks of operation preferences, overrides and filters, as CloudFormation makes them."""

from collections.abc import Mapping
from typing import Any

from orgrollout.sandbox.errors import validation
from orgrollout.sandbox.templates import check_parameters

_PAIRS = (
    ("FailureToleranceCount", "FailureTolerancePercentage"),
    ("MaxConcurrentCount", "MaxConcurrentPercentage"),
)
_RANGES = {
    "FailureToleranceCount": (0, 10_000),
    "FailureTolerancePercentage": (0, 100),
    "MaxConcurrentCount": (1, 10_000),
    "MaxConcurrentPercentage": (1, 100),
}
MAX_FILTERS = 3


def check_preferences(params: Mapping[str, Any]) -> None:
    """Refuse preferences that exclude each other or are out of range.

    Raises:
        ApiError: ValidationError.
    """
    given = params.get("OperationPreferences") or {}
    for count, percentage in _PAIRS:
        if count in given and percentage in given:
            raise validation(f"You can specify only one of {count} and {percentage}")
    for name, (lowest, highest) in _RANGES.items():
        if name in given and not lowest <= given[name] <= highest:
            raise validation(f"{name} must be between {lowest} and {highest}")
    order = given.get("RegionOrder") or []
    if len(order) != len(set(order)):
        raise validation("RegionOrder must not contain a Region twice")
    wanted = params.get("Regions")
    foreign = [region for region in order if wanted and region not in wanted]
    if foreign:
        raise validation(f"RegionOrder contains {foreign}, which are not among the Regions")


def check_overrides(
    template: Mapping[str, Any], values: Mapping[str, str], params: Mapping[str, Any]
) -> None:
    """Refuse overrides of parameters the template lacks, or with a value and UsePreviousValue.

    Raises:
        ApiError: ValidationError.
    """
    overrides: dict[str, str] = {}
    for each in params.get("ParameterOverrides") or []:
        key = each["ParameterKey"]
        if each.get("UsePreviousValue") and "ParameterValue" in each:
            raise validation(f"Parameter {key}: UsePreviousValue excludes ParameterValue")
        if key not in (template.get("Parameters") or {}):
            raise validation(f"Parameter overrides: [{key}] do not exist in the template")
        if "ParameterValue" in each:
            overrides[key] = each["ParameterValue"]
    check_parameters(template, {**values, **overrides})


def check_filters(params: Mapping[str, Any], known: tuple[str, ...]) -> dict[str, str]:
    """Return the filters of a list call by name.

    Raises:
        ApiError: ValidationError, for more than three filters or an unknown name.
    """
    filters = params.get("Filters") or []
    if len(filters) > MAX_FILTERS:
        raise validation(f"At most {MAX_FILTERS} filters can be specified")
    unknown = [each["Name"] for each in filters if each["Name"] not in known]
    if unknown:
        raise validation(f"Filter {unknown} is none of {known}")
    return {each["Name"]: each["Values"] for each in filters}
