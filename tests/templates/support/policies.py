"""Whether a resource policy lets a request through, as far as the shipped policies go."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any


def as_list(value: Any) -> list[Any]:
    """Return ``value`` as the list that IAM takes it for."""
    return value if isinstance(value, list) else [value]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Who asks for what, and what IAM knows about it."""

    principal: str
    action: str
    resource: str
    context: Mapping[str, str] = field(default_factory=dict)


def allows(policy: Mapping[str, Any], request: Request) -> bool:
    """Return whether some statement allows the request and none denies it."""
    effects = [each["Effect"] for each in policy["Statement"] if _applies(each, request)]
    return "Allow" in effects and "Deny" not in effects


def _applies(statement: Mapping[str, Any], request: Request) -> bool:
    return (
        request.principal in principals(statement)
        and _matches(statement["Action"], request.action)
        and _matches(statement.get("Resource", "*"), request.resource)
        and _conditions_hold(statement.get("Condition", {}), request.context)
    )


def principals(statement: Mapping[str, Any]) -> "_Everyone | set[str]":
    """Return who a statement is about."""
    named = statement.get("Principal", "*")
    if named == "*":
        return _Everyone()
    return {each for kind in named.values() for each in as_list(kind)}


class _Everyone:
    def __contains__(self, principal: object) -> bool:
        return True


def _matches(patterns: Any, text: str) -> bool:
    return any(fnmatchcase(text, pattern) for pattern in as_list(patterns))


def _conditions_hold(conditions: Mapping[str, Any], context: Mapping[str, str]) -> bool:
    tests: dict[str, Callable[[str, str], bool]] = {
        "StringEquals": lambda have, wanted: have == wanted,
        "StringLike": fnmatchcase,
        "ArnLike": fnmatchcase,
        "ArnEquals": fnmatchcase,
        "Bool": lambda have, wanted: have == wanted,
        "NumericLessThan": lambda have, wanted: float(have) < float(wanted),
    }
    keys = {key.lower(): value for key, value in context.items()}

    def holds(test: str, key: str, wanted: Any) -> bool:
        if test == "Null":
            return (key.lower() not in keys) is (wanted == "true")
        if test.endswith("IfExists") and key.lower() not in keys:
            return True
        if test == "ArnNotLike":
            return not any(fnmatchcase(keys.get(key.lower(), ""), each) for each in as_list(wanted))
        # One value stands for several.
        compare = tests[test.removeprefix("ForAnyValue:").removesuffix("IfExists")]
        return key.lower() in keys and any(
            compare(keys[key.lower()], each) for each in as_list(wanted)
        )

    return all(
        holds(test, key, wanted)
        for test, pairs in conditions.items()
        for key, wanted in pairs.items()
    )


def actions(statements: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return every action that the statements name."""
    return [action for each in statements for action in as_list(each["Action"])]


def statements_of(role: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the statements of a role's inline policies."""
    policies = role.get("Policies", [])
    return [s for policy in policies for s in policy["PolicyDocument"]["Statement"]]
