"""Regions as a manifest writes them become Regions: by name, `home`, `enabled`, or a group."""

from collections.abc import Iterable
from dataclasses import dataclass

from orgrollout.manifest.loaded import ENABLED, HOME, LoadedManifest
from orgrollout.manifest.text.document import FieldPath
from orgrollout.manifest.text.shorthand import did_you_mean
from orgrollout.model.ids import Region, StackSetKey
from orgrollout.organization.findings import Findings
from orgrollout.organization.snapshot import Organization


@dataclass(frozen=True, slots=True, kw_only=True)
class StackSetRegions:
    """Where one stack set may go."""

    regions: tuple[Region, ...]  # in the order written, each once
    own: frozenset[Region] = frozenset()  # listed by the stack set itself, by name
    only_if_enabled: frozenset[Region] = frozenset()  # meant by `enabled` and by nothing else
    once_per_account: bool = False  # the home Region, because the template says once is enough


class RegionNames:
    """What the names of Regions stand for in one manifest and organization."""

    def __init__(
        self, loaded: LoadedManifest, organization: Organization, home: Region, findings: Findings
    ) -> None:
        self._loaded = loaded
        self._home = home
        self._enabled = sorted(frozenset[Region]().union(*organization.enabled_regions.values()))
        self._findings = findings

    def expand(self, names: Iterable[str], path: FieldPath) -> tuple[Region, ...]:
        """Return the Regions that names stand for, each once, in the order written.

        `enabled` stands for every Region that some account has enabled; which of them an account
        has is asked pair by pair.
        """
        found: dict[Region, None] = {}
        for index, name in enumerate(names):
            found |= dict.fromkeys(self._one(name, (*path, index)))
        return tuple(found)

    def must_be_among(
        self, allowed: Iterable[Region], names: Iterable[str], path: FieldPath
    ) -> None:
        """Report each Region, written by its name, that a stack set does not go to.

        Groups and symbols are narrowed instead: they are made to be shared.
        """
        here = tuple(allowed)
        symbols = {HOME, ENABLED, *self._loaded.manifest.region_groups}
        for index, name in enumerate(names):
            if name not in symbols and Region(name) not in here:
                self._findings.error(
                    (*path, index),
                    f"{name} is not among the Regions of the stack set: {', '.join(here)}.",
                    did_you_mean(name, here, otherwise="Add it to `regions`, or take it out here."),
                )

    def _one(self, name: str, path: FieldPath) -> Iterable[Region]:
        groups = self._loaded.manifest.region_groups
        if name in groups:
            return [r for item in groups[name] for r in self._symbol(item, path)]
        return self._symbol(name, path)

    def _symbol(self, name: str, path: FieldPath) -> Iterable[Region]:
        if name == HOME:
            return (self._home,)
        if name != ENABLED:
            return (Region(name),)
        if not self._enabled:
            self._findings.error(
                path,
                "`enabled` needs to know which Regions the accounts have enabled, and that was "
                "not read.",
                "Name the Regions, or allow account:ListRegions.",
            )
        return self._enabled

    def of_stack_set(self, key: StackSetKey) -> StackSetRegions:
        """Return where a stack set may go: its own Regions, else home or the manifest's."""
        manifest = self._loaded.manifest
        own = manifest.stack_sets[key].regions
        if own is not None:
            path: FieldPath = ("stack_sets", key, "regions")
            return self._written(own, path, own=frozenset(map(Region, own)))
        if self._loaded.templates[key].metadata.once_per_account:
            return StackSetRegions(regions=(self._home,), once_per_account=True)
        return self._written(manifest.regions or (), ("regions",), own=frozenset())

    def _written(
        self, names: tuple[str, ...], path: FieldPath, *, own: frozenset[Region]
    ) -> StackSetRegions:
        regions = self.expand(names, path)
        return StackSetRegions(
            regions=regions, own=own, only_if_enabled=frozenset(regions) - self._fixed(names)
        )

    def _fixed(self, names: tuple[str, ...]) -> frozenset[Region]:
        groups = self._loaded.manifest.region_groups
        items = [item for name in names for item in groups.get(name, (name,))]
        return frozenset(self._home if i == HOME else Region(i) for i in items if i != ENABLED)
