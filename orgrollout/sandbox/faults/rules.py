"""Scripted faults: stack instances that fail, calls that are throttled, responses that get lost.

A fault matches what it names (nothing named: everything) and is used up after ``times``
matches; ``times=None`` means for good.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

REASON = "ResourceLogicalId:Bucket, ResourceType:AWS::S3::Bucket, ResourceStatusReason:Simulated."
SCP = (
    "ResourceLogicalId:{resource}, ResourceType:{type}, ResourceStatusReason:User: "
    "arn:{partition}:sts::{account}:assumed-role/stacksets-exec-00000000000000000000000000000000/"
    "simulated is not authorized to perform: {action} with an explicit deny in a service "
    "control policy"
)


@dataclass(slots=True, kw_only=True)
class InstanceFault:
    """A stack instance that fails, is slow or never ends."""

    account: str | None = None
    region: str | None = None
    stack_set: str | None = None
    action: str | None = None
    times: int | None = 1
    reason: str = REASON
    stuck: bool = False
    delay: timedelta = timedelta()

    def matches(self, stack_set: str, action: str, account: str, region: str) -> bool:
        """Return whether this attempt meets the fault."""
        wanted = (self.stack_set, self.action, self.account, self.region)
        actual = (stack_set, action, account, region)
        return all(want in (None, is_) for want, is_ in zip(wanted, actual, strict=True))


@dataclass(slots=True, kw_only=True)
class CallFault:
    """An API call that goes wrong.

    ``kind`` is one of throttle, server_error, stale_request, expired_credentials, lost_response,
    delay.
    """

    kind: str
    operation: str | None = None
    service: str | None = None
    account: str | None = None
    times: int | None = 1
    delay: timedelta = timedelta()

    def matches(self, service: str, operation: str, account: str) -> bool:
        """Return whether this call meets the fault."""
        wanted = (self.service, self.operation, self.account)
        actual = (service, operation, account)
        return all(want in (None, is_) for want, is_ in zip(wanted, actual, strict=True))


@dataclass(slots=True, kw_only=True)
class RateLimit:
    """At most ``per_second`` calls, ``burst`` at once; the rest are throttled."""

    operation: str | None
    per_second: float
    burst: float | None = None
    service: str = "cloudformation"
    tokens: dict[str, tuple[float, datetime]] = field(default_factory=dict)

    def takes(self, operation: str, now: datetime) -> bool:
        """Return whether a call fits in; unless told, a second's worth may come at once."""
        burst = self.burst or max(self.per_second, 1.0)
        tokens, since = self.tokens.get(operation, (burst, now))
        tokens = min(burst, tokens + (now - since).total_seconds() * self.per_second)
        fits = tokens >= 1
        self.tokens[operation] = (tokens - 1 if fits else tokens, now)
        return fits


@dataclass(slots=True, kw_only=True)
class ChangeSetFault:
    """A change set in an account that does not go as it should.

    ``step`` is create or execute. With a ``reason`` that step fails; ``action`` is what the
    changes hold besides (Modify with a ``replacement``, or Remove).
    """

    step: str
    account: str | None = None
    region: str | None = None
    stack_set: str | None = None
    times: int | None = 1
    reason: str = ""
    stuck: bool = False
    delay: timedelta = timedelta()
    action: str = ""
    replacement: str = "True"
    logical_id: str | None = None

    def matches(self, step: str, stack_set: str, account: str, region: str) -> bool:
        """Return whether this step of a change set meets the fault."""
        wanted = (self.stack_set, self.account, self.region)
        actual = (stack_set, account, region)
        fits = all(want in (None, is_) for want, is_ in zip(wanted, actual, strict=True))
        return fits and self.step == step


class Faults:
    """All that is going to go wrong."""

    def __init__(self) -> None:
        self.instances: list[InstanceFault] = []
        self.calls: list[CallFault] = []
        self.rates: list[RateLimit] = []
        self.change_sets: list[ChangeSetFault] = []
        self.remediations: list[InstanceFault] = []

    def for_instance(
        self, stack_set: str, action: str, account: str, region: str
    ) -> InstanceFault | None:
        """Return the fault this attempt meets, and count it."""
        for fault in self.instances:
            if fault.matches(stack_set, action, account, region):
                _use_up(self.instances, fault)
                return fault
        return None

    def for_change_set(
        self, step: str, stack_set: str, account: str, region: str
    ) -> ChangeSetFault | None:
        """Return the fault that this step of a change set meets, and count it."""
        for fault in self.change_sets:
            if fault.matches(step, stack_set, account, region):
                _use_up(self.change_sets, fault)
                return fault
        return None

    def for_remediation(self, rule: str, account: str, region: str) -> InstanceFault | None:
        """Return the fault that a remediation meets, and count it."""
        for fault in self.remediations:
            if fault.matches(rule, "REMEDIATE", account, region):
                _use_up(self.remediations, fault)
                return fault
        return None

    def for_call(self, service: str, operation: str, account: str) -> CallFault | None:
        """Return the fault this call meets, and count it."""
        for fault in self.calls:
            if fault.matches(service, operation, account):
                _use_up(self.calls, fault)
                return fault
        return None

    def is_over_rate(self, service: str, operation: str, now: datetime) -> bool:
        """Return whether a rate limit refuses this call."""
        limits = [
            limit
            for limit in self.rates
            if limit.service == service and limit.operation in (None, operation)
        ]
        return not all(limit.takes(operation, now) for limit in limits)


ORGANIZATIONS_RATES = {
    "ListAccounts": (8, 12),
    "ListChildren": (6, 10),
    "ListParents": (5, 8),
    "ListAccountsForParent": (5, 8),
    "ListOrganizationalUnitsForParent": (5, 8),
    "ListRoots": (1, 2),
    "DescribeAccount": (20, 30),
    "DescribeOrganization": (1, 2),
    "ListTagsForResource": (10, 15),
    "ListDelegatedAdministrators": (5, 8),
}
"""Calls a second and at once, as documented."""


def organizations_rates() -> list[RateLimit]:
    """Return the documented limits of Organizations."""
    return [
        RateLimit(operation=name, per_second=rate, burst=burst, service="organizations")
        for name, (rate, burst) in ORGANIZATIONS_RATES.items()
    ]


def _use_up(faults: list[Any], fault: InstanceFault | CallFault | ChangeSetFault) -> None:
    if fault.times is None:
        return
    fault.times -= 1
    if fault.times <= 0:
        faults[:] = [each for each in faults if each is not fault]
