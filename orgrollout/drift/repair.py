"""Which findings are repaired, and how: the least that brings an account back, decided per pair.

A revert works on a whole stack, so whatever else of the stack is not as deployed goes with it, or
keeps it from being reverted. What is not repaired is named, with the reason.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from orgrollout.drift.classify import SETTLED
from orgrollout.drift.finding import Finding, FindingKind, Verdict
from orgrollout.model.ids import Pair, StackSetKey
from orgrollout.model.operation import OperationAction
from orgrollout.model.posture import SSM_DOCUMENT, PostureCheck, mended_by
from orgrollout.plan.repair import Repair

Obstacle = Callable[[StackSetKey, Pair], str]
"""Tells why a stack must not be touched; empty: it may be."""
Place = tuple[StackSetKey, Pair]
NO_CALL = "no single call makes it true"
ONLY_ANEW = "--recreate deletes its stack and creates it again"
REVERTED = "its stack is reverted, which may bring it back; the next look tells"


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """A finding that is not repaired."""

    finding: Finding
    why: str
    only_anew: bool = False  # nothing but deleting and creating the stack would repair it


@dataclass(frozen=True, slots=True, kw_only=True)
class Repairs:
    """What is to be done inside accounts, and what is left."""

    by_stack_set: Mapping[StackSetKey, Mapping[Pair, tuple[Repair, ...]]] = field(
        default_factory=dict
    )
    left: tuple[Left, ...] = ()


def decide_repairs(
    findings: Iterable[Finding],
    obstacle: Obstacle,
    allowed_types: Iterable[str] = ("*",),
) -> Repairs:
    """Return how findings are repaired.

    ``allowed_types`` are those of resources that may be touched, `*` for any part of a name.
    """
    types = tuple(allowed_types)
    by_place: dict[Place, list[Finding]] = defaultdict(list)
    for finding in findings:
        by_place[finding.stack_set, finding.pair].append(finding)
    repairs: dict[StackSetKey, dict[Pair, tuple[Repair, ...]]] = defaultdict(dict)
    left: list[Left] = []
    for (key, pair), here in sorted(by_place.items()):
        why = obstacle(key, pair)
        if why:
            left += (Left(finding=f, why=why) for f in here if _is_inside(f) and f.verdict.is_real)
            left += _never(here)
            continue
        steps, rest = _of_pair(here, types)
        left += (*rest, *_never(here))
        if steps:
            repairs[key][pair] = tuple(steps)
    return Repairs(by_stack_set=dict(repairs), left=tuple(left))


def _of_pair(here: list[Finding], types: tuple[str, ...]) -> tuple[list[Repair], list[Left]]:
    real = [f for f in here if f.verdict.is_real]
    resources = [f for f in real if f.kind is FindingKind.RESOURCE]
    steps: list[Repair] = []
    left: list[Left] = []
    called: set[tuple[str, str | None]] = set()
    forbidden = sorted({f.resource_type for f in resources if not _may(f.resource_type, types)})
    if forbidden:
        why = f"the stack also has drift of {', '.join(forbidden)}, which may not be repaired here"
        left += (Left(finding=f, why=why) for f in resources)
    elif resources:
        steps.append(_revert(resources, here))
    for finding in real:
        if finding.kind is FindingKind.POSTURE and finding.check is not None:
            call = mended_by(finding.check, finding.subjects)
            if call is None:
                left.append(_without_call(finding, finding.check, steps))
            elif (call, finding.check.arguments.get("rule")) not in called:
                # One remediation of a rule serves all checks that it makes true.
                called.add((call, finding.check.arguments.get("rule")))
                steps.append(
                    Repair(
                        action=OperationAction.CALL,
                        check=finding.check,
                        reason=f"{finding.check.label}: {call}",
                    )
                )
    return steps, left


def _without_call(finding: Finding, check: PostureCheck, steps: Iterable[Repair]) -> Left:
    """Return why a check is left that no call mends.

    A new stack helps where its own resource is what is wrong, and drift detection does not see it.
    """
    if any(step.action is OperationAction.REVERT for step in steps):
        return Left(finding=finding, why=REVERTED)
    if check.name == SSM_DOCUMENT:
        return Left(finding=finding, why=f"{NO_CALL}; {ONLY_ANEW}", only_anew=True)
    return Left(finding=finding, why=NO_CALL)


def _revert(resources: Iterable[Finding], here: Iterable[Finding]) -> Repair:
    names = tuple(sorted({f.what for f in resources}))
    kept = {
        f"{f.what}{f.path}"
        for f in here
        if f.kind is FindingKind.RESOURCE and f.verdict is Verdict.IGNORED
    }
    return Repair(
        action=OperationAction.REVERT,
        resources=names,
        keeps=tuple(sorted(kept)),
        reason=f"drifted: {', '.join(names)}",
    )


def _never(here: Iterable[Finding]) -> Iterator[Left]:
    """Yield what a re-sync leaves whatever the manifest says."""
    for finding in here:
        if finding.verdict is Verdict.SUSPECT and finding.reason not in SETTLED:
            yield Left(finding=finding, why="nobody could confirm it")


def _is_inside(finding: Finding) -> bool:
    return finding.kind is not FindingKind.INSTANCE


def _may(resource_type: str, types: Iterable[str]) -> bool:
    return any(fnmatchcase(resource_type, pattern) for pattern in types)
