"""May CloudFormation work in the organization, and may this caller tell it to?"""

from collections.abc import Iterator, Mapping
from typing import Any

from orgrollout.manifest.regions import is_opt_in
from orgrollout.model.ids import AccountId, StackSetKey
from orgrollout.model.stack_set import PermissionModel
from orgrollout.organization.desired import DesiredStackSet
from orgrollout.organization.snapshot import Organization
from orgrollout.plan.commands import activation, registration
from orgrollout.preflight.facts import (
    ADMINISTRATION_ROLE,
    CONFIG_PRINCIPAL,
    EXECUTION_ROLE,
    STACK_SETS_PRINCIPAL,
    Facts,
    Needs,
    Policy,
    Role,
)
from orgrollout.preflight.finding import Check, Finding, Unknown, unknown_reasons

_SERVICE = "cloudformation.amazonaws.com"
_AGGREGATOR = "AWS::Config::ConfigurationAggregator"


def trusted_access(facts: Facts) -> Check:
    """Both sides must have enabled it: Organizations, and CloudFormation by activation."""
    name = "trusted access"
    if not _of_model(facts, PermissionModel.SERVICE_MANAGED):
        return Check(name=name, looked_at="no service-managed stack set needs it")
    lacking = tuple(_lacking(facts))
    finding = Finding(
        where=f"management account {facts.organization.management_account}",
        why=f"{' and '.join(lacking)}: operations on service-managed stack sets are refused, or "
        "fail.",
        mend=activation(facts.home_region),
    )
    return Check(
        name=name,
        findings=(finding,) if lacking else (),
        not_checked=unknown_reasons((facts.access, facts.trusted)),
        blind=isinstance(facts.access, Unknown) and isinstance(facts.trusted, Unknown),
        looked_at="CloudFormation may work in the organization",
    )


def delegated_administrators(facts: Facts) -> Check:
    """A caller outside of the management account must be registered for it."""
    name = "delegated administrators"
    wanted = list(registrations(facts.desired, facts.needs, facts.organization, facts.caller))
    findings = []
    for principal, account in wanted:
        registered = facts.delegates[principal]
        if not isinstance(registered, Unknown) and account not in registered:
            findings.append(_unregistered(principal, account))
    return Check(
        name=name,
        findings=tuple(findings),
        not_checked=unknown_reasons(facts.delegates[principal] for principal, _ in wanted),
        looked_at=f"account {facts.caller} may run what the manifest asks for",
    )


def self_managed_roles(facts: Facts) -> Check:
    """The administration role here, the execution role in each target account."""
    sets = _of_model(facts, PermissionModel.SELF_MANAGED)
    if not sets:
        return Check(name="self-managed roles", looked_at="no stack set is self-managed")
    findings: dict[Finding, None] = {}
    gaps: dict[str, None] = {}
    for desired in sets:
        role = facts.administration_roles[desired.key]
        if isinstance(role, Unknown):
            gaps[role.reason] = None
        else:
            findings |= dict.fromkeys(_administration(facts, desired, role))
        for account in sorted(desired.accounts):
            executing = facts.execution_roles.get((account, execution_role_of(desired)))
            if executing is None:
                gaps[facts.beyond] = None
            elif isinstance(executing, Unknown):
                gaps[executing.reason] = None
            else:
                findings |= dict.fromkeys(_execution(facts, desired, account, executing))
    return Check(
        name="self-managed roles",
        findings=tuple(findings),
        not_checked=tuple(gaps),
        looked_at="the roles exist and trust each other",
    )


def execution_role_of(desired: DesiredStackSet) -> str:
    """Return the name of the role that a self-managed stack set works with in its targets."""
    return desired.definition.execution_role_name or EXECUTION_ROLE


def administration_role_of(desired: DesiredStackSet) -> str:
    """Return the name of the role that CloudFormation assumes in the administrator's account."""
    arn = desired.definition.administration_role_arn
    return arn.rsplit("/", 1)[-1] if arn else ADMINISTRATION_ROLE


