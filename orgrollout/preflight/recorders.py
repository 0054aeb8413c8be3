"""Is a recorder of AWS Config in the way? An account and Region takes one, and one channel."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from orgrollout.inventory.inventory import Inventory
from orgrollout.model.ids import AccountId, Pair, Region, StackSetKey
from orgrollout.model.stack_set import InstanceStatus
from orgrollout.organization.desired import DesiredStackSet
from orgrollout.preflight.facts import Facts, Needs, RecorderFound
from orgrollout.preflight.finding import Check, Finding, Unknown

RECORDING = ("AWS::Config::ConfigurationRecorder", "AWS::Config::DeliveryChannel")
_PARAMETER, _EXISTING = "Recorder", "existing"
_SHOWN = 5


def places_for_recorders(
    desired: Mapping[StackSetKey, DesiredStackSet], needs: Needs, inventory: Inventory
) -> Mapping[Pair, StackSetKey]:
    """Return where a recorder or a channel may have to be made, and by which stack set."""
    return {
        pair: key
        for key, each in desired.items()
        if any(kind in needs.get(key, {}) for kind in RECORDING)
        for pair in _making(each, inventory)
    }


def recorders(facts: Facts) -> Check:
    """An account and Region takes one recorder and one channel (AWS Config quotas)."""
    wanted = {
        desired.key: sorted(_making(desired, facts.inventory))
        for desired in facts.desired.values()
        if any(kind in facts.needs.get(desired.key, {}) for kind in RECORDING)
    }
    if not any(wanted.values()):
        return Check(name="AWS Config recorders", looked_at="no new recorder is to be made")
    findings: list[Finding] = []
    gaps: dict[str, None] = {}
    for key, pairs in wanted.items():
        taken: dict[Pair, RecorderFound] = {}
        for pair in pairs:
            found = facts.recorders.get(pair)
            if found is None:
                gaps[facts.beyond] = None
            elif isinstance(found, Unknown):
                gaps[found.reason] = None
            elif found.recorder or found.channel:
                taken[pair] = found
        if taken:
            findings.append(_taken(facts, facts.desired[key], taken))
    return Check(
        name="AWS Config recorders",
        findings=tuple(findings),
        not_checked=tuple(gaps),
        looked_at="no recorder or channel is in the way",
        blind=not any(isinstance(found, RecorderFound) for found in facts.recorders.values()),
    )


def _making(desired: DesiredStackSet, inventory: Inventory) -> Iterator[Pair]:
    """Yield where a recorder may have to be made: not deployed for certain, and not told to stay.

    A stack instance that is not CURRENT may never have had a stack, whatever its status says.
    """
    deployed = inventory.stack_sets.get(desired.name)
    instances = deployed.instances.values() if deployed else ()
    there = {i.pair for i in instances if i.status is InstanceStatus.CURRENT and not i.is_skipped}
    for pair, chosen in desired.pairs.items():
        values = {**desired.definition.parameters, **desired.parameter_sets[chosen]}
        if pair not in there and values.get(_PARAMETER) != _EXISTING:
            yield pair


def _taken(facts: Facts, desired: DesiredStackSet, taken: Mapping[Pair, RecorderFound]) -> Finding:
    first, found = next(iter(taken.items()))
    what = " and ".join(
        f"{kind} {name}"
        for kind, name in (("recorder", found.recorder), ("channel", found.channel))
        if name
    )
    places = ", ".join(map(str, list(taken)[:_SHOWN]))
    more = f" and {len(taken) - _SHOWN:,} more" if len(taken) > _SHOWN else ""
    template = facts.loaded.templates[desired.key]
    parameter = template.parameters.get(_PARAMETER)
    usable = parameter is not None and _EXISTING in parameter.allowed_values
    return Finding(
        where=f"stack set {desired.key}: {places}{more}",
        why=f"AWS Config has {what} in {first} already, and there can be only one.",
        mend=_override(desired, taken) if usable else _exclusion(desired, taken),
    )


def _override(desired: DesiredStackSet, places: Iterable[Pair]) -> str:
    """Return the override that leaves what exists as it is, to be pasted into the manifest."""
    lines = ["stack_sets:", f"  {desired.key}:", "    parameter_overrides:"]
    for regions, accounts in _grouped(places).items():
        listed = ", ".join(f'"{account}"' for account in accounts)
        lines += [
            f"      - targets: {{accounts: [{listed}]}}",
            f"        regions: [{', '.join(regions)}]",
            f"        parameters: {{{_PARAMETER}: {_EXISTING}}}",
        ]
    return "\n".join(lines)


def _exclusion(desired: DesiredStackSet, places: Iterable[Pair]) -> str:
    lines = ["stack_sets:", f"  {desired.key}:", "    targets:", "      exclude:"]
    for regions, accounts in _grouped(places).items():
        listed = ", ".join(f'"{account}"' for account in accounts)
        lines += [
            f"        - accounts: [{listed}]",
            f"          regions: [{', '.join(regions)}]",
            '          reason: "AWS Config records there already"',
        ]
    return "\n".join(lines)


def _grouped(places: Iterable[Pair]) -> Mapping[tuple[Region, ...], list[AccountId]]:
    by_account: dict[AccountId, list[Region]] = defaultdict(list)
    for pair in sorted(places):
        by_account[pair.account].append(pair.region)
    found: dict[tuple[Region, ...], list[AccountId]] = defaultdict(list)
    for account, regions in by_account.items():
        found[tuple(regions)].append(account)
    return found
