"""Finds out what an organization has, for a manifest to be told what it lacks. Only reads."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import TypeVar

from orgrollout.aws import environment
from orgrollout.aws.organizations import read_organization
from orgrollout.aws.permissions import Scope, auditor_policy, operator_policy, planner_policy
from orgrollout.bootstrap.steps import (
    CONFIG_PRINCIPAL,
    STACK_SETS_PRINCIPAL,
    SelfManaged,
    Situation,
    State,
)
from orgrollout.errors import AwsError, InvalidCredentialsError, MissingCredentialsError
from orgrollout.manifest.loaded import LoadedManifest
from orgrollout.manifest.regions import is_opt_in
from orgrollout.manifest.resource_needs import all_needs
from orgrollout.manifest.templates import resource_types
from orgrollout.model.ids import AccountId, Region, StackSetKey
from orgrollout.model.stack_set import CallAs, PermissionModel
from orgrollout.organization.desired import Desired
from orgrollout.organization.needs import selects_by_tag
from orgrollout.organization.resolve import desired_stack_sets
from orgrollout.preflight.access import administration_role_of, execution_role_of
from orgrollout.preflight.facts import Role
from orgrollout.reconcile.planning import check_home_region
from orgrollout.reconcile.world import World

T = TypeVar("T")
_AGGREGATOR = "AWS::Config::ConfigurationAggregator"


def situation(loaded: LoadedManifest, world: World, *, probe_role: str | None) -> Situation:
    """Return what there is, and what the manifest asks for.

    Raises:
        ManifestError: It does not fit the organization.
        AwsError: The organization cannot be read at all.
    """
    home = check_home_region(loaded, world)
    connection, identity = world.connection, world.connection.identity
    organization = read_organization(connection, with_tags=selects_by_tag(loaded.manifest))
    desired = desired_stack_sets(
        loaded, organization, home_region=home, today=world.clock.now().date()
    ).stack_sets
    own = [d for d in desired.values() if _is(d, PermissionModel.SELF_MANAGED)]
    managed = any(_is(d, PermissionModel.SERVICE_MANAGED) for d in desired.values())
    delegated = managed and world.stack_sets.call_as is CallAs.DELEGATED_ADMIN
    roles = _self_managed(loaded, world, own)
    prefix = f"arn:{identity.partition}:iam::{identity.account}:role/"
    scope = Scope(
        partition=identity.partition,
        administration_roles=tuple(f"{prefix}{each.administration_role}" for each in roles),
        journal_bucket=_bucket(loaded.manifest.journal),
        template_bucket=loaded.manifest.template_bucket,
        probe_role=probe_role or loaded.manifest.drift.probe_role,
        inside_roles=_inside_roles(loaded),
        topics=tuple(dict.fromkeys(each.sns for each in loaded.manifest.notifications)),
    )
    return Situation(
        partition=identity.partition,
        home_region=home,
        management=organization.management_account,
        administrator=identity.account,
        service_managed=managed,
        access=_known(partial(environment.organizations_access, connection, delegated=delegated)),
        trusted=_known(partial(environment.trusted_services, connection)),
        delegates={
            principal: _known(partial(environment.delegates, connection, principal))
            for principal in (STACK_SETS_PRINCIPAL, CONFIG_PRINCIPAL)
        },
        config_administrators=_aggregating(loaded, desired.values()),
        self_managed=roles,
        policies={
            "planner": planner_policy(scope),
            "operator": operator_policy(scope),
            "auditor": auditor_policy(scope),
        },
        inside_roles=_inside_roles(loaded),
    )


def _is(desired: Desired, model: PermissionModel) -> bool:
    return desired.definition.permission_model is model and not desired.absent


def _aggregating(loaded: LoadedManifest, desired: Iterable[Desired]) -> tuple[AccountId, ...]:
    found = {
        account
        for each in desired
        if (template := loaded.templates.get(each.key)) is not None
        and _AGGREGATOR in resource_types(template.body)
        for account in each.accounts
    }
    return tuple(sorted(found))


def _self_managed(
    loaded: LoadedManifest, world: World, desired: list[Desired]
) -> tuple[SelfManaged, ...]:
    groups: dict[tuple[str, str], list[Desired]] = {}
    for each in desired:
        names = (administration_role_of(each), execution_role_of(each))
        groups.setdefault(names, []).append(each)
    return tuple(
        SelfManaged(
            administration_role=names[0],
            execution_role=names[1],
            opt_in_regions=_opt_in(sets),
            actions=_actions(loaded, [each.key for each in sets]),
            state=_state(_known(partial(environment.role, world.connection, names[0]))),
        )
        for names, sets in groups.items()
    )


def _opt_in(sets: list[Desired]) -> tuple[Region, ...]:
    return tuple(sorted({r for each in sets for r in each.regions if is_opt_in(r)}))


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


def _inside_roles(loaded: LoadedManifest) -> tuple[str, ...]:
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
    except (InvalidCredentialsError, MissingCredentialsError):
        raise
    except AwsError:
        return None