def trusted_by(trust: Policy) -> frozenset[str]:
    """Return whom a trust policy lets in: services, accounts, ARNs, as they are written."""
    found: set[str] = set()
    for statement in statements(trust):
        principal = statement.get("Principal", {})
        if statement.get("Effect") == "Allow":
            named = principal.values() if isinstance(principal, Mapping) else [principal]
            found |= {each for value in named for each in _listed(value)}
    return frozenset(found)


def statements(policy: Policy) -> list[Mapping[str, Any]]:
    """Return the statements of a policy, one or many."""
    given = policy.get("Statement", [])
    return [given] if isinstance(given, Mapping) else list(given)


def _lacking(facts: Facts) -> Iterator[str]:
    if not isinstance(facts.access, Unknown) and facts.access != "ENABLED":
        yield f"organizations access of CloudFormation is {facts.access}"
    if not isinstance(facts.trusted, Unknown) and STACK_SETS_PRINCIPAL not in facts.trusted:
        yield f"AWS Organizations does not trust {STACK_SETS_PRINCIPAL}"


def _listed(value: object) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list) else [str(value)]


def _of_model(facts: Facts, model: PermissionModel) -> list[DesiredStackSet]:
    return [
        d for d in facts.desired.values() if d.definition.permission_model is model and not d.absent
    ]


def registrations(
    desired: Mapping[StackSetKey, DesiredStackSet],
    needs: Needs,
    organization: Organization,
    caller: AccountId,
) -> Iterator[tuple[str, AccountId]]:
    """Yield which account must be registered for which service.

    An aggregator of a whole organization works in the management account, or in a delegated
    administrator of AWS Config (PutConfigurationAggregator, AWS Config API reference).
    """
    management = organization.management_account
    models = {d.definition.permission_model for d in desired.values() if not d.absent}
    if caller != management and PermissionModel.SERVICE_MANAGED in models:
        yield STACK_SETS_PRINCIPAL, caller
    for key, types in needs.items():
        if _AGGREGATOR in types:
            for account in sorted(desired[key].accounts - {management}):
                yield CONFIG_PRINCIPAL, account


def _unregistered(principal: str, account: AccountId) -> Finding:
    why = {
        STACK_SETS_PRINCIPAL: "service-managed stack sets are refused to it",
        CONFIG_PRINCIPAL: "an aggregator of the whole organization is refused to it",
    }
    return Finding(
        where=f"account {account}",
        why=f"it is no delegated administrator for {principal}: {why[principal]}.",
        mend=registration(account, principal),
    )


def _administration(facts: Facts, desired: DesiredStackSet, role: Role) -> Iterator[Finding]:
    name = administration_role_of(desired)
    where = f"account {facts.caller}, role {name}"
    mend = f"orgrollout bootstrap {facts.loaded.argument} --format cloudformation > roles.yaml"
    if not role.exists:
        yield Finding(
            where=where, why=f"{desired.name} works through it; it is missing.", mend=mend
        )
        return
    trusted = trusted_by(role.trust)
    regional = {
        f"cloudformation.{pair.region}.amazonaws.com"
        for pair in desired.pairs
        if is_opt_in(pair.region)
    }
    for service in sorted(({_SERVICE} | regional) - trusted):
        yield Finding(where=where, why=f"it does not trust {service}.", mend=mend)


def _execution(
    facts: Facts, desired: DesiredStackSet, account: AccountId, role: Role
) -> Iterator[Finding]:
    name = execution_role_of(desired)
    where = f"account {account}, role {name}"
    mend = f"orgrollout bootstrap {facts.loaded.argument} --format cloudformation > roles.yaml"
    if not role.exists:
        yield Finding(
            where=where, why=f"{desired.name} works through it; it is missing.", mend=mend
        )
        return
    admin = f"arn:{facts.partition}:iam::{facts.caller}"
    accepted = {facts.caller, f"{admin}:root", f"{admin}:role/{administration_role_of(desired)}"}
    if not accepted & trusted_by(role.trust):
        yield Finding(where=where, why=f"it does not trust account {facts.caller}.", mend=mend)
