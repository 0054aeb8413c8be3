"""Reads everything that a manifest of the stack sets that exist has to say."""

from collections.abc import Callable, Collection
from dataclasses import replace

from orgrollout.aws.organizations import read_organization
from orgrollout.bootstrap.describing import Describing
from orgrollout.errors import ManifestError, OrgRolloutError
from orgrollout.inventory.inventory import StackSetInventory
from orgrollout.manifest.template.read import template_from
from orgrollout.manifest.template.template import Template
from orgrollout.model.ids import StackSetName
from orgrollout.model.service_owned import CONTROL_TOWER
from orgrollout.model.stack_set import DeployedStackSet
from orgrollout.reconcile.context import Context

Progress = Callable[[str], None]


class NoSuchStackSetError(OrgRolloutError):
    """A stack set was named that does not exist here. Nothing was written."""


def list_what_exists(
    context: Context, name: str, only: Collection[str], progress: Progress
) -> Describing:
    """Return the stack sets that exist with all their stack instances, without overrides.

    ``name`` is the manifest's; ``only`` names the stack sets that are meant, none for all.

    Raises:
        NoSuchStackSetError: ``only`` names one that does not exist.
        AwsError: Something could not be read.
    """
    listed = {row.name for row in context.stack_sets.list_stack_sets()}
    if unknown := sorted(set(only) - listed):
        raise NoSuchStackSetError(
            f"there is no stack set {unknown[0]} in {context.connection.home_region}; nothing was "
            "written. Stack sets are seen in their home Region only."
        )
    progress("reading the organization")
    organization = read_organization(context.connection, with_tags=False)
    chosen = sorted(n for n in listed if not only or n in only)
    progress(f"listing the stack instances of {len(chosen):,} stack sets")
    found = [each for n in chosen if (each := _read(context, n, name)) is not None]
    return Describing(
        name=name,
        organization=organization,
        home_region=context.connection.home_region,
        stack_sets=tuple(found),
        templates={
            each.deployed.name: template
            for each in found
            if (template := _template(each.deployed)) is not None
        },
    )


def with_overrides(context: Context, listed: Describing, progress: Progress) -> Describing:
    """Return the same with all overrides: one describe per stack instance, only there they are.

    Raises:
        AwsError: Something could not be read.
    """
    found = tuple(_described(context, each, progress) for each in listed.stack_sets)
    return replace(listed, stack_sets=found)


def _read(context: Context, name: StackSetName, manifest: str) -> StackSetInventory | None:
    reads = context.stack_sets
    deployed = reads.describe(name)
    if deployed is None:
        return None
    if name.startswith(CONTROL_TOWER) or deployed.owner not in {None, manifest}:
        # To be named, and not to be taken over: its stack instances are not worth a call each.
        return StackSetInventory(deployed=deployed)
    instances = {instance.pair: instance for instance in reads.instances(name)}
    return StackSetInventory(deployed=deployed, instances=instances)


def _described(
    context: Context, listed: StackSetInventory, progress: Progress
) -> StackSetInventory:
    name, pairs = listed.deployed.name, tuple(listed.instances)
    if not pairs:
        return listed
    progress(
        f"{name}: describing {len(pairs):,} stack instances for their overrides, about "
        f"{max(len(pairs) // 2, 1):,} s at two a second"
    )
    described = (context.stack_sets.describe_instance(name, pair) for pair in pairs)
    return replace(listed, instances={i.pair: i for i in described if i is not None})


def _template(deployed: DeployedStackSet) -> Template | None:
    try:
        template, _ = template_from(deployed.definition.template_body, deployed.name, deployed.name)
    except ManifestError:
        return None
    return template
