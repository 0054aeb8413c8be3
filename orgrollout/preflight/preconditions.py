"""Is there what a template needs before it is deployed, as its metadata says (`preconditions`)?"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from orgrollout.drift.posture_checks import checks_for
from orgrollout.inventory.inventory import Inventory
from orgrollout.manifest.loaded import LoadedManifest
from orgrollout.manifest.template.template import Template, TemplateCheck
from orgrollout.model.ids import Pair, StackSetKey
from orgrollout.model.stack_set import InstanceStatus
from orgrollout.organization.desired import DesiredStackSet
from orgrollout.posture.check import PostureCheck
from orgrollout.posture.seen import PostureSeen, PostureState
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
    for pair in desired.pairs:
        if not is_deployed(desired, inventory, pair):
            yield pair


def is_deployed(desired: DesiredStackSet, inventory: Inventory, pair: Pair) -> bool:
    """Return whether a stack instance is there, and as its stack set has it."""
    deployed = inventory.stack_sets.get(desired.name)
    there = deployed.instances if deployed else {}
    return pair in there and there[pair].status is InstanceStatus.CURRENT


def _checks(loaded: LoadedManifest, desired: DesiredStackSet, pair: Pair) -> Iterator[PostureCheck]:
    template = loaded.templates.get(desired.key)
    if template is not None:
        yield from _of_place(template, template.metadata.preconditions, desired, pair)


def posture_of(
    loaded: LoadedManifest, desired: DesiredStackSet, pair: Pair
) -> Iterator[PostureCheck]:
    """Yield what is true after a stack instance is deployed, as its template says."""
    template = loaded.templates.get(desired.key)
    if template is not None:
        yield from _of_place(template, template.metadata.posture, desired, pair)


def _of_place(
    template: Template, checks: tuple[TemplateCheck, ...], desired: DesiredStackSet, pair: Pair
) -> Iterator[PostureCheck]:
    """Yield checks of a template with the parameters of one stack instance."""
    metadata = replace(template.metadata, posture=checks)
    values = {**desired.definition.parameters, **desired.parameter_sets[desired.pairs[pair]]}
    yield from checks_for(replace(template, metadata=metadata), values, pair, None)


def preconditions(facts: Facts) -> Check:
    """What could not be looked at is said, and never counts as there.

    What an earlier stack set of the manifest creates first need not be there yet.
    """
    wanted = preconditions_of(facts.loaded, facts.desired, facts.inventory)
    creators = _Creators(facts)
    missing: dict[tuple[StackSetKey, str], list[Pair]] = {}
    expected: dict[tuple[StackSetKey, str, StackSetKey], list[Pair]] = {}
    gaps: dict[str, None] = {}
    for place, check, seen in _each(facts, wanted):
        key, pair = place
        if not isinstance(seen, str) and seen.state is PostureState.OK:
            continue
        if creator := creators.of(place, check):
            expected.setdefault((key, check.label, creator), []).append(pair)
        elif isinstance(seen, str):
            gaps[seen] = None
        elif seen.state is PostureState.BROKEN:
            missing.setdefault((key, f"{check.label}: {seen.reason}"), []).append(pair)
        else:
            gaps[f"{check.label}: {seen.reason}"] = None
    return Check(
        name=NAME,
        findings=tuple(_finding(key, why, pairs) for (key, why), pairs in missing.items()),
        not_checked=tuple(gaps),
        expected=tuple(
            f"stack set {key}: {label} will be created by stack set {creator}: "
            f"{places_in_words(pairs)}"
            for (key, label, creator), pairs in expected.items()
        ),
        looked_at="all that templates need first is there, or is created first",
        blind=bool(gaps) and not facts.preconditions,
    )


def _each(
    facts: Facts, wanted: Mapping[Place, tuple[PostureCheck, ...]]
) -> Iterator[tuple[Place, PostureCheck, PostureSeen | str]]:
    """Yield how each precondition stands, or why it could not be looked at."""
    for place, checks in wanted.items():
        found = facts.preconditions.get(place)
        if found is None or isinstance(found, Unknown):
            yield from ((place, check, found.reason if found else facts.beyond) for check in checks)
        else:
            yield from ((place, *each) for each in zip(checks, found, strict=True))


class _Creators:
    """Finds the stack set that makes a precondition true before it is needed.

    That is one that the other waits for, that has yet to be deployed there, and whose own template
    says that the same is true afterwards (`posture`).
    """

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._making = {
            key: frozenset(_making(each, facts.inventory)) for key, each in facts.desired.items()
        }

    def of(self, place: Place, wanted: PostureCheck) -> StackSetKey | None:
        """Return the stack set; None: there is none."""
        key, pair = place
        for other in self._before(key):
            desired = self._facts.desired[other]
            if pair in self._making[other] and any(
                _implies(made, wanted) for made in posture_of(self._facts.loaded, desired, pair)
            ):
                return other
        return None

    def _before(self, key: StackSetKey) -> Iterator[StackSetKey]:
        """Yield the stack sets that this one waits for, and what these wait for."""
        known: dict[StackSetKey, None] = {}
        waiting = [key]
        while waiting:
            desired = self._facts.desired[waiting.pop()]
            for other in (*desired.depends_on, *desired.prerequisites):
                if other not in known and other in self._facts.desired:
                    known[other] = None
                    waiting.append(other)
        yield from known


def _implies(made: PostureCheck, wanted: PostureCheck) -> bool:
    """Return whether one check states what another asks for, and perhaps more exactly."""
    return made.name == wanted.name and wanted.arguments.items() <= made.arguments.items()


def _finding(key: StackSetKey, why: str, pairs: list[Pair]) -> Finding:
    return Finding(
        where=f"stack set {key}: {places_in_words(pairs)}",
        why=f"its template needs this first: {why}.",
        mend="# make it there first, or choose other parameters for these accounts and Regions",
    )


def places_in_words(pairs: list[Pair]) -> str:
    """Return accounts and Regions in a few words."""
    more = f" and {len(pairs) - _SHOWN:,} more" if len(pairs) > _SHOWN else ""
    return f"{', '.join(map(str, sorted(pairs)[:_SHOWN]))}{more}"
