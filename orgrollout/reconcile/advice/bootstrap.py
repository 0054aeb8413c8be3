"""Finds out what an organization has, for a manifest to be told what it lacks. Only reads."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from orgrollout.aws import environment
from orgrollout.aws.organizations import describe_organization
from orgrollout.aws.permissions import Scope, auditor_policy, operator_policy, planner_policy
from orgrollout.bootstrap.steps import (
    CONFIG_PRINCIPAL,
    STACK_SETS_PRINCIPAL,
    SelfManaged,
    Situation,
    State,
)
from orgrollout.errors import AccessDeniedError, AwsError, CredentialsError
from orgrollout.manifest.loaded import LoadedManifest
from orgrollout.manifest.member_roles import role_creators
from orgrollout.manifest.regions import is_opt_in
from orgrollout.manifest.template.declared import resource_types
from orgrollout.manifest.template.resource_needs import all_needs
from orgrollout.model.ids import AccountId, Region, StackSetKey
from orgrollout.model.stack_set import PermissionModel
from orgrollout.organization.desired import DesiredStackSet
from orgrollout.organization.findings import Findings
from orgrollout.organization.resolve import check_organization, desired_stack_sets
from orgrollout.plan.model.notify import destinations_of
from orgrollout.preflight.access import administration_role_of, execution_role_of
from orgrollout.preflight.facts import Role
from orgrollout.reconcile.context import Context
from orgrollout.reconcile.reading.organization import read_for
from orgrollout.reconcile.reading.plan_request import check_home_region

T = TypeVar("T")
_AGGREGATOR = "AWS::Config::ConfigurationAggregator"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the command line says besides the manifest."""

    probe_role: str | None = None  # for policies; default: the manifest's
    delegate: AccountId | None = None  # who is to roll out; default: who calls


def situation(
    loaded: LoadedManifest, context: Context, asked: Options, progress: Callable[[str], None]
) -> Situation:
    """Return what there is, and what the manifest asks for.

    A caller who may not read the organization learns what can be told without it.

    Raises:
        ManifestError: It does not fit the organization.
        AwsError: The organization cannot be read, for other reasons than that it is denied.
    """
    home = check_home_region(loaded, context)
    connection, identity = context.connection, context.connection.identity
    _, management = describe_organization(connection)
    administrator = asked.delegate or identity.account
    desired, unread = _desired(loaded, context, home, progress)
    own = [d for d in desired.values() if _is_self_managed(d)]
    roles = _self_managed(loaded, context, own, here=administrator == identity.account)
    delegated = identity.account != management
    return Situation(
        manifest=loaded.argument,
        partition=identity.partition,
        home_region=home,
        management=management,
        administrator=administrator,
        service_managed=_has_service_managed(loaded),
        by_delegate=loaded.manifest.call_as == "delegated_admin",
        unread=unread,
        access=_known(partial(environment.organizations_access, connection, delegated=delegated)),
        trusted=_known(partial(environment.trusted_services, connection)),
        delegates={
            principal: _known(partial(environment.delegates, connection, principal))
            for principal in (STACK_SETS_PRINCIPAL, CONFIG_PRINCIPAL)
        },
        config_administrators=_aggregating(loaded, desired.values()),
        self_managed=roles,
        policies=_policies(
            _scope(loaded, asked, roles, identity.partition, administrator, home=home)
        ),
        member_roles=_member_roles(loaded),
        created_roles={
            role: key for role in _member_roles(loaded) for key in role_creators(loaded, role)
        },
    )


def _desired(
    loaded: LoadedManifest, context: Context, home: Region, progress: Callable[[str], None]
) -> tuple[Mapping[StackSetKey, DesiredStackSet], str | None]:
    """Return what the manifest wants, or why its accounts are not known."""
    organization_id, _ = describe_organization(context.connection)
    check_organization(loaded, organization_id, Findings(loaded))
    try:
        organization = read_for(loaded.manifest, context, progress)
    except AccessDeniedError as error:
        return {}, str(error)
    now = context.clock.now()
    wanted = desired_stack_sets(loaded, organization, home_region=home, now=now)
    return wanted.stack_sets, None


