"""Gathers what preflight judges. Only reads; what cannot be read becomes a fact of its own.

In member accounts it looks through a role that is named, and into a few accounts of each unit
unless all are asked for: calls per account and Region add up.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import replace

from orgrollout.aws import environment
from orgrollout.aws.regions import read_enabled_regions
from orgrollout.aws.stack_sets.template_bucket import bucket_and_prefix, bucket_region
from orgrollout.aws.transport.connection import Connection
from orgrollout.manifest.lint import lint_manifest
from orgrollout.manifest.loaded import LoadedManifest
from orgrollout.manifest.member_roles import role_creators
from orgrollout.manifest.template.resource_needs import creation_needs
from orgrollout.model.ids import AccountId, Region, StackSetKey, UnitId
from orgrollout.model.stack_set import CallAs, PermissionModel
from orgrollout.model.words import count
from orgrollout.organization.desired import DesiredStackSet
from orgrollout.organization.snapshot import AccountState, Organization
from orgrollout.plan.build.waves import rank
from orgrollout.preflight.access import (
    administration_role_of,
    registrations,
)
from orgrollout.preflight.bucket import needs_bucket
from orgrollout.preflight.deliveries import deliveries_of
from orgrollout.preflight.facts import Facts, Needs
from orgrollout.preflight.finding import Unknown
from orgrollout.preflight.places import wanted_opt_in_regions
from orgrollout.preflight.preconditions import preconditions_of
from orgrollout.preflight.recorders import places_for_recorders
from orgrollout.reconcile.context import Context
from orgrollout.reconcile.member_accounts.preflight_facts import Looking, Members, known
from orgrollout.reconcile.reading.plan_request import Picture, look

Progress = Callable[[str], None]
PER_UNIT = 2  # accounts of each unit that are looked into


def gather(loaded: LoadedManifest, context: Context, looking: Looking, progress: Progress) -> Facts:
    """Return the facts of a manifest.

    Raises:
        ManifestError: It does not fit the organization.
        AwsError: The organization or its stack sets cannot be read at all.
    """
    looking = _with_role(looking, loaded)
    picture = look(loaded, context, progress)
    connection, organization = context.connection, picture.organization
    desired, inventory = picture.desired.stack_sets, picture.inventory
    identity = connection.identity
    needs = _needs(loaded)
    chosen = _chosen(loaded.manifest.name, picture, looking)
    progress("looking at the access of CloudFormation, and at policies")
    members = Members(context, looking, chosen, _without_role(loaded, picture, looking))
    progress(f"looking into {count(len(chosen), 'account')}")
    targeted = {pair.account for d in desired.values() for pair in d.pairs}
    return Facts(
        loaded=loaded,
        organization=organization,
        home_region=connection.home_region,
        desired=desired,
        inventory=inventory,
        caller=identity.account,
        partition=identity.partition,
        call_as=context.stack_sets.call_as,
        access=_access(context, desired),
        trusted=known(environment.trusted_services, connection),
        delegates=_delegates(connection, desired, needs, organization),
        administration_roles={
            d.key: known(environment.role, connection, administration_role_of(d))
            for d in _self_managed(desired)
        },
        execution_roles=members.execution_roles(desired),
        recorders=members.recorders(
            loaded, picture, places_for_recorders(desired, needs, inventory)
        ),
        preconditions=members.seen(preconditions_of(loaded, desired, inventory)),
        deliveries=members.seen(deliveries_of(loaded, desired, inventory)),
        regions=_regions(connection, picture, chosen),
        policies=known(environment.service_control_policies, connection),
        needs=needs,
        stack_sets=known(lambda: len(context.stack_sets.list_stack_sets())),
        bucket_region=_bucket(loaded, connection, desired),
        templates=tuple(p for p in lint_manifest(loaded) if p.severity == "error"),
        not_looked_into=len(targeted - chosen) if looking.role else 0,
    )


def _with_role(looking: Looking, loaded: LoadedManifest) -> Looking:
    drift = loaded.manifest.drift
    if looking.role is not None or drift.probe_role is None:
        return looking
    return replace(looking, role=drift.probe_role, external_id=drift.external_id)


def _without_role(
    loaded: LoadedManifest, picture: Picture, looking: Looking
) -> Mapping[AccountId, StackSetKey]:
    """Return the accounts in which a stack set of the manifest has yet to create the role."""
    found: dict[AccountId, StackSetKey] = {}
    for key in role_creators(loaded, looking.role) if looking.role else ():
        desired = picture.desired.stack_sets[key]
        deployed = picture.inventory.stack_sets.get(desired.name)
        existing = {pair.account for pair in deployed.instances} if deployed else set()
        found |= dict.fromkeys(desired.accounts - existing, key)
    return found


def _needs(loaded: LoadedManifest) -> Needs:
    return {
        key: creation_needs(template.body, loaded.regions(key))
        for key, template in loaded.templates.items()
    }


def _bucket(
    loaded: LoadedManifest, connection: Connection, desired: Mapping[StackSetKey, DesiredStackSet]
) -> str | Unknown | None:
    place = loaded.manifest.template_bucket
    if place is None or not any(map(needs_bucket, desired.values())):
        return Unknown(reason="nothing is too large for a call")
    return known(bucket_region, connection, bucket_and_prefix(place)[0])


def _access(context: Context, desired: Mapping[StackSetKey, DesiredStackSet]) -> str | Unknown:
    models = {d.definition.permission_model for d in desired.values()}
    if PermissionModel.SERVICE_MANAGED not in models:
        return Unknown(reason="no service-managed stack set needs it")
    delegated = context.stack_sets.call_as is CallAs.DELEGATED_ADMIN
    return known(lambda: environment.organizations_access(context.connection, delegated=delegated))


def _delegates(
    connection: Connection,
    desired: Mapping[StackSetKey, DesiredStackSet],
    needs: Needs,
    organization: Organization,
) -> Mapping[str, frozenset[AccountId] | Unknown]:
    own = connection.identity.account
    asked = {principal for principal, _ in registrations(desired, needs, organization, own)}
    return {
        principal: known(environment.delegates, connection, principal)
        for principal in sorted(asked)
    }


def _regions(
    connection: Connection, picture: Picture, chosen: frozenset[AccountId]
) -> Mapping[AccountId, frozenset[Region] | Unknown]:
    wanted = wanted_opt_in_regions(
        picture.desired.stack_sets, picture.organization, connection.identity.account
    )
    always = {connection.identity.account, picture.organization.management_account}
    return {
        account: known(_enabled, connection, account)
        for account in sorted(wanted)
        if account in chosen | always
    }


def _enabled(connection: Connection, account: AccountId) -> frozenset[Region]:
    return read_enabled_regions(connection, [account])[account]


def _self_managed(desired: Mapping[StackSetKey, DesiredStackSet]) -> list[DesiredStackSet]:
    return [
        d
        for d in desired.values()
        if d.definition.permission_model is PermissionModel.SELF_MANAGED and not d.absent
    ]


def _chosen(name: str, picture: Picture, looking: Looking) -> frozenset[AccountId]:
    """Return the accounts to look into: a few of each unit, the same ones every time."""
    organization = picture.organization
    targeted = {pair.account for d in picture.desired.stack_sets.values() for pair in d.pairs}
    active = {a for a in targeted if organization.accounts[a].state is AccountState.ACTIVE}
    if looking.all_accounts:
        return frozenset(active)
    by_unit: dict[UnitId, list[AccountId]] = defaultdict(list)
    for account in sorted(active, key=lambda account: rank(name, account)):
        by_unit[organization.accounts[account].parent].append(account)
    return frozenset(a for accounts in by_unit.values() for a in accounts[:PER_UNIT])
