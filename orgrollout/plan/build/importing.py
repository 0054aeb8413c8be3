"""Stacks that exist become stack instances: imported first, then brought to the definition.

ImportStacksToStackSet takes ten stacks by name (CloudFormation API reference) and 200 by a list in
a bucket (CloudFormation quotas), and takes them as they are. So an update follows, which gives each
its overrides and the stack set's template; until it has succeeded nothing takes the stack instance
for what is wanted.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from orgrollout.model.ids import Digest, Pair, Region, StackSetKey, UnitId
from orgrollout.plan.model.kinds import Import, OverridesStep, SetOverrides
from orgrollout.plan.model.plan import PlannedOperation
from orgrollout.plan.model.targets import Rectangle, cover

MAX_NAMED = 10  # in the call
MAX_LISTED = 200  # in a bucket
IMPORTED = "an existing stack, imported"
_UPDATE = SetOverrides(step=OverridesStep.AFTER_IMPORT)
_FOLLOWS = "brings the imported stack to what is wanted"


def import_operations(
    key: StackSetKey,
    groups: Mapping[tuple[int, Digest], list[Pair]],
    units: tuple[UnitId, ...],
    states: Mapping[Digest, Digest],
    most: int,
) -> Iterator[PlannedOperation]:
    """Yield, for pairs by wave and parameter set, an import and the update that follows it.

    None has more than ``most`` pairs.
    """
    for (wave, chosen), pairs in groups.items():
        for part in _parts(pairs, most):
            made = PlannedOperation(
                stack_set=key,
                wave=wave,
                kind=Import(),
                accounts=part.accounts,
                regions=part.regions,
                units=units,
                parameter_set=chosen,
                state=states[chosen],
                reason=IMPORTED,
            )
            yield made
            yield replace(made, kind=_UPDATE, reason=_FOLLOWS)


def _parts(pairs: list[Pair], most: int) -> Iterator[Rectangle]:
    """Yield rectangles of at most so many pairs."""
    for whole in cover(pairs):
        for first in range(0, len(whole.regions), most):
            regions: tuple[Region, ...] = whole.regions[first : first + most]
            step = max(most // len(regions), 1)
            for start in range(0, len(whole.accounts), step):
                yield Rectangle(whole.accounts[start : start + step], regions)
