"""Where the stack sets of a manifest live: in its home Region, and in no other besides.

The same manifest run from two Regions would deploy everything twice. So where stack sets would be
created, the other Regions of the manifest are looked through first: one list of stack sets for
each. Where all of them exist already, nothing is asked.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from orgrollout.aws.stack_sets.reads import StackSetReads
from orgrollout.aws.transport.connection import Connection
from orgrollout.errors import OrgRolloutError
from orgrollout.inventory.inventory import Inventory
from orgrollout.manifest.loaded import ENABLED, LoadedManifest
from orgrollout.manifest.regions import OPT_IN, PARTITIONS
from orgrollout.model.ids import Region, StackSetKey, StackSetName
from orgrollout.model.stack_set import CallAs
from orgrollout.organization.desired import DesiredState
from orgrollout.reconcile.context import Context
from orgrollout.reconcile.process.parallel import spread
from orgrollout.reconcile.reading.inventory import Progress

_SHOWN = 3
_AT_ONCE = 8  # Regions; each has rates of its own


class HomeRegionError(OrgRolloutError):
    """The stack sets live in another Region than the one that is called. Nothing was changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Elsewhere:
    """Stack sets of a manifest in other Regions, and where nothing could be read."""

    found: Mapping[Region, tuple[StackSetName, ...]] = field(default_factory=dict)
    unread: Mapping[Region, str] = field(default_factory=dict)  # and why


def refuse_second_home(
    loaded: LoadedManifest,
    desired: DesiredState,
    inventory: Inventory,
    context: Context,
    progress: Progress,
) -> tuple[str, ...]:
    """Return warnings about the Regions that could not be looked through.

    Raises:
        HomeRegionError: A stack set that is missing here lives in another Region.
    """
    missing = {
        each.name: key
        for key, each in desired.stack_sets.items()
        if not each.absent and each.name not in inventory.stack_sets
    }
    if not missing:
        return ()
    progress("looking for its stack sets in the other Regions")
    home, connection = context.connection.home_region, context.connection
    regions = [r for r in regions_to_look_at(loaded, connection) if r != home]
    seen = stack_sets_elsewhere(loaded, missing, regions, connection)
    for region, names in seen.found.items():
        raise HomeRegionError(_second(loaded, home, region, names))
    return tuple(
        f"whether stack sets of this manifest live in {region}, too, is not known: {why}"
        for region, why in seen.unread.items()
    )


def regions_to_look_at(loaded: LoadedManifest, connection: Connection) -> tuple[Region, ...]:
    """Return the Regions of the manifest, and the one that the caller's shell or profile names.

    `enabled` stands for those that every account has.
    """
    named = loaded.named_regions()
    partition = PARTITIONS.get(connection.home_region)
    if ENABLED in named:
        named += tuple(r for r, p in PARTITIONS.items() if p == partition and r not in OPT_IN)
    callers = (connection.callers_region,) if connection.callers_region else ()
    known = (Region(r) for r in (*named, *callers) if PARTITIONS.get(r) == partition)
    return tuple(dict.fromkeys(known))


def stack_sets_elsewhere(
    loaded: LoadedManifest,
    names: Mapping[StackSetName, StackSetKey],
    regions: Iterable[Region],
    connection: Connection,
) -> Elsewhere:
    """Return which of the stack sets live in these Regions, and are of this manifest."""

    def look(region: Region) -> tuple[StackSetName, ...] | str:
        try:
            asked_as = StackSetReads(connection, call_as=loaded.manifest.call_as).call_as
            delegated = asked_as is CallAs.DELEGATED_ADMIN
            reads = StackSetReads(
                connection.reading_in(region), call_as="delegated_admin" if delegated else "self"
            )
            return tuple(_mine(loaded, names, reads))
        except OrgRolloutError as error:
            return str(error)

    found: dict[Region, tuple[StackSetName, ...]] = {}
    unread: dict[Region, str] = {}
    for region, seen in spread(regions, look, at_once=_AT_ONCE):
        if isinstance(seen, str):
            unread[region] = seen
        elif seen:
            found[region] = seen
    return Elsewhere(found=found, unread=unread)


def proposed_home(loaded: LoadedManifest, connection: Connection) -> tuple[str, str]:
    """Return the Region to write as `home_region`, and why: the one where its stack sets live."""
    manifest = loaded.manifest
    keys = map(StackSetKey, manifest.stack_sets)
    names = {loaded.stack_set_name(key): key for key in keys}
    regions = dict.fromkeys((connection.home_region, *regions_to_look_at(loaded, connection)))
    seen = stack_sets_elsewhere(loaded, names, regions, connection)
    for region, found in seen.found.items():
        return region, f"{_some(found)} of this manifest live there"
    if seen.unread:
        return connection.home_region, (
            "the Region of this session; whether its stack sets exist could not be read in "
            f"{', '.join(seen.unread)}"
        )
    return connection.home_region, "the Region of this session; no stack set of it exists yet"


def some_home(loaded: LoadedManifest) -> tuple[str, str]:
    """Return a Region to propose as home where AWS is not asked, and why that one."""
    named = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    if named in PARTITIONS:
        return named, "the Region of this shell"
    first = next(iter(loaded.named_regions()), None)
    return (first, "the first that it names") if first in PARTITIONS else ("us-east-1", "or yours")


def _mine(
    loaded: LoadedManifest,
    names: Mapping[StackSetName, StackSetKey],
    reads: StackSetReads,
) -> Iterator[StackSetName]:
    manifest = loaded.manifest
    listed = {row.name for row in reads.list_stack_sets()}
    for name in sorted(names.keys() & listed):
        deployed = reads.describe(name)
        is_taken = manifest.stack_sets[names[name]].adopt
        if deployed is not None and (deployed.owner == manifest.name or is_taken):
            yield name


def _second(
    loaded: LoadedManifest, home: Region, region: Region, names: tuple[StackSetName, ...]
) -> str:
    return (
        f"{loaded.path}: the home Region is {home}, but {_some(names)} of this manifest "
        f"{'live' if len(names) > 1 else 'lives'} in {region}. To go on would deploy all of it a "
        f"second time. Nothing was changed. Write `home_region: {region}`; or, if a second "
        "baseline is meant, give its manifest another `name`."
    )


def _some(names: tuple[StackSetName, ...]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"{', '.join(names[:_SHOWN])}{more}"
