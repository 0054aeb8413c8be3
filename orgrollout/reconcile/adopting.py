"""Reads everything that a manifest of the stack sets that exist has to say."""

from collections.abc import Callable, Collection

from orgrollout.aws.organizations import read_organization
from orgrollout.bootstrap.describe import CONTROL_TOWER
from orgrollout.bootstrap.describing import Describing
from orgrollout.errors import ManifestError, OrgRolloutError
from orgrollout.inventory.inventory import StackSetInventory
from orgrollout.manifest.template import Template
from orgrollout.manifest.templates import template_from
from orgrollout.model.ids import StackSetName
from orgrollout.model.stack_set import DeployedStackSet
from orgrollout.reconcile.world import World

Progress = Callable[[str], None]


class NoSuchStackSetError(OrgRolloutError):
    """A stack set was named that does not exist here. Nothing was written."""


def read_what_exists(
    world: World, name: str, only: Collection[str], progress: Progress
) -> Describing:
    """Return the stack sets that exist with all their stack instances and overrides.

    ``name`` is the manifest's; ``only`` names the stack sets that are meant, none for all. One
    describe per stack instance: only there are its overrides.

    Raises:
        NoSuchStackSetError: ``only`` names one that does not exist.
        AwsError: Something could not be read.
    """
    listed = {row.name for row in world.stack_sets.list_stack_sets()}
    if unknown := sorted(set(only) - listed):
        raise NoSuchStackSetError(
            f"there is no stack set {unknown[0]} in {world.connection.home_region}; nothing was "
            "written. Stack sets are seen in their home Region only."
        )
    progress("reading the organization")
    organization = read_organization(world.connection, with_tags=False)
    chosen = sorted(n for n in listed if not only or n in only)
    found = [each for n in chosen if (each := _read(world, n, name, progress)) is not None]
    return Describing(
        name=name,
        organization=organization,
        home_region=world.connection.home_region,
        stack_sets=tuple(found),
        templates={
            each.deployed.name: template
            for each in found
            if (template := _template(each.deployed)) is not None
        },
    )


def _read(
    world: World, name: StackSetName, manifest: str, progress: Progress
) -> StackSetInventory | None:
    reads = world.stack_sets
    deployed = reads.describe(name)
    if deployed is None:
        return None
    if name.startswith(CONTROL_TOWER) or deployed.owner not in {None, manifest}:
        # To be named, and not to be taken over: its stack instances are not worth a call each.
        return StackSetInventory(deployed=deployed)
    pairs = [instance.pair for instance in reads.instances(name)]
    progress(
        f"{name}: describing {len(pairs):,} stack instances for their overrides, about "
        f"{max(len(pairs) // 2, 1):,} s at two a second"
    )
    described = (reads.describe_instance(name, pair) for pair in pairs)
    return StackSetInventory(
        deployed=deployed, instances={i.pair: i for i in described if i is not None}
    )


def _template(deployed: DeployedStackSet) -> Template | None:
    try:
        template, _ = template_from(deployed.definition.template_body, deployed.name, deployed.name)
    except ManifestError:
        return None
    return template