def _scope(
    loaded: LoadedManifest,
    asked: Options,
    roles: Iterable[SelfManaged],
    partition: str,
    administrator: AccountId,
    *,
    home: Region,
) -> Scope:
    manifest, prefix = loaded.manifest, f"arn:{partition}:iam::{administrator}:role/"
    return Scope(
        partition=partition,
        administration_roles=tuple(f"{prefix}{each.administration_role}" for each in roles),
        journal_bucket=_bucket(manifest.journal),
        template_bucket=manifest.template_bucket,
        probe_role=asked.probe_role or manifest.drift.probe_role,
        member_roles=_member_roles(loaded),
        told=tuple(dict.fromkeys(d.place for d in destinations_of(manifest) if d.is_of_aws)),
        stack_sets=tuple(loaded.stack_set_name(StackSetKey(k)) for k in manifest.stack_sets),
        home_region=home,
    )


def _policies(scope: Scope) -> Mapping[str, Mapping[str, Any]]:
    return {
        "planner": planner_policy(scope),
        "operator": operator_policy(scope),
        "auditor": auditor_policy(scope),
    }


def _has_service_managed(loaded: LoadedManifest) -> bool:
    return any(
        each.permission_model is PermissionModel.SERVICE_MANAGED and each.state == "present"
        for each in loaded.manifest.stack_sets.values()
    )


def _is_self_managed(desired: DesiredStackSet) -> bool:
    model = desired.definition.permission_model
    return model is PermissionModel.SELF_MANAGED and not desired.absent


def _aggregating(
    loaded: LoadedManifest, desired: Iterable[DesiredStackSet]
) -> tuple[AccountId, ...]:
    found = {
        account
        for each in desired
        if (template := loaded.templates.get(each.key)) is not None
        and _AGGREGATOR in resource_types(template.body)
        for account in each.accounts
    }
    return tuple(sorted(found))


def _self_managed(
    loaded: LoadedManifest, context: Context, desired: list[DesiredStackSet], *, here: bool
) -> tuple[SelfManaged, ...]:
    """Return the roles of self-managed stack sets; ``here``: they belong into this account."""
    groups: dict[tuple[str, str], list[DesiredStackSet]] = {}
    for each in desired:
        names = (administration_role_of(each), execution_role_of(each))
        groups.setdefault(names, []).append(each)
    return tuple(
        SelfManaged(
            administration_role=names[0],
            execution_role=names[1],
            opt_in_regions=_opt_in(sets),
            actions=_actions(loaded, [each.key for each in sets]),
            state=_state(_known(partial(environment.role, context.connection, names[0])))
            if here
            else State.UNKNOWN,
        )
        for names, sets in groups.items()
    )


def _opt_in(sets: list[DesiredStackSet]) -> tuple[Region, ...]:
    return tuple(sorted({p.region for each in sets for p in each.pairs if is_opt_in(p.region)}))


def _actions(loaded: LoadedManifest, keys: list[StackSetKey]) -> tuple[str, ...]:
    found = {
        action
        for key in keys
        for action in all_needs(loaded.templates[key].body, loaded.regions(key))
    }
    return tuple(sorted(found))


def _state(role: Role | None) -> State:
    if role is None:
        return State.UNKNOWN
    return State.DONE if role.exists else State.NEEDED


def _member_roles(loaded: LoadedManifest) -> tuple[str, ...]:
    drift = loaded.manifest.drift
    return tuple(dict.fromkeys(name for name in (drift.probe_role, drift.resync_role) if name))


def _bucket(journal: str | None) -> str | None:
    if journal is None or not journal.startswith("s3://"):
        return None
    return journal.removeprefix("s3://").partition("/")[0]


def _known(ask: Callable[[], T]) -> T | None:
    """Return the answer, or nothing where there is none. Broken credentials end everything."""
    try:
        return ask()
    except CredentialsError:
        raise
    except AwsError:
        return None
