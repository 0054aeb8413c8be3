"""Which stack sets of a manifest a drift detection may run on."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from orgrollout.aws.organizations import describe_organization
from orgrollout.manifest.loaded import LoadedManifest
from orgrollout.model.ids import StackSetKey, StackSetName
from orgrollout.reconcile.context import Context
from orgrollout.reconcile.reading.plan_request import check_home_region


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectionTargets:
    """The stack sets to look at, and the reason for each one that is left out."""

    names: Mapping[StackSetName, StackSetKey] = field(default_factory=dict)
    left_out: Mapping[StackSetKey, str] = field(default_factory=dict)


def detection_targets(
    loaded: LoadedManifest, context: Context, keys: Iterable[StackSetKey]
) -> DetectionTargets | None:
    """Return the stack sets that may be looked at; None: the manifest is for another organization.

    A detection changes nothing, but it blocks all other operations on the stack set. So the
    organization and the owner of each stack set are checked first.

    Raises:
        HomeRegionError: The manifest names another home Region.
        AwsError: Something could not be read.
    """
    check_home_region(loaded, context)
    organization, _ = describe_organization(context.connection)
    if organization != loaded.manifest.organization:
        return None
    names: dict[StackSetName, StackSetKey] = {}
    left_out: dict[StackSetKey, str] = {}
    for key in keys:
        if reason := _why_not(loaded, context, key):
            left_out[key] = reason
        else:
            names[loaded.stack_set_name(key)] = key
    return DetectionTargets(names=names, left_out=left_out)


def _why_not(loaded: LoadedManifest, context: Context, key: StackSetKey) -> str:
    deployed = context.stack_sets.describe(loaded.stack_set_name(key))
    if deployed is None:
        return "there is no such stack set yet"
    if deployed.owner != loaded.manifest.name and not loaded.manifest.stack_sets[key].adopt:
        return "not looked at: the stack set is not of this manifest, without `adopt: true`"
    return ""
