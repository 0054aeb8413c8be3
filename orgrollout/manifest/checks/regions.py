"""Regions: of groups, of the manifest, of stack sets, and of blocks and overrides within them."""

from collections.abc import Iterator

from orgrollout.manifest.checks.context import Checking
from orgrollout.manifest.checks.targets import all_targets
from orgrollout.manifest.loaded import ENABLED
from orgrollout.manifest.regions import PARTITIONS
from orgrollout.manifest.schema import StackSet, Targets
from orgrollout.manifest.text.document import FieldPath
from orgrollout.model.ids import StackSetKey

Place = tuple[FieldPath, str]  # where a name is written, and the name of a Region or group

# By where it is written and what is wrong there: a path to it, and the stack sets concerned.
Outside = dict[tuple[FieldPath, str], tuple[FieldPath, list[StackSetKey]]]


def check_regions(checking: Checking) -> None:
    """Note Regions that are unknown, missing, too many, or outside those of their stack set."""
    for path, name in _written(checking):
        checking.check_region(path, name, groups=path[0] != "region_groups")
    _check_partition(checking)
    outside: Outside = {}
    for key, stack_set in checking.present():
        _check_count(checking, key, stack_set)
        _collect_outside(checking, key, stack_set, outside)
    for (_, regions), (path, keys) in outside.items():
        message = f"{regions} is outside the Regions of {', '.join(keys)}."
        checking.note(path, message, "Add it there, or remove it here.")
    without = [key for key, _ in checking.present() if _has_no_regions(checking, key)]
    if without and not checking.is_written("regions"):
        message = f"is missing, and so it is in {', '.join(without)}."
        checking.note(("regions",), message, "List Regions, or write `home`.")


def _written(checking: Checking) -> Iterator[Place]:
    """Return the Regions of groups, manifest, stack sets and overrides."""
    manifest = checking.manifest
    for group, names in manifest.region_groups.items():
        yield from _numbered(("region_groups", group), names)
    yield from _numbered(("regions",), manifest.regions)
    for key, stack_set in checking.present():
        yield from _numbered(("stack_sets", key, "regions"), stack_set.regions)
        for i, override in enumerate(stack_set.parameter_overrides):
            at = ("stack_sets", key, "parameter_overrides", i, "regions")
            yield from _numbered(at, override.regions)


def _numbered(path: FieldPath, names: tuple[str, ...] | None) -> Iterator[Place]:
    for i, name in enumerate(names or ()):
        yield (*path, i), name


def _included(path: FieldPath, targets: Targets) -> Iterator[Place]:
    for i, block in enumerate(targets.include):
        yield from _numbered((*path, "include", i, "regions"), block.regions)


def _check_partition(checking: Checking) -> None:
    """An organization lies in one partition, so no manifest can mean two."""
    home = checking.manifest.home_region
    places: list[Place] = [(("home_region",), home)] if home else []
    places += _written(checking)
    for path, targets in all_targets(checking):
        places += _included(path, targets)
    known = [(path, name) for path, name in places if name in PARTITIONS]
    for path, name in known:
        first, partition = known[0][1], PARTITIONS[known[0][1]]
        if PARTITIONS[name] != partition:
            message = f"{name} is in partition {PARTITIONS[name]}, and {first} in {partition}."
            checking.note(path, message, "Write a manifest for each partition.")


def _has_no_regions(checking: Checking, key: StackSetKey) -> bool:
    template = checking.loaded.templates.get(key)
    once = template is None or template.metadata.once_per_account
    return not once and not checking.loaded.regions(key)


def _check_count(checking: Checking, key: StackSetKey, stack_set: StackSet) -> None:
    template = checking.loaded.templates.get(key)
    once = template is not None and template.metadata.once_per_account
    regions = checking.loaded.expand_regions(stack_set.regions or ())
    if once and (len(regions) > 1 or ENABLED in regions):
        message = "the template goes to one Region of an account."
        fix = "Write one, or leave it out for the home Region."
        checking.note(("stack_sets", key, "regions"), message, fix)


def _collect_outside(
    checking: Checking, key: StackSetKey, stack_set: StackSet, outside: Outside
) -> None:
    """Collect Regions of blocks and overrides that the stack set does not go to."""
    loaded = checking.loaded
    regions = loaded.expand_regions(stack_set.regions or checking.manifest.regions or ())
    if not regions or any(region not in PARTITIONS for region in regions):
        return
    for path, name in _narrower(checking, key, stack_set):
        beyond = [r for r in loaded.expand_regions([name]) if r in PARTITIONS and r not in regions]
        if beyond:
            written = loaded.root.nearest(path)[0].path
            found = outside.setdefault((written, ", ".join(beyond)), (path, []))
            found[1].append(key)


def _narrower(checking: Checking, key: StackSetKey, stack_set: StackSet) -> Iterator[Place]:
    at: FieldPath = ("stack_sets", key)
    if stack_set.targets:
        yield from _included((*at, "targets"), stack_set.targets)
    elif checking.manifest.targets:
        yield from _included(("targets",), checking.manifest.targets)
    for i, override in enumerate(stack_set.parameter_overrides):
        path = (*at, "parameter_overrides", i)
        yield from _numbered((*path, "regions"), override.regions)
        yield from _included((*path, "targets"), override.targets)
