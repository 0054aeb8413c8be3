"""Service control policies that deny what a template needs. Explicit denies only, and carefully.

A deny counts where it certainly holds: its action, its resource, and each of its conditions are
understood. Where a condition is not, that is said and nothing is claimed. What an allow list leaves
out is not looked at. The management account is never under a service control policy.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase

from orgrollout.manifest.template.declared import resource_types
from orgrollout.manifest.template.resource_needs import services_of
from orgrollout.model.ids import AccountId, Pair, StackSetKey
from orgrollout.model.stack_set import PermissionModel
from orgrollout.organization.desired import DesiredStackSet
from orgrollout.organization.tree import OrganizationTree
from orgrollout.preflight.access import execution_role_of, statements
from orgrollout.preflight.denying import Request, Verdict, denied_patterns, judge_statement, matches
from orgrollout.preflight.facts import Facts, ServiceControlPolicy
from orgrollout.preflight.finding import Check, Finding, Unknown

_SHOWN = 3
_ACCOUNT = re.compile(r"\d{12}")


def service_control_policies(facts: Facts) -> Check:
    """Return what is denied to CloudFormation in the accounts of each stack set."""
    name = "service control policies"
    if isinstance(facts.policies, Unknown):
        return Check(name=name, not_checked=(facts.policies.reason,), blind=True)
    judge = _Judge(facts, facts.policies)
    findings: list[Finding] = []
    for key, desired in facts.desired.items():
        findings += judge.findings(key, desired)
    return Check(
        name=name,
        findings=tuple(findings),
        not_checked=judge.unclear,
        looked_at=f"{_policies(len(facts.policies))} nothing that is needed",
    )


class _Judge:
    """Holds what the policies say against what the templates need."""

    def __init__(self, facts: Facts, policies: Iterable[ServiceControlPolicy]) -> None:
        self._facts = facts
        self._tree = OrganizationTree(facts.organization)
        self._policies = tuple(policies)
        self._unclear: dict[str, None] = {}
        self._judged: dict[tuple[str, ...], tuple[tuple[str, str], ...]] = {}
        self._written: dict[tuple[str, ...], frozenset[str]] = {}
        self._accounts: dict[str, frozenset[str]] = {}  # that a policy names, by its id

    @property
    def unclear(self) -> tuple[str, ...]:
        """Return what could not be judged, each once."""
        return tuple(self._unclear)

    def findings(self, key: StackSetKey, desired: DesiredStackSet) -> Iterator[Finding]:
        """Yield each policy that denies something, with the accounts it does so in."""
        beyond = _Beyond(self._facts, key)
        for policy in self._policies:
            denied: dict[str, str] = {}  # action to the resource type that needs it
            places: dict[Pair, None] = {}
            for pair in self._under(policy, desired):
                for action, kind in self._denied(policy, key, desired, pair):
                    denied[action], places[pair] = kind, None
                beyond.note(policy, self._patterns(policy, desired, pair))
            if denied:
                yield self._finding(policy, desired, denied, list(places))
        self._unclear |= dict.fromkeys(beyond.gaps())

    def _under(self, policy: ServiceControlPolicy, desired: DesiredStackSet) -> Iterator[Pair]:
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
        self, policy: ServiceControlPolicy, key: StackSetKey, desired: DesiredStackSet, pair: Pair
    ) -> tuple[tuple[str, str], ...]:
        """Return the denied actions, each with the resource type that needs it.

        Accounts of which a policy names none get the same answer, and are judged once.
        """
        known = (key, *self._likeness(policy, pair))
        if known not in self._judged:
            self._judged[known] = tuple(self._judge(policy, key, desired, pair))
        return self._judged[known]

    def _patterns(
        self, policy: ServiceControlPolicy, desired: DesiredStackSet, pair: Pair
    ) -> frozenset[str]:
        """Return all that is denied, or may be, as the policy writes it."""
        principal = self._principal(desired, pair.account)
        known = (principal.rpartition("/")[2], *self._likeness(policy, pair))
        if known not in self._written:
            request = Request("*", principal, pair.account, pair.region)
            self._written[known] = frozenset(denied_patterns(policy.document, request))
        return self._written[known]

    def _likeness(self, policy: ServiceControlPolicy, pair: Pair) -> tuple[str, ...]:
        """Return what two places have in common where a policy says the same of both."""
        named = pair.account in self._named(policy)
        return policy.id, pair.region, pair.account if named else ""

    def _named(self, policy: ServiceControlPolicy) -> frozenset[str]:
        if policy.id not in self._accounts:
            found = _ACCOUNT.findall(json.dumps(policy.document))
            self._accounts[policy.id] = frozenset(found)
        return self._accounts[policy.id]

    def _judge(
        self, policy: ServiceControlPolicy, key: StackSetKey, desired: DesiredStackSet, pair: Pair
    ) -> Iterator[tuple[str, str]]:
        principal = self._principal(desired, pair.account)
        for kind, actions in self._facts.needs.get(key, {}).items():
            for action, certain in actions.items():
                request = Request(action, principal, pair.account, pair.region)
                if self._verdict(policy, key, request) is not Verdict.DENIES:
                    continue
                if certain:
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

    def _principal(self, desired: DesiredStackSet, account: AccountId) -> str:
        managed = desired.definition.permission_model is PermissionModel.SERVICE_MANAGED
        # The role is called stacksets-exec- and a random text; any one stands for it.
        role = "stacksets-exec-0123456789abcdef" if managed else execution_role_of(desired)
        return f"arn:{self._facts.partition}:iam::{account}:role/{role}"

    def _finding(
        self,
        policy: ServiceControlPolicy,
        desired: DesiredStackSet,
        denied: Mapping[str, str],
        places: list[Pair],
    ) -> Finding:
        managed = desired.definition.permission_model is PermissionModel.SERVICE_MANAGED
        role = "stacksets-exec-*" if managed else execution_role_of(desired)
        shown = ", ".join(map(str, places[:_SHOWN]))
        more = f" and {len(places) - _SHOWN:,} more" if len(places) > _SHOWN else ""
        actions = _listed([f"{action} ({kind})" for action, kind in denied.items()])
        arn = f"arn:{self._facts.partition}:iam::*:role/{role}"
        return Finding(
            where=f"stack set {desired.key}: {shown}{more}",
            why=f"service control policy {policy.name} ({policy.id}) denies {actions} to {role}.",
            mend="# exempt the role in the statement that denies, or exclude these accounts:\n"
            f'"Condition": {{"ArnNotLike": {{"aws:PrincipalArn": ["{arn}"]}}}}',
        )


class _Beyond:
    """What policies deny, where it is not known whether a stack set needs it."""

    def __init__(self, facts: Facts, key: StackSetKey) -> None:
        template, needs = facts.loaded.templates.get(key), facts.needs.get(key, {})
        kinds = resource_types(template.body) if template else ()
        self._key = key
        self._unknown = [kind for kind in kinds if kind not in needs]
        self._services = services_of(kinds, needs)
        self._known = [action for actions in needs.values() for action in actions]
        self._denied: dict[str, dict[str, None]] = {}  # by the policy
        self._noted: set[tuple[str, frozenset[str]]] = set()

    def note(self, policy: ServiceControlPolicy, patterns: frozenset[str]) -> None:
        """Note what a policy denies somewhere."""
        if not patterns or (policy.id, patterns) in self._noted:
            return
        self._noted.add((policy.id, patterns))
        told = self._denied.setdefault(f"{policy.name} ({policy.id})", {})
        for pattern in sorted(patterns - told.keys()):
            service = pattern.partition(":")[0].lower()
            needed = any(matches(action, pattern) for action in self._known)
            if not needed and any(fnmatchcase(each, service) for each in self._services):
                told[pattern] = None

    def gaps(self) -> Iterator[str]:
        """Yield what is not known: the types one by one, what is denied by policy."""
        if self._noted:
            yield from (f"{self._key}: what {kind} needs is not known" for kind in self._unknown)
        for policy, patterns in self._denied.items():
            if patterns:
                yield (
                    f"{policy} denies {_listed(list(patterns))}; whether {self._key} needs it is "
                    "not known"
                )


def _listed(actions: Sequence[str]) -> str:
    rest = f" and {len(actions) - _SHOWN} more" if len(actions) > _SHOWN else ""
    return f"{', '.join(actions[:_SHOWN])}{rest}"


def _policies(number: int) -> str:
    return "1 policy denies" if number == 1 else f"{number:,} policies deny"
