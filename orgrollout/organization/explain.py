"""Why an account is in or out, and where each of its parameters comes from. Computed when asked."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from orgrollout.manifest.loaded import LoadedManifest
from orgrollout.manifest.text.document import dotted
from orgrollout.model.ids import AccountId, Pair, Region, StackSetKey
from orgrollout.model.shown import MASKED
from orgrollout.organization.desired import DesiredStackSet, DesiredState, LeftOut
from orgrollout.organization.findings import Findings
from orgrollout.organization.parameters import Override
from orgrollout.organization.snapshot import Organization
from orgrollout.organization.stack_sets import StackSetResolver

TEMPLATE_DEFAULT = "the template's Default"
TEMPLATE_METADATA = "the template's metadata"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountAnswer:
    """What one stack set does with one account."""

    stack_set: StackSetKey
    regions: tuple[Region, ...]  # where it is wanted
    rule: str = ""  # what put the account in; empty: nothing did, or something took it out
    left_out: LeftOut | None = None  # why the account gets nothing at all
    left_out_regions: tuple[tuple[Region, LeftOut], ...] = ()  # why not in these Regions


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterOrigin:
    """A parameter's value in one stack instance, and the last layer that set it."""

    name: str
    value: str  # `****` where the template declares NoEcho
    layer: str


def accounts_called(
    reference: str, organization: Organization, names: Mapping[str, str]
) -> tuple[AccountId, ...]:
    """Return the accounts that an id, a name of the manifest, or their own name stands for."""
    given = AccountId(names.get(reference, reference))
    if given in organization.accounts:
        return (given,)
    return tuple(sorted(a.id for a in organization.accounts.values() if a.name == reference))


def explain_account(desired: DesiredState, account: AccountId) -> tuple[AccountAnswer, ...]:
    """Return, for each stack set, the rule that includes an account or leaves it out."""
    return tuple(_answer(stack_set, account) for stack_set in desired.stack_sets.values())


def _answer(stack_set: DesiredStackSet, account: AccountId) -> AccountAnswer:
    pairs = [Pair(account, region) for region in stack_set.regions]
    gone = ((pair.region, stack_set.left_out_pairs.get(pair)) for pair in pairs)
    return AccountAnswer(
        stack_set=stack_set.key,
        regions=tuple(pair.region for pair in pairs if pair in stack_set.pairs),
        rule=stack_set.rules.get(account, ""),
        left_out=stack_set.left_out.get(account),
        left_out_regions=tuple((region, why) for region, why in gone if why is not None),
    )


class ParameterOrigins:
    """Tells of parameters where they come from, having read the overrides of a stack set once."""

    def __init__(
        self,
        loaded: LoadedManifest,
        organization: Organization,
        *,
        home_region: Region,
        now: datetime,
    ) -> None:
        self._loaded = loaded
        self._resolver = StackSetResolver(
            loaded,
            organization,
            home_region=home_region,
            now=now,
            findings=Findings(loaded),
        )
        self._overrides: dict[StackSetKey, tuple[Override, ...]] = {}

    def of(self, key: StackSetKey, pair: Pair) -> tuple[ParameterOrigin, ...]:
        """Return every parameter of one stack instance by name, with the layer that set it.

        A parameter that no layer sets has the template's Default. One without is not in the answer.
        """
        template = self._loaded.templates[key]
        found: dict[str, tuple[str, str]] = {
            p.name: (p.default, TEMPLATE_DEFAULT)
            for p in template.parameters.values()
            if p.default is not None
        }
        given = self._loaded.manifest.stack_sets[key].parameters
        for name, value in self._resolver.own_parameters(key).items():
            own = f"stack_sets.{key}.parameters"
            found[name] = (value, own if name in given else TEMPLATE_METADATA)
        for override in self._overrides_of(key):
            if override.applies(pair.account, pair.region):
                layer = dotted(override.path)
                found |= {name: (value, layer) for name, value in override.parameters.items()}
        secret = {p.name for p in template.parameters.values() if p.no_echo}
        return tuple(
            ParameterOrigin(name=name, value=MASKED if name in secret else value, layer=layer)
            for name, (value, layer) in sorted(found.items())
        )

    def _overrides_of(self, key: StackSetKey) -> tuple[Override, ...]:
        if key not in self._overrides:
            regions = self._resolver.regions(key)
            self._overrides[key] = self._resolver.overrides(key, regions)
        return self._overrides[key]
