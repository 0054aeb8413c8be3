"""Which findings are repaired, and how: the least that brings an account back, decided per pair.

A revert works on a whole stack, so whatever else of the stack is not as deployed goes with it, or
keeps it from being reverted. What is not repaired is named, with the reason.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import NamedTuple

from orgrollout.drift.calls import decide_calls
from orgrollout.drift.classify import CONFIRMED, SETTLED
from orgrollout.drift.finding import Finding, FindingKind, Verdict
from orgrollout.drift.left import Unrepaired
from orgrollout.model.cause import Cause
from orgrollout.model.ids import Digest, Pair, StackSetKey
from orgrollout.model.operation import OperationAction
from orgrollout.plan.model.repair import Repair
from orgrollout.plan.model.windows import Window

Obstacle = Callable[[StackSetKey, Pair], str]
"""Tells why a stack must not be touched; empty: it may be."""
Place = tuple[StackSetKey, Pair]
Kept = Callable[[StackSetKey, Pair], tuple[str, ...]]
"""Tells what rules accept there."""
LEFT_THERE = "its change set is still in the account, for a person to execute or delete"
FOUGHT = (
    "it came back after it was repaired, so another process or a person changes it: find out "
    "which, or accept it by a rule under `drift.ignore`; a re-sync that a person runs repairs it "
    "again"
)


class Refusal(NamedTuple):
    """Why a finding was not repaired when that was tried last."""

    cause: Cause  # REFUSED: a change set was left in the account; UNREAD: there is none
    text: str


def keeps_nothing(_key: StackSetKey, _pair: Pair) -> tuple[str, ...]:
    """Return that no rule accepts anything."""
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What repairs keep to."""

    types: tuple[str, ...] = ("*",)  # of resources that may be touched, `*` for part of a name
    keeps: Kept = keeps_nothing  # see `Repair`
    subjects: Kept = keeps_nothing  # of checks that rules accept, whether or not they are broken
    refused: Mapping[Digest, Refusal] = field(default_factory=dict)  # findings not to try again
    fought: frozenset[Digest] = frozenset()  # findings that came back, and wait for a person
    windows: tuple[Window, ...] = ()  # repairs begin in here only; empty: at any time


NO_LIMITS = Limits()


@dataclass(frozen=True, slots=True, kw_only=True)
class Repairs:
    """What is to be done in member accounts, and what is left."""

    by_stack_set: Mapping[StackSetKey, Mapping[Pair, tuple[Repair, ...]]] = field(
        default_factory=dict
    )
    left: tuple[Unrepaired, ...] = ()


def decide_repairs(
    findings: Iterable[Finding], obstacle: Obstacle, limits: Limits = NO_LIMITS
) -> Repairs:
    """Return how findings are repaired."""
    by_place: dict[Place, list[Finding]] = defaultdict(list)
    for finding in findings:
        by_place[finding.stack_set, finding.pair].append(finding)
    repairs: dict[StackSetKey, dict[Pair, tuple[Repair, ...]]] = defaultdict(dict)
    left: list[Unrepaired] = []
    for (key, pair), here in sorted(by_place.items()):
        why = obstacle(key, pair)
        if why:
            left += (
                Unrepaired(finding=f, why=why)
                for f in here
                if _is_repaired_there(f) and f.verdict.is_real
            )
            left += _never(here)
            continue
        steps, rest = _of_pair(here, limits)
        left += (*rest, *_never(here))
        if steps:
            repairs[key][pair] = tuple(steps)
    return Repairs(by_stack_set=dict(repairs), left=tuple(left))


def _of_pair(here: list[Finding], limits: Limits) -> tuple[list[Repair], list[Unrepaired]]:
    steps: list[Repair] = []
    left: list[Unrepaired] = []
    resources = [f for f in here if f.kind is FindingKind.RESOURCE and f.verdict.is_real]
    why = _why_not_reverted(here, resources, limits)
    if why is not None:
        left += (
            Unrepaired(finding=f, why=why.text, only_recreated=why.only_recreated)
            for f in resources
        )
    elif resources:
        steps.append(_revert(resources, limits.keeps(resources[0].stack_set, resources[0].pair)))
    checks = [f for f in here if f.kind is FindingKind.POSTURE and f.verdict.is_real]
    left += (Unrepaired(finding=f, why=FOUGHT) for f in checks if f.key in limits.fought)
    calls, rest = decide_calls(
        (f for f in checks if f.key not in limits.fought),
        beside_revert=bool(steps),
        keeps=_left_alone(here, limits),
    )
    return [*steps, *calls], [*left, *rest]


def _left_alone(here: Iterable[Finding], limits: Limits) -> frozenset[str]:
    """Return the subjects that no call may touch: accepted, or left to a person."""
    accepted = {f.subject for f in here if f.subject and _is_left_alone(f, limits)}
    return frozenset(accepted) | frozenset(
        subject for f in here for subject in limits.subjects(f.stack_set, f.pair)
    )


def _is_left_alone(finding: Finding, limits: Limits) -> bool:
    return finding.verdict.is_accepted or finding.key in limits.fought


@dataclass(frozen=True, slots=True)
class _Why:
    text: str
    only_recreated: bool = False


def _why_not_reverted(
    here: Iterable[Finding], resources: Iterable[Finding], limits: Limits
) -> _Why | None:
    """Return why a stack is not reverted, if that is so: it is the whole of it, or nothing."""
    forbidden = sorted(
        {f.resource_type for f in resources if not _may(f.resource_type, limits.types)}
    )
    if forbidden:
        return _Why(
            f"the stack also has drift of {', '.join(forbidden)}, which may not be repaired here"
        )
    refused = next((why for f in here if (why := limits.refused.get(f.key))), None)
    if refused is not None and refused.cause is Cause.UNREAD:
        return _Why(refused.text)
    if refused is not None:
        return _Why(f"{refused.text}; {LEFT_THERE}", only_recreated=True)
    fought = sorted({f"{f.what}{f.path}" for f in resources if f.key in limits.fought})
    return _Why(f"{', '.join(fought)}: {FOUGHT}") if fought else None


def _revert(resources: list[Finding], keeps: Iterable[str]) -> Repair:
    names = tuple(sorted({f.what for f in resources}))
    return Repair(
        action=OperationAction.REVERT,
        resources=names,
        keeps=tuple(sorted(keeps)),
        doubtful=tuple(sorted(f"{f.what}{f.path}" for f in resources if f.reason == CONFIRMED)),
        reason=f"drifted: {', '.join(names)}",
    )


def _never(here: Iterable[Finding]) -> Iterator[Unrepaired]:
    """Yield what a re-sync leaves whatever the manifest says."""
    for finding in here:
        if finding.verdict is Verdict.SUSPECT and finding.reason not in SETTLED:
            yield Unrepaired(finding=finding, why="a second look could not confirm it")


def _is_repaired_there(finding: Finding) -> bool:
    return finding.kind is not FindingKind.INSTANCE


def _may(resource_type: str, types: Iterable[str]) -> bool:
    return any(fnmatchcase(resource_type, pattern) for pattern in types)
