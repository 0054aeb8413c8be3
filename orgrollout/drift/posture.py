"""What facts of an account and Region say of a check: ok, broken, or unknown. Pure.

What nobody could find out is unknown and never ok. A subject is what the call that mends a check
is told; a check that is broken in a way that no call mends has none.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from orgrollout.model.ids import Digest
from orgrollout.model.posture import PostureSeen, PostureState

MOST_NAMED = 3  # subjects that a reason names


@dataclass(frozen=True, slots=True, kw_only=True)
class RecorderFact:
    """A configuration recorder (DescribeConfigurationRecorderStatus)."""

    name: str
    recording: bool
    failure: str = ""  # of the last event, if it failed


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryFact:
    """A delivery channel (DescribeDeliveryChannelStatus)."""

    name: str
    delivered: bool  # something arrived in the bucket, at the last attempt of its kind
    failure: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleFact:
    """A rule (DescribeConfigRules), and how its evaluation goes."""

    name: str
    state: str  # ACTIVE, DELETING, DELETING_RESULTS, EVALUATING
    told: bool = True  # AWS Config tells nothing of custom Lambda rules
    succeeded: datetime | None = None
    failed: datetime | None = None
    failure: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplianceFact:
    """How resources stand under a rule."""

    compliance: str  # COMPLIANT, NON_COMPLIANT, NOT_APPLICABLE, INSUFFICIENT_DATA
    failing: tuple[str, ...] = ()  # ids of resources that are not compliant
    evaluated: datetime | None = None  # when that was found, the last time


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowLogFact:
    """A flow log of a VPC (DescribeFlowLogs)."""

    id: str
    vpc: str
    traffic: str  # ALL, ACCEPT, REJECT
    status: str  # ACTIVE
    failure: str = ""  # of delivery
    destination: str = ""  # ARN of a bucket, with a folder if there is one; name of a log group


def ok(reason: str = "") -> PostureSeen:
    """Return that a check holds."""
    return PostureSeen(state=PostureState.OK, reason=reason)


def broken(reason: str, subjects: Iterable[str] = ()) -> PostureSeen:
    """Return that a check does not hold; ``subjects`` are what a call would mend."""
    return PostureSeen(state=PostureState.BROKEN, reason=reason, subjects=tuple(subjects))


def unknown(reason: str) -> PostureSeen:
    """Return that nobody knows."""
    return PostureSeen(state=PostureState.UNKNOWN, reason=reason)


def unseen(reason: str) -> PostureSeen:
    """Return that nobody could look."""
    return PostureSeen(state=PostureState.UNKNOWN, reason=reason, unseen=True)


def recorder(found: Sequence[RecorderFact], name: str | None) -> PostureSeen:
    """The recorder exists and records, and what it recorded last did not fail.

    Where it was deleted, or fails, no call helps.
    """
    named = [each for each in found if name in {None, each.name}]
    if not named:
        there = f"; there is {found[0].name}" if found else ""
        return broken(f"there is no recorder{f' {name}' if name else ''}{there}")
    first = named[0]
    if not first.recording:
        return broken(f"the recorder {first.name} is stopped", [first.name])
    if first.failure:
        return broken(f"the recorder {first.name} fails: {first.failure}")
    return ok(f"{first.name} records")


def delivery(found: Sequence[DeliveryFact], name: str | None) -> PostureSeen:
    """The channel exists, and its last deliveries arrived. Before the first, nobody knows."""
    named = [each for each in found if name in {None, each.name}]
    if not named:
        there = f"; there is {found[0].name}" if found else ""
        return broken(f"there is no delivery channel{f' {name}' if name else ''}{there}")
    first = named[0]
    if first.failure:
        return broken(f"the delivery channel {first.name} does not deliver: {first.failure}")
    if not first.delivered:
        return unknown(f"the delivery channel {first.name} has delivered nothing so far")
    return ok(f"{first.name} delivers")


def rule(found: RuleFact | None, name: str) -> PostureSeen:
    """The rule exists, is active, and its last evaluation succeeded.

    Where it is active, an evaluation may be started.
    """
    if found is None:
        return broken(f"there is no rule {name}")
    if found.state not in {"ACTIVE", "EVALUATING"}:
        return broken(f"the rule {name} is {found.state}")
    if not found.told:
        return unknown(f"AWS Config does not tell how the evaluation of {name} goes")
    if found.failed is not None and (found.succeeded is None or found.failed > found.succeeded):
        why = found.failure or "no reason given"
        return broken(f"the last evaluation of {name} failed: {why}", [name])
    if found.succeeded is None:
        return broken(f"the rule {name} was never evaluated", [name])
    return ok(f"{name} evaluates")


def compliance(found: ComplianceFact | None, name: str) -> PostureSeen:
    """No resource that the rule looks at fails it. Without any result nobody knows."""
    if found is None:
        return broken(f"there is no rule {name}")
    match found.compliance:
        case "COMPLIANT" | "NOT_APPLICABLE":
            return ok(f"{name} is {found.compliance}")
        case "NON_COMPLIANT":
            seen = broken(f"{name} fails for {_named(found.failing)}", found.failing)
            return replace(seen, evaluated=found.evaluated)
        case _:
            return unknown(f"{name} has no result so far ({found.compliance})")


def document(found: Digest | None, expected: Digest, name: str) -> PostureSeen:
    """The document exists and contains what the template says, by hash. No call mends it."""
    if found is None:
        return broken(f"there is no document {name}")
    if found != expected:
        return broken(f"the document {name} contains something else than the template says")
    return ok(f"{name} is as in the template")


def flow_logs(
    vpcs: Sequence[str], found: Iterable[FlowLogFact], traffic: str, destination: str = ""
) -> PostureSeen:
    """Every VPC of the account has a flow log that is active, delivers, and covers the traffic.

    With a ``destination`` it has to go there: to that bucket, or to a log group of that prefix. The
    same conditions as in the runbook of flowlogs-remediation.
    """
    logs = list(found)
    covered = {log.vpc for log in logs if _satisfies(log, traffic, destination)}
    bare = [vpc for vpc in vpcs if vpc not in covered]
    if not bare:
        return ok(f"{len(vpcs)} of {len(vpcs)} VPCs have flow logs")
    why_not = [
        f"; {log.id}: {log.failure or f'it goes to {log.destination}'}"
        for log in logs
        if log.vpc in bare and (log.failure or not _goes_to(log, destination))
    ]
    where = f" to {destination}" if destination else ""
    return broken(f"no flow log for {traffic}{where} in {_named(bare)}{''.join(why_not[:1])}", bare)


def _satisfies(log: FlowLogFact, traffic: str, destination: str) -> bool:
    covers = log.status == "ACTIVE" and not log.failure and log.traffic in {"ALL", traffic}
    return covers and _goes_to(log, destination)


def _goes_to(log: FlowLogFact, destination: str) -> bool:
    return not destination or log.destination in {destination, f"{destination}/{log.vpc}"}


def _named(ids: Sequence[str]) -> str:
    shown = ", ".join(ids[:MOST_NAMED]) or "some resource"
    more = len(ids) - MOST_NAMED
    return f"{shown} and {more} more" if more > 0 else shown
