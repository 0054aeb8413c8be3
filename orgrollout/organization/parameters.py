"""Which value each parameter has where, and which layer of the manifest set it.

Three layers, later ones win: what the template's metadata asks for, the stack set's `parameters`,
and its `parameter_overrides` in order. The first two are the stack set's own parameters. Overrides
are kept apart, as sets that hold only what they override.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from orgrollout.manifest.checks.values import why_refused, why_unchecked
from orgrollout.manifest.loaded import LoadedManifest
from orgrollout.manifest.text.document import FieldPath
from orgrollout.manifest.text.substitution import (
    HOME_REGION,
    MANAGEMENT_ACCOUNT,
    references,
    substitute,
)
from orgrollout.model.ids import AccountId, Digest, Region, StackSetKey, digest_of
from orgrollout.organization.findings import Findings
from orgrollout.organization.regions import RegionNames
from orgrollout.organization.selection import Selector
from orgrollout.organization.snapshot import Organization

_UNCHECKED = "whether the value matches the template's AllowedPattern is not checked here"


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """One entry of `parameter_overrides`: what it sets, and where."""

    path: FieldPath
    parameters: Mapping[str, str]
    regions: Mapping[AccountId, frozenset[Region]]

    def applies(self, account: AccountId, region: Region) -> bool:
        """Return whether it sets the parameters of this stack instance."""
        return region in self.regions.get(account, ())


def values_for(
    loaded: LoadedManifest, organization: Organization, home: Region
) -> Mapping[str, str]:
    """Return what `${...}` stands for."""
    return {
        **loaded.values,
        HOME_REGION: home,
        MANAGEMENT_ACCOUNT: organization.management_account,
    }


def own_parameters(
    loaded: LoadedManifest, key: StackSetKey, values: Mapping[str, str]
) -> dict[str, str]:
    """Return the parameters of the stack set itself, without overrides."""
    given = {**loaded.parameter_defaults(key), **loaded.manifest.stack_sets[key].parameters}
    return substituted(given, values)


def substituted(texts: Mapping[str, str], values: Mapping[str, str]) -> dict[str, str]:
    """Return texts with every reference replaced by its value."""
    return {name: substitute(text, values) for name, text in texts.items()}


def check_substituted(
    loaded: LoadedManifest, key: StackSetKey, values: Mapping[str, str], findings: Findings
) -> None:
    """Report values that the template refuses once every reference in them is replaced.

    Warn of those that no AllowedPattern was tried on.

    Those without references were checked when the manifest was loaded. What a dynamic reference
    stands for is known to CloudFormation alone.
    """
    stack_set, template = loaded.manifest.stack_sets[key], loaded.templates[key]
    path: FieldPath = ("stack_sets", key)
    places = [((*path, "parameters"), {**loaded.parameter_defaults(key), **stack_set.parameters})]
    places += [
        ((*path, "parameter_overrides", index, "parameters"), override.parameters)
        for index, override in enumerate(stack_set.parameter_overrides)
    ]
    for place, texts in places:
        for name, text in texts.items():
            if "{{resolve:" in text:
                continue
            parameter, value = template.parameters[name], substitute(text, values)
            if (why := why_unchecked(parameter, value)) is not None:
                findings.warn((*place, name), f"{_UNCHECKED}: {why}. CloudFormation judges.")
            refused = why_refused(parameter, value) if references(text) else None
            if refused is not None:
                findings.error((*place, name), f"{refused[0]} (from {text})", refused[1])


class OverrideReader:
    """Finds out where the overrides of stack sets apply."""

    def __init__(
        self,
        loaded: LoadedManifest,
        selector: Selector,
        regions: RegionNames,
        values: Mapping[str, str],
    ) -> None:
        self._loaded = loaded
        self._selector = selector
        self._regions = regions
        self._values = values

    def read(self, key: StackSetKey, everywhere: Sequence[Region]) -> tuple[Override, ...]:
        """Return a stack set's overrides in order.

        ``everywhere`` are its Regions. An override selects among its stack instances, so that `all`
        and a unit stand for the management account too, where the stack set reaches it.
        """
        return tuple(
            self._one(("stack_sets", key, "parameter_overrides", index), everywhere)
            for index in range(len(self._loaded.manifest.stack_sets[key].parameter_overrides))
        )

    def _one(self, path: FieldPath, everywhere: Sequence[Region]) -> Override:
        _, key, _, index = path
        given = self._loaded.manifest.stack_sets[str(key)].parameter_overrides[int(index)]
        place: FieldPath = (*path, "targets")
        here = frozenset(everywhere)
        if given.regions is not None:
            self._regions.must_be_among(everywhere, given.regions, (*path, "regions"))
            here &= frozenset(self._regions.expand(given.regions, (*path, "regions")))
        regions: dict[AccountId, frozenset[Region]] = {}
        for block in self._selector.included(given.targets, place):
            narrowed = here if block.regions is None else here & block.regions
            for account in block.accounts:
                known = regions.get(account)
                regions[account] = narrowed if known is None else known | narrowed
        for block in self._selector.excluded(given.targets, place):
            for account in block.accounts & regions.keys():
                regions[account] -= here if block.regions is None else block.regions
        return Override(
            path=path, parameters=substituted(given.parameters, self._values), regions=regions
        )


class ParameterSets:
    """The distinct sets of overrides of one stack set, each under its digest."""

    def __init__(self, overrides: Iterable[Override]) -> None:
        self.sets: dict[Digest, Mapping[str, str]] = {}
        self._overrides = tuple(overrides)
        self._naming: dict[AccountId, list[int]] = defaultdict(list)
        for index, override in enumerate(self._overrides):
            for account in override.regions:
                self._naming[account].append(index)
        self._digests: dict[tuple[int, ...], Digest] = {}
        self._rows: dict[object, tuple[Digest, ...]] = {}

    def of(self, account: AccountId, regions: tuple[Region, ...]) -> tuple[Digest, ...]:
        """Return, for each Region, the digest of what is overridden in that stack instance.

        Accounts that the same overrides name share one answer.
        """
        naming = [(i, self._overrides[i].regions[account]) for i in self._naming.get(account, ())]
        key = (regions, tuple(naming))
        row = self._rows.get(key)
        if row is None:
            applying = (tuple(i for i, where in naming if region in where) for region in regions)
            row = self._rows[key] = tuple(map(self._digest, applying))
        return row

    def _digest(self, applying: tuple[int, ...]) -> Digest:
        if applying not in self._digests:
            parameters: dict[str, str] = {}
            for index in applying:
                parameters |= self._overrides[index].parameters
            digest = digest_of(parameters)
            self.sets.setdefault(digest, parameters)
            self._digests[applying] = digest
        return self._digests[applying]
