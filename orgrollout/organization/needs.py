"""What has to be read of an organization for one manifest, so that nothing else is read."""

from collections.abc import Iterator

from orgrollout.manifest.loaded import ENABLED
from orgrollout.manifest.schema import Block, Manifest, Targets


def selects_by_tag(manifest: Manifest) -> bool:
    """Return whether the tags of accounts make a difference."""
    blocks = any(block.tags is not None for block in _blocks(manifest))
    return blocks or any(wave.tags is not None for wave in manifest.rollout.waves)


def uses_enabled_regions(manifest: Manifest) -> bool:
    """Return whether some Regions are written as `enabled`, so that each account's are needed."""
    return any(ENABLED in (names or ()) for names in _regions(manifest))


def _targets(manifest: Manifest) -> Iterator[Targets]:
    yield from manifest.target_groups.values()
    if manifest.targets is not None:
        yield manifest.targets
    for stack_set in manifest.stack_sets.values():
        if stack_set.targets is not None:
            yield stack_set.targets
        yield from (override.targets for override in stack_set.parameter_overrides)


def _blocks(manifest: Manifest) -> Iterator[Block]:
    for targets in _targets(manifest):
        yield from targets.include
        yield from targets.exclude
    yield from manifest.waivers


def _regions(manifest: Manifest) -> Iterator[tuple[str, ...] | None]:
    yield manifest.regions
    yield from manifest.region_groups.values()
    for stack_set in manifest.stack_sets.values():
        yield stack_set.regions
        yield from (override.regions for override in stack_set.parameter_overrides)
    yield from (block.regions for block in _blocks(manifest))
