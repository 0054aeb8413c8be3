"""Service control policies that deny what a template needs. Explicit denies only, and carefully.

A deny counts where it certainly holds: its action, its resource, and each of its conditions are
understood. Where a condition is not, that is said and nothing is claimed. What an allow list leaves
out is not looked at. The management account is never under a service control policy.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from fnmatch import fnmatchcase
from typing import Any

from orgrollout.manifest.resource_needs import is_certain
from orgrollout.model.ids import AccountId, Pair, Region, StackSetKey
from orgrollout.model.stack_set import PermissionModel
from orgrollout.organization.desired import Desired
from orgrollout.organization.tree import OrganizationTree
from orgrollout.preflight.access import execution_role_of, statements
from orgrollout.preflight.facts import Facts, ServiceControlPolicy
from orgrollout.preflight.finding import Check, Finding, Unknown

GLOBAL_SERVICES = frozenset({"iam", "organizations", "route53", "cloudfront", "budgets", "support"})
_SHOWN = 3
_ACCOUNT = re.compile(r"\d{12}")
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


def service_control_policies(facts: Facts) -> Check:
    """Return what is denied to CloudFormation in the accounts of each stack set."""
    name = "service control policies"
    if isinstance(facts.policies, Unknown):
        return Check(name=name, not_checked=(facts.policies.reason,))
    judge = _Judge(facts, facts.policies)
    findings: list[Finding] = []
    for key, desired in facts.desired.items():
        findings += judge.findings(key, desired)
    unread = sorted(key for key, types in facts.needs.items() if not types)
    gaps = [f"{key}: what its resources need is not known" for key in unread]
    return Check(
        name=name,
        findings=tuple(findings),
        not_checked=(*judge.unclear, *gaps),
        looked_at=f"{len(facts.policies)} policies deny nothing that is needed",
    )


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


class _Judge:
    """Holds what the policies say against what the templates need."""

    def __init__(self, facts: Facts, policies: Iterable[ServiceControlPolicy]) -> None:
        self._facts = facts
        self._tree = OrganizationTree(facts.organization)
        self._policies = tuple(policies)
        self._unclear: dict[str, None] = {}
        self._judged: dict[tuple[str, ...], tuple[tuple[str, str], ...]] = {}
        self._accounts: dict[str, frozenset[str]] = {}  # that a policy names, by its id

    @property
    def unclear(self) -> tuple[str, ...]:
        """Return what could not be judged, each once."""
        return tuple(self._unclear)

    def findings(self, key: StackSetKey, desired: Desired) -> Iterator[Finding]:
        """Yield each policy that denies something, with the accounts it does so in."""
        for policy in self._policies:
            denied: dict[str, str] = {}  # action to the resource type that needs it
            places: dict[Pair, None] = {}
            for pair in self._under(policy, desired):
                for action, kind in self._denied(policy, key, desired, pair):
                    denied[action], places[pair] = kind, None
            if denied:
                yield self._finding(policy, desired, denied, list(places))

    def _under(self, policy: ServiceControlPolicy, desired: Desired) -> Iterator[Pair]:
        management = self._facts.organization.management_account
        within: dict[AccountId, bool] = {}
        for pair in sorted(desired.pairs):
            account = pair.account
            if account not in within:
                above = {account, *self._tree.ancestors(account)}
                within[account] = account != management and bool(above & policy.targets)
            if within[account]:
                yield pair

    def _denied(
        self, policy: ServiceControlPolicy, key: StackSetKey, desired: Desired, pair: Pair
    ) -> tuple[tuple[str, str], ...]:
        """Return the denied actions, each with the resource type that needs it.

        Accounts of which a policy names none get the same answer, and are judged once.
        """
        named = pair.account in self._named(policy)
        known = (policy.id, key, pair.region, pair.account if named else "")
        if known not in self._judged:
            self._judged[known] = tuple(self._judge(policy, key, desired, pair))
        return self._judged[known]

    def _named(self, policy: ServiceControlPolicy) -> frozenset[str]:
        if policy.id not in self._accounts:
            found = _ACCOUNT.findall(json.dumps(policy.document))
            self._accounts[policy.id] = frozenset(found)
        return self._accounts[policy.id]

    def _judge(
        self, policy: ServiceControlPolicy, key: StackSetKey, desired: Desired, pair: Pair
    ) -> Iterator[tuple[str, str]]:
        principal = self._principal(desired, pair.account)
        for kind, actions in self._facts.needs.get(key, {}).items():
            for action in actions:
                request = Request(action, principal, pair.account, pair.region)
                if self._verdict(policy, key, request) is not Verdict.DENIES:
                    continue
                if is_certain(kind, action):
                    yield action, kind
                else:
                    self._unclear[
                        f"{policy.name} ({policy.id}) denies {action}, which {kind} in {key} may "
                        "take, depending on its properties"
                    ] = None

    def _verdict(self, policy: ServiceControlPolicy, key: StackSetKey, request: Request) -> Verdict:
        for number, statement in enumerate(statements(policy.document), start=1):
            found = judge_statement(statement, request)
            if found is Verdict.DENIES:
                return found
            if found is Verdict.UNCLEAR:
                label = statement.get("Sid") or f"statement {number}"
                text = (
                    f"{policy.name} ({policy.id}), {label}: it may deny {key}; its resource or a "
                    "condition is not understood"
                )
                self._unclear[text] = None
        return Verdict.DOES_NOT

    def _principal(self, desired: Desired, account: AccountId) -> str:
        managed = desired.definition.permission_model is PermissionModel.SERVICE_MANAGED
        # The role is called stacksets-exec- and a random text; any one stands for it.
        role = "stacksets-exec-0123456789abcdef" if managed else execution_role_of(desired)
        return f"arn:{self._facts.partition}:iam::{account}:role/{role}"

    def _finding(
        self,
        policy: ServiceControlPolicy,
        desired: Desired,
        denied: Mapping[str, str],
        places: list[Pair],
    ) -> Finding:
        managed = desired.definition.permission_model is PermissionModel.SERVICE_MANAGED
        role = "stacksets-exec-*" if managed else execution_role_of(desired)
        shown = ", ".join(map(str, places[:_SHOWN]))
        more = f" and {len(places) - _SHOWN:,} more" if len(places) > _SHOWN else ""
        actions = [f"{action} ({kind})" for action, kind in list(denied.items())[:_SHOWN]]
        rest = f" and {len(denied) - _SHOWN} more" if len(denied) > _SHOWN else ""
        arn = f"arn:{self._facts.partition}:iam::*:role/{role}"
        return Finding(
            where=f"stack set {desired.key}: {shown}{more}",
            why=f"service control policy {policy.name} ({policy.id}) denies "
            f"{', '.join(actions)}{rest} to {role}.",
            mend="# exempt the role in the statement that denies, or exclude these accounts:\n"
            f'"Condition": {{"ArnNotLike": {{"aws:PrincipalArn": ["{arn}"]}}}}',
        )


def _acts_on(statement: Statement, action: str) -> bool:
    if "NotAction" in statement:
        return not _matches(action, statement["NotAction"])
    return _matches(action, statement.get("Action", ()))


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
    # Global services answer in us-east-1, wherever the stack is.
    service = request.action.partition(":")[0]
    return "us-east-1" if service in GLOBAL_SERVICES else request.region


def _matches(action: str, patterns: object) -> bool:
    return any(fnmatchcase(action.lower(), each.lower()) for each in _texts(patterns))


def _texts(value: object) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list | tuple) else [str(value)]
