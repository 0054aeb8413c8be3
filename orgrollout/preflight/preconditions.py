"""Is there what a template needs before it is deployed, as its metadata says (`preconditions`)?"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from orgrollout.drift.posture_checks import checks_for
from orgrollout.inventory.inventory import Inventory
from orgrollout.manifest.loaded import LoadedManifest
from orgrollout.model.ids import Pair, StackSetKey
from orgrollout.model.stack_set import InstanceStatus
from orgrollout.organization.desired import DesiredStackSet
from orgrollout.posture.check import PostureCheck
from orgrollout.posture.seen import PostureState
from orgrollout.preflight.facts import Facts
from orgrollout.preflight.finding import Check, Finding, Unknown

NAME = "preconditions"
Place = tuple[StackSetKey, Pair]
_SHOWN = 5


def preconditions_of(
    loaded: LoadedManifest, desired: Mapping[StackSetKey, DesiredStackSet], inventory: Inventory
) -> Mapping[Place, tuple[PostureCheck, ...]]:
    """Return what has to hold where stack instances are to be made, with their own parameters."""
    return {
        (key, pair): checks
        for key, each in desired.items()
        for pair in _making(each, inventory)
        if (checks := tuple(_checks(loaded, each, pair)))
    }


def _making(desired: DesiredStackSet, inventory: Inventory) -> Iterator[Pair]:
    deployed = inventory.stack_sets.get(desired.name)
    there = deployed.instances if deployed else {}
    for pair in desired.pairs:
        if pair not in there or there[pair].status is not InstanceStatus.CURRENT:
            yield pair


def _checks(loaded: LoadedManifest, desired: DesiredStackSet, pair: Pair) -> Iterator[PostureCheck]:
    template = loaded.templates.get(desired.key)
    if template is None or not template.metadata.preconditions:
        return
    metadata = replace(template.metadata, posture=template.metadata.preconditions)
    values = {**desired.definition.parameters, **desired.parameter_sets[desired.pairs[pair]]}
    yield from checks_for(replace(template, metadata=metadata), values, pair, None)


def preconditions(facts: Facts) -> Check:
    """What could not be looked at is said, and never counts as there."""
    wanted = preconditions_of(facts.loaded, facts.desired, facts.inventory)
    missing: dict[tuple[StackSetKey, str], list[Pair]] = {}
    gaps: dict[str, None] = {}
    for (key, pair), checks in wanted.items():
        found = facts.preconditions.get((key, pair))
        if found is None or isinstance(found, Unknown):
            gaps[found.reason if found else facts.beyond] = None
            continue
        for check, seen in zip(checks, found, strict=True):
            if seen.state is PostureState.BROKEN:
                missing.setdefault((key, f"{check.label}: {seen.reason}"), []).append(pair)
            elif seen.state is PostureState.UNKNOWN:
                gaps[f"{check.label}: {seen.reason}"] = None
    return Check(
        name=NAME,
        findings=tuple(_finding(key, why, pairs) for (key, why), pairs in missing.items()),
        not_checked=tuple(gaps),
        looked_at="all that templates need first is there",
        blind=bool(wanted) and not facts.preconditions,
    )


def _finding(key: StackSetKey, why: str, pairs: list[Pair]) -> Finding:
    more = f" and {len(pairs) - _SHOWN:,} more" if len(pairs) > _SHOWN else ""
    return Finding(
        where=f"stack set {key}: {', '.join(map(str, sorted(pairs)[:_SHOWN]))}{more}",
        why=f"its template needs this first: {why}.",
        mend="# make it there first, or choose other parameters for these accounts and Regions",
    )
