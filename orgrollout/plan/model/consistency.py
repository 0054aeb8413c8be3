"""Whether the parts of a plan fit together: a plan comes from a file, and a file may be damaged.

Each field has the right type once pydantic has read it. This is what types cannot say.
"""

from collections.abc import Collection, Iterator
from datetime import timedelta
from typing import get_args

from orgrollout.manifest.schema import KnownClass
from orgrollout.model.bounded_pattern import PatternError, bounded
from orgrollout.plan.model.failure_rules import kind_of
from orgrollout.plan.model.plan import FailureRule, Plan, PlannedWave

_KINDS = frozenset(map(kind_of, get_args(KnownClass)))


def must_be_consistent(plan: Plan) -> Plan:
    """Return the plan as it is.

    Raises:
        ValueError: Something in it refers to what it does not have, or cannot be meant.
    """
    wrong = next(_problems(plan), "")
    if wrong:
        raise ValueError(wrong)
    return plan


def _problems(plan: Plan) -> Iterator[str]:
    for key, stack_set in plan.stack_sets.items():
        if stack_set.key != key:
            yield f"stack set {key} has another key inside"
    waves = [wave.index for wave in plan.waves]
    if len(set(waves)) < len(waves):
        yield "two waves have the same index"
    yield from _of_operations(plan, waves)
    yield from (f"{text} of wave {w.index}" for w in plan.waves for text in _of_wave(w))
    yield from (text for rule in plan.failure_rules for text in _of_rule(rule))
    if plan.ledger is not None:
        yield from plan.ledger.problems()
    if plan.attempts < 1:
        yield "attempts is less than 1"
    moments = (*(m for f in plan.freezes for m in (f.start, f.end)), *plan.recent)
    if any(moment.tzinfo is None for moment in moments):
        yield "a moment has no time zone"


def _of_operations(plan: Plan, waves: Collection[int]) -> Iterator[str]:
    for number, operation in enumerate(plan.operations):
        if operation.stack_set not in plan.stack_sets:
            yield f"operation {number} is for a stack set that the plan has not"
        if operation.wave not in waves:
            yield f"operation {number} is in a wave that the plan has not"


def _of_wave(wave: PlannedWave) -> Iterator[str]:
    speed = wave.preferences
    at_a_time = (speed.max_concurrent_count, speed.max_concurrent_percentage)
    tolerance = (speed.failure_tolerance_count, speed.failure_tolerance_percentage)
    if any(number is not None and number < 1 for number in at_a_time):
        yield "fewer than one account at a time is allowed"
    if any(number is not None and number < 0 for number in (*tolerance, wave.allowed_failures)):
        yield "fewer than no failures are allowed"
    if wave.gate.soak is not None and wave.gate.soak < timedelta():
        yield "the soak is shorter than no time"


def _of_rule(rule: FailureRule) -> Iterator[str]:
    try:
        bounded(rule.pattern)
    except PatternError:
        yield "the pattern of a failure rule is no regular expression"
    if rule.kind not in _KINDS:
        yield "a failure rule is of a class that is not known"
