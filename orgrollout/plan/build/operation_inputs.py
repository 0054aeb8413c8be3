"""What the operations of one stack set are made from, and how a rectangle of them is targeted.

An operation on stack instances that exist is anchored at the organizational units that they were
deployed through, at most 50 for each call.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from orgrollout.inventory.inventory import StackSetInventory
from orgrollout.model.ids import AccountId, Digest, Pair, UnitId
from orgrollout.model.stack_set import PermissionModel
from orgrollout.organization.desired import DesiredStackSet
from orgrollout.plan.build.compare import Differences
from orgrollout.plan.model.plan import PlannedOperation
from orgrollout.plan.model.targets import Rectangle

MAX_UNITS = 50  # organizational units per call (DeploymentTargets, CloudFormation API reference)
NO_OVERRIDES = Digest("")


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationInputs:
    """What the operations of one stack set are made from."""

    desired: DesiredStackSet
    inventory: StackSetInventory | None
    differences: Differences
    root: UnitId
    wave_of: Callable[[Pair], int]
    removal_wave: int
    definition_changed: bool
    updates_by_stack_set: bool  # the definition by UpdateStackSet, the overrides afterwards
    kept: frozenset[Pair]  # deployed and still desired, so that a definition may be aimed at them
    most_imports: int  # of one operation


def grouped(
    inputs: OperationInputs, pairs: Mapping[Pair, Digest]
) -> Mapping[tuple[int, Digest], list[Pair]]:
    """Return the pairs by their wave and their set of overrides."""
    groups: dict[tuple[int, Digest], list[Pair]] = defaultdict(list)
    for pair, chosen in pairs.items():
        groups[inputs.wave_of(pair), chosen].append(pair)
    return dict(sorted(groups.items()))


def anchored(
    inputs: OperationInputs, rectangle: Rectangle, base: PlannedOperation
) -> Iterator[PlannedOperation]:
    """Yield the operation, cut where its stack instances hang below too many units for one call."""
    for accounts, units in _within_unit_limit(inputs, rectangle):
        part = Rectangle(accounts, rectangle.regions)
        reason, others = reasons_of(inputs.differences.reasons, part.pairs)
        yield replace(
            base,
            accounts=accounts,
            units=units,
            reason=reason,
            other_reasons=others,
        )


def _within_unit_limit(
    inputs: OperationInputs, rectangle: Rectangle
) -> list[tuple[tuple[AccountId, ...], tuple[UnitId, ...]]]:
    units = units_of(inputs, rectangle.pairs)
    if len(units) <= MAX_UNITS:
        return [(rectangle.accounts, units)]
    parts: list[tuple[list[AccountId], set[UnitId]]] = [([], set())]
    for account in rectangle.accounts:
        mine = set(units_of(inputs, Rectangle((account,), rectangle.regions).pairs))
        if len(parts[-1][1] | mine) > MAX_UNITS:
            parts.append(([], set()))
        parts[-1][0].append(account)
        parts[-1][1].update(mine)
    return [(tuple(accounts), tuple(sorted(units))) for accounts, units in parts]


def units_of(inputs: OperationInputs, pairs: Iterable[Pair]) -> tuple[UnitId, ...]:
    """Return the units that CloudFormation recorded for the stack instances.

    It is the unit that was targeted, so it stays right when an account moves.
    """
    if inputs.inventory is None or not service_managed(inputs.desired):
        return ()
    instances = inputs.inventory.instances
    return tuple(sorted({instances[pair].unit or inputs.root for pair in pairs}))


def reasons_of(
    reasons: Mapping[Pair, str], pairs: Iterable[Pair]
) -> tuple[str, Mapping[str, tuple[Pair, ...]]]:
    """Return the reason most pairs have, and the pairs of any other."""
    found: dict[str, list[Pair]] = defaultdict(list)
    for pair in pairs:
        found[reasons[pair]].append(pair)
    common = max(found, key=lambda reason: len(found[reason]))
    return common, {r: tuple(ps) for r, ps in found.items() if r != common}


def service_managed(desired: DesiredStackSet) -> bool:
    """Return whether its stack instances are deployed through organizational units."""
    return desired.definition.permission_model is PermissionModel.SERVICE_MANAGED
