"""Which stack instance a new definition is sent to that changes no stack.

Its own overrides may cover all that is new, or only a description or a role is. Without a target
CloudFormation would touch all stack instances; so one is updated, and a plan counts it.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

from orgrollout.model.ids import AccountId, Pair, StackSetKey
from orgrollout.organization.desired import DesiredStackSet
from orgrollout.plan.build.compare import Differences
from orgrollout.plan.build.needed_first import prerequisites

REASON = "the stack set's definition; what is new in it changes nothing in the stack"


def with_definition_targets(
    differences: Mapping[StackSetKey, Differences],
    desired: Mapping[StackSetKey, DesiredStackSet],
    able: Mapping[StackSetKey, frozenset[Pair]],
    waves: Callable[[], Mapping[AccountId, int]],
) -> Mapping[StackSetKey, Differences]:
    """Return the differences, with an update of one stack instance in each stack set of ``able``.

    It is one of the first wave that has any. ``able`` are the stack sets of which the definition
    alone changes, with the stack instances that could carry it.
    """
    if not able:
        return differences
    first, assigned = prerequisites(desired), waves()

    def wave_of(key: StackSetKey, pair: Pair) -> int:
        return 0 if pair.account in first.get(key, ()) else assigned[pair.account]

    def chosen(key: StackSetKey) -> Pair:
        return min(able[key], key=lambda pair: (wave_of(key, pair), pair))

    targets = {key: chosen(key) for key in able}
    return {
        key: _carried(d, desired[key], targets[key]) if key in targets else d
        for key, d in differences.items()
    }


def _carried(differences: Differences, desired: DesiredStackSet, target: Pair) -> Differences:
    return replace(
        differences,
        updates={target: desired.pairs[target]},
        reasons={**differences.reasons, target: REASON},
        same_overrides=frozenset({target}),
        unchanged=differences.unchanged - 1,
    )
