"""Whether a statement of a policy denies a request: for certain, not at all, or unclear."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import Enum, auto
from fnmatch import fnmatchcase
from typing import Any

from orgrollout.manifest.regions import PARTITIONS
from orgrollout.model.ids import AccountId, Region
from orgrollout.preflight.access import statements
from orgrollout.preflight.facts import Policy

GLOBAL_SERVICES = frozenset({"iam", "organizations", "route53", "cloudfront", "budgets", "support"})
_GLOBAL_REGIONS = {
    "aws": "us-east-1",
    "aws-cn": "cn-north-1",
    "aws-us-gov": "us-gov-west-1",
    "aws-iso": "us-iso-east-1",
    "aws-iso-b": "us-isob-east-1",
    "aws-iso-f": "us-isof-south-1",
}
"""Where requests to IAM are signed for (botocore's endpoints.json)."""
Statement = Mapping[str, Any]


class Verdict(Enum):
    """Whether a deny holds for a request."""

    DENIES = auto()
    DOES_NOT = auto()
    UNCLEAR = auto()


@dataclass(frozen=True, slots=True)
class Request:
    """What CloudFormation would do in an account, as the policy sees it."""

    action: str
    principal: str  # an ARN
    account: AccountId
    region: Region


def judge_statement(statement: Statement, request: Request) -> Verdict:
    """Return whether a statement denies a request."""
    if statement.get("Effect") != "Deny" or not _acts_on(statement, request.action):
        return Verdict.DOES_NOT
    resource = _resource(statement)
    if resource is Verdict.DOES_NOT:
        return resource
    verdicts = {resource, *_conditions(statement, request)}
    if Verdict.DOES_NOT in verdicts:
        return Verdict.DOES_NOT
    return Verdict.UNCLEAR if Verdict.UNCLEAR in verdicts else Verdict.DENIES


def denied_patterns(policy: Policy, request: Request) -> Iterator[str]:
    """Yield the actions that a policy denies or may deny, as it writes them.

    Of ``request`` only the action does not matter.
    """
    for statement in statements(policy):
        for pattern in _texts(statement.get("Action", "*")):
            asked = replace(request, action=pattern)
            if judge_statement(statement, asked) is not Verdict.DOES_NOT:
                yield pattern


def _acts_on(statement: Statement, action: str) -> bool:
    if "NotAction" in statement:
        return not matches(action, statement["NotAction"])
    return matches(action, statement.get("Action", ()))


def _resource(statement: Statement) -> Verdict:
    """Return whether the resource is everything; which one it will be is not known beforehand."""
    if "NotResource" in statement:
        return Verdict.UNCLEAR
    listed = _texts(statement.get("Resource", "*"))
    return Verdict.DENIES if "*" in listed else Verdict.UNCLEAR


def _conditions(statement: Statement, request: Request) -> Iterator[Verdict]:
    """Yield, for each condition of a statement, whether the deny holds by it."""
    for operator, tests in (statement.get("Condition") or {}).items():
        for name, values in tests.items():
            yield _condition(operator, name.lower(), _texts(values), request)


def _condition(operator: str, name: str, values: list[str], request: Request) -> Verdict:
    known = {
        "aws:principalarn": request.principal,
        "aws:principalaccount": request.account,
        "aws:requestedregion": _requested_region(request),
    }
    if name not in known:
        return Verdict.UNCLEAR
    negated = "Not" in operator
    plain = operator.removesuffix("IfExists").replace("Not", "")
    if plain not in {
        "StringEquals",
        "StringLike",
        "ArnEquals",
        "ArnLike",
        "StringEqualsIgnoreCase",
    }:
        return Verdict.UNCLEAR
    # StringEquals compares letter by letter; the others know wildcards.
    exact = plain.startswith("StringEquals")
    value = known[name]
    hit = value in values if exact else any(fnmatchcase(value, each) for each in values)
    return Verdict.DENIES if hit is not negated else Verdict.DOES_NOT


def _requested_region(request: Request) -> str:
    # Global services answer in one Region of the partition, wherever the stack is.
    service = request.action.partition(":")[0]
    home = _GLOBAL_REGIONS.get(PARTITIONS.get(request.region, "aws"), request.region)
    return home if service in GLOBAL_SERVICES else request.region


def matches(action: str, patterns: object) -> bool:
    """Return whether an action is one of the patterns, upper and lower case alike."""
    return any(fnmatchcase(action.lower(), each.lower()) for each in _texts(patterns))


def _texts(value: object) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list | tuple) else [str(value)]
