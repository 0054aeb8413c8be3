"""Failures in groups: three thousand of four causes read as four lines.

Two failures have the same cause if their class is the same and their reasons differ only in what
names the place: accounts by id or name, Regions, ARNs, generated names, ids. What was only
cancelled or blocked because of them comes last, since no one has to look at it.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from orgrollout.model.ids import AccountId, StackSetKey
from orgrollout.plan.model.plan import Plan
from orgrollout.rollout.failures.classify_failure import advice
from orgrollout.rollout.state.failure_classes import FailureClass
from orgrollout.rollout.state.state import Failure
from orgrollout.rollout.state.view import RolloutView

# From the most special to the least; what is left is the cause.
_PLACES = (
    (re.compile(r"\bextended request ?id: ?[^,;) ]+", re.IGNORECASE), "extended request id *"),
    (re.compile(r"\brequest ?id: ?[0-9a-z-]+", re.IGNORECASE), "request id *"),
    (re.compile(r"\bSDK Attempt Count: ?\d+"), "SDK Attempt Count: *"),
    (re.compile(r"\b(authorization failure message: )[^ ]+"), r"\1*"),
    (re.compile(r"\b[\w.+-]{1,64}@[\w-]{1,63}(\.[\w-]{1,63})+"), "*"),
    (re.compile(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", re.IGNORECASE), "*"),
    (re.compile(r"\b(?=[0-9a-f]*\d)[0-9a-f]{16,}\b", re.IGNORECASE), "*"),
    (re.compile(r"(?<=stacksets-exec-\*/)[^ ]+"), "*"),
    (re.compile(r"\barn:aws[a-z-]*:(\w[\w-]*):[^ ,;'\")\]]*"), r"arn:\1:*"),
    (re.compile(r"(?<!\d)\d{12}(?!\d)"), "*"),
    (re.compile(r"\b([a-z]{1,9})-[0-9a-f]{8,17}\b"), r"\1-*"),  # vpc-, sg-, eni-, ...
    (re.compile(r"\b[a-z]{2}(-[a-z]+){1,2}-\d\b"), "*"),
    (re.compile(r"(?<=-)(?=[A-Z0-9]*\d)(?=[A-Z0-9]*[A-Z])[A-Z0-9]{8,16}\b"), "*"),
)
_SEVERITY = tuple(FailureClass)
_NAMED = 3  # accounts of a group, in one line


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureGroup:
    """Failures of one cause."""

    kind: FailureClass
    reason: str  # without what names a place
    stack_sets: tuple[StackSetKey, ...]
    instances: int
    accounts: int
    units: Mapping[str, int]  # accounts by the path of their unit, the largest first
    later: int  # accounts of waves that have not begun in those units
    example: Failure
    named: tuple[str, ...]  # the first accounts, by name and id
    advice: str  # what a person could do about it; empty: nothing is known

    @property
    def is_root_cause(self) -> bool:
        """Return whether these failed for a reason of their own."""
        return self.kind.is_root_cause


def cause(reason: str, name: str = "") -> str:
    """Return a reason without what names an account, a Region or a generated resource.

    ``name`` is the account's: as a part of other names it is the place, too.
    """
    if len(name) > 1 and name in reason:
        joined = rf"(?<=[-_/.:@'\"]){re.escape(name)}(?!\w)|(?<!\w){re.escape(name)}(?=[-_/.@'\"])"
        reason = re.sub(joined, "*", reason)
    for pattern, instead in _PLACES:
        reason = pattern.sub(instead, reason)
    return reason.strip()


def group_failures(view: RolloutView, failures: Iterable[Failure]) -> tuple[FailureGroup, ...]:
    """Return the failures by class and cause: root causes first, the largest group first."""
    found: dict[tuple[FailureClass, str], list[Failure]] = defaultdict(list)
    causes: dict[tuple[str, str], str] = {}
    for failure in failures:
        known = failure.reason, view.plan.names.get(failure.pair.account, "")
        if known not in causes:
            causes[known] = cause(*known)
        found[failure.kind, causes[known]].append(failure)
    places = _Places.of(view)
    groups = [_group(view.plan, places, kind, why, those) for (kind, why), those in found.items()]
    return tuple(
        sorted(
            groups,
            key=lambda g: (not g.is_root_cause, _SEVERITY.index(g.kind), -g.instances, g.reason),
        )
    )


def named(plan: Plan, account: AccountId) -> str:
    """Return an account by name and id, as far as the plan knows its name."""
    return f"{plan.names.get(account, '')} {account}".strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Places:
    """Where accounts are, and how many of each unit a rollout has yet to reach."""

    unit_of: Mapping[AccountId, str]
    later: Mapping[str, int]

    @classmethod
    def of(cls, view: RolloutView) -> "_Places":
        to_come = {a for wave in view.plan.waves[view.state.wave + 1 :] for a in wave.accounts}
        reached = {a for wave in view.plan.waves[: view.state.wave + 1] for a in wave.accounts}
        return cls(
            unit_of={account: path for path, those in view.plan.units.items() for account in those},
            later={
                path: sum(account in to_come and account not in reached for account in those)
                for path, those in view.plan.units.items()
            },
        )


def _group(
    plan: Plan, places: _Places, kind: FailureClass, reason: str, members: list[Failure]
) -> FailureGroup:
    keys = {plan.operations[f.planned].stack_set for f in members}
    accounts = {f.pair.account for f in members}
    units = Counter(places.unit_of[account] for account in accounts if account in places.unit_of)
    example = min(members, key=lambda f: (f.planned, f.pair))
    return FailureGroup(
        kind=kind,
        reason=reason,
        stack_sets=tuple(key for key in plan.stack_sets if key in keys),
        instances=len({(f.planned, f.pair) for f in members}),
        accounts=len(accounts),
        units=dict(sorted(units.items(), key=lambda item: (-item[1], item[0]))),
        later=sum(places.later[unit] for unit in units),
        example=example,
        named=tuple(named(plan, account) for account in sorted(accounts)[:_NAMED]),
        advice=advice(example.reason, plan.failure_rules, example.own),
    )
