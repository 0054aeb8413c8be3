"""Failures in groups: three thousand of four causes read as four lines.

Two failures have the same cause if their class is the same and their reasons differ only in what
names the place: accounts, Regions, generated names, ids.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from orgrollout.model.ids import StackSetKey
from orgrollout.plan.plan import Plan
from orgrollout.rollout.failures import FailureClass, advice
from orgrollout.rollout.state import Failure

# From the most special to the least; what is left is the cause.
_PLACES = (
    (re.compile(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", re.IGNORECASE), "*"),
    (re.compile(r"\b(?=[0-9a-f]*\d)[0-9a-f]{16,}\b", re.IGNORECASE), "*"),
    (re.compile(r"\b\d{12}\b"), "*"),
    (re.compile(r"\b[a-z]{2}(-[a-z]+){1,2}-\d\b"), "*"),
    (re.compile(r"(?<=-)(?=[A-Z0-9]*\d)(?=[A-Z0-9]*[A-Z])[A-Z0-9]{8,16}\b"), "*"),
    (re.compile(r"(?<=stacksets-exec-\*/)[^ ]+"), "*"),
)
_SEVERITY = tuple(FailureClass)


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureGroup:
    """Failures of one cause."""

    kind: FailureClass
    reason: str  # without what names a place
    stack_sets: tuple[StackSetKey, ...]
    instances: int
    accounts: int
    example: Failure
    advice: str  # what a person could do about it; empty: nothing is known


def cause(reason: str) -> str:
    """Return a reason without what names an account, a Region or a generated resource."""
    for pattern, instead in _PLACES:
        reason = pattern.sub(instead, reason)
    return reason.strip()


def group_failures(plan: Plan, failures: Iterable[Failure]) -> tuple[FailureGroup, ...]:
    """Return the failures by class and cause: by class first, the largest group first in each."""
    found: dict[tuple[FailureClass, str], list[Failure]] = defaultdict(list)
    for failure in failures:
        found[failure.kind, cause(failure.reason)].append(failure)
    groups = [_group(plan, kind, reason, members) for (kind, reason), members in found.items()]
    return tuple(sorted(groups, key=lambda g: (_SEVERITY.index(g.kind), -g.instances, g.reason)))


def _group(plan: Plan, kind: FailureClass, reason: str, members: list[Failure]) -> FailureGroup:
    keys = {plan.operations[f.planned].stack_set for f in members}
    return FailureGroup(
        kind=kind,
        reason=reason,
        stack_sets=tuple(key for key in plan.stack_sets if key in keys),
        instances=len({(f.planned, f.pair) for f in members}),
        accounts=len({f.pair.account for f in members}),
        example=min(members, key=lambda f: (f.planned, f.pair)),
        advice=advice(reason),
    )
