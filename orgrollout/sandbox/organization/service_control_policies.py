"""IAM policies: whether their statements allow a request.

Evaluated are Effect, Principal, Action, NotAction, Resource, NotResource, and conditions by
the operators and keys named here. A condition with any other would decide by guessing, so it
is refused by name.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from orgrollout.sandbox.errors import ApiError

Statement = Mapping[str, Any]
KEYS = frozenset(
    key.lower()
    for key in (
        *("sts:ExternalId", "sts:RoleSessionName", "cloudformation:ChangeSetName"),
        *("cloudformation:ImportResourceTypes", "kms:ResourceAliases"),
        *("cloudformation:RoleArn", "cloudformation:TemplateUrl", "iam:PassedToService"),
        *("aws:PrincipalOrgID", "aws:PrincipalArn", "aws:PrincipalAccount"),
        *("aws:PrincipalIsAWSService", "aws:RequestedRegion", "aws:ResourceAccount"),
        *("aws:SourceAccount", "aws:SourceArn", "aws:SourceOrgID", "aws:SecureTransport"),
        *("aws:ViaAWSService", "aws:CalledVia", "aws:CalledViaFirst", "aws:CalledViaLast"),
    )
)
"""Condition keys that the sandbox knows; those a request has no value for are absent. The tags of
a resource (aws:ResourceTag/KEY) are known besides."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request for a permission, with what IAM knows about it."""

    action: str
    resource: str
    principals: frozenset[str] = frozenset()
    """The names a trust policy may call the caller by; empty: the policy is the caller's."""
    context: Mapping[str, str] = field(default_factory=dict)


def decide(statements: Iterable[Statement], asked: Asked) -> str | None:
    """Return "Deny" or "Allow", or None if no statement applies.

    Raises:
        ApiError: A condition that would decide is not supported.
    """
    effects = {str(each["Effect"]) for each in statements if _applies(each, asked)}
    return next((effect for effect in ("Deny", "Allow") if effect in effects), None)


def statements_in(policy: Mapping[str, Any]) -> list[Statement]:
    """Return the statements of a policy, be it one or many."""
    return _as_list(policy.get("Statement", []))


def _applies(statement: Statement, asked: Asked) -> bool:
    return (
        _is_about(statement, asked)
        and _names(statement, "Action", asked.action.lower(), str.lower)
        and (bool(asked.principals) or _names(statement, "Resource", asked.resource, str))
        and _holds(statement.get("Condition") or {}, asked.context)
    )


def _is_about(statement: Statement, asked: Asked) -> bool:
    if not asked.principals:
        return True
    named = statement.get("Principal", {})
    names = _as_list(named.get("AWS", [])) if isinstance(named, Mapping) else [named]
    return bool({"*", *asked.principals} & set(names))


def _names(statement: Statement, word: str, text: str, form: Callable[[str], str]) -> bool:
    if f"Not{word}" in statement:
        return not any(_like(text, form(p)) for p in _as_list(statement[f"Not{word}"]))
    return any(_like(text, form(p)) for p in _as_list(statement.get(word, [])))


def _holds(conditions: Mapping[str, Mapping[str, Any]], context: Mapping[str, str]) -> bool:
    known = {key.lower(): value for key, value in context.items()}
    return all(
        _condition(operator, key.lower(), [_text(each) for each in _as_list(wanted)], known)
        for operator, pairs in conditions.items()
        for key, wanted in pairs.items()
    )


def _condition(operator: str, key: str, wanted: list[str], known: Mapping[str, str]) -> bool:
    name = operator.removeprefix("ForAnyValue:").removeprefix("ForAllValues:")
    plain = name.removesuffix("IfExists")
    known_key = key in KEYS or key.startswith("aws:resourcetag/")
    if not known_key or (plain != "Null" and plain not in _OPERATORS):
        raise _unsupported(operator, key)
    if plain == "Null":
        return (key not in known) == (wanted[0] == "true")
    negated, matches = _OPERATORS[plain]
    if key not in known:
        return negated or name != plain or operator.startswith("ForAllValues:")
    return any(matches(known[key], each) for each in wanted) is not negated


def _equal(text: str, wanted: str) -> bool:
    return text == wanted


def _equal_in_any_case(text: str, wanted: str) -> bool:
    return text.lower() == wanted.lower()


def _like(text: str, pattern: str) -> bool:
    return _compiled(pattern).fullmatch(text) is not None


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """Return a pattern in which * stands for anything and ? for one character."""
    escaped = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.compile(escaped, re.DOTALL)


_OPERATORS: dict[str, tuple[bool, Callable[[str, str], bool]]] = {
    "StringEquals": (False, _equal),
    "StringNotEquals": (True, _equal),
    "StringEqualsIgnoreCase": (False, _equal_in_any_case),
    "StringNotEqualsIgnoreCase": (True, _equal_in_any_case),
    "StringLike": (False, _like),
    "StringNotLike": (True, _like),
    "ArnEquals": (False, _like),
    "ArnNotEquals": (True, _like),
    "ArnLike": (False, _like),
    "ArnNotLike": (True, _like),
    "Bool": (False, _equal_in_any_case),
}
"""By operator: whether it is negated, and what it compares by."""


def _unsupported(operator: str, key: str) -> ApiError:
    message = (
        f"The sandbox cannot evaluate the policy condition {operator} on {key}. "
        f"It knows the keys {', '.join(sorted(KEYS))} and the operators "
        f"{', '.join(sorted([*_OPERATORS, 'Null']))}."
    )
    return ApiError("NotImplemented", message)


def _as_list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
