"""What facts of an account and Region say of a check: ok, broken, or unknown. Pure.

What nobody could find out is unknown and never ok. A subject is what the call that mends a check
is told; a check that is broken in a way that no call mends has none.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from orgrollout.drift.subjects import broken_for, named
from orgrollout.model.ids import Digest
from orgrollout.model.posture import PostureSeen, PostureState, Subject

NOTHING_WITHIN: Mapping[str, Sequence[str]] = {}


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


def broken(reason: str, subject: str = "", *, by_call: bool = False) -> PostureSeen:
    """Return that a check does not hold for one subject, or for none that has a name."""
    if not subject:
        return PostureSeen(state=PostureState.BROKEN, reason=reason)
    return broken_for([Subject(id=subject, reason=reason, by_call=by_call)])


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
    meant = [each for each in found if name in {None, each.name}]
    if not meant:
        there = f"; there is {found[0].name}" if found else ""
        return broken(f"there is no recorder{f' {name}' if name else ''}{there}", name or "")
    first = meant[0]
    if not first.recording:
        return broken(f"the recorder {first.name} is stopped", first.name, by_call=True)
    if first.failure:
        return broken(f"the recorder {first.name} fails: {first.failure}", first.name)
    return ok(f"{first.name} records")


def delivery(found: Sequence[DeliveryFact], name: str | None) -> PostureSeen:
    """The channel exists, and its last deliveries arrived. Before the first, nobody knows."""
    meant = [each for each in found if name in {None, each.name}]
    if not meant:
        there = f"; there is {found[0].name}" if found else ""
        return broken(
            f"there is no delivery channel{f' {name}' if name else ''}{there}", name or ""
        )
    first = meant[0]
    if first.failure:
        why = f"the delivery channel {first.name} does not deliver: {first.failure}"
        return broken(why, first.name)
    if not first.delivered:
        return unknown(f"the delivery channel {first.name} has delivered nothing so far")
    return ok(f"{first.name} delivers")


def rule(found: RuleFact | None, name: str) -> PostureSeen:
    """The rule exists, is active, and its last evaluation succeeded.

    Where it is active, an evaluation may be started.
    """
    if found is None:
        return broken(f"there is no rule {name}", name)
    if found.state not in {"ACTIVE", "EVALUATING"}:
        return broken(f"the rule {name} is {found.state}", name)
    if not found.told:
        return unknown(f"AWS Config does not tell how the evaluation of {name} goes")
    if found.failed is not None and (found.succeeded is None or found.failed > found.succeeded):
        why = found.failure or "no reason given"
        return broken(f"the last evaluation of {name} failed: {why}", name, by_call=True)
    if found.succeeded is None:
        return broken(f"the rule {name} was never evaluated", name, by_call=True)
    return ok(f"{name} evaluates")


def compliance(found: ComplianceFact | None, name: str) -> PostureSeen:
    """No resource that the rule looks at fails it. Without any result nobody knows."""
    if found is None:
        return broken(f"there is no rule {name}", name)
    match found.compliance:
        case "COMPLIANT" | "NOT_APPLICABLE":
            return ok(f"{name} is {found.compliance}")
        case "NON_COMPLIANT":
            parts = [
                Subject(id=each, reason=f"{name} fails for {each}", by_call=True)
                for each in found.failing
            ]
            seen = broken_for(parts) if parts else broken(f"{name} fails for some resource")
            return replace(seen, evaluated=found.evaluated)
        case _:
            return unknown(f"{name} has no result so far ({found.compliance})")


def document(found: Digest | None, expected: Digest, name: str) -> PostureSeen:
    """The document exists and contains what the template says, by hash. No call mends it."""
    if found is None:
        return broken(f"there is no document {name}", name)
    if found != expected:
        why = f"the document {name} contains something else than the template says"
        return broken(why, name)
    return ok(f"{name} is as in the template")


def flow_logs(
    vpcs: Sequence[str],
    found: Iterable[FlowLogFact],
    traffic: str,
    destination: str = "",
    within: Mapping[str, Sequence[str]] = NOTHING_WITHIN,
) -> PostureSeen:
    """Every VPC of the account has a flow log that is active, delivers, and covers the traffic.

    With a ``destination`` it has to go there: to that bucket, or to a log group of that prefix. The
    same conditions as in the runbook of flowlogs-remediation. ``within`` are the subnets and
    interfaces of each VPC that have flow logs of their own; without a VPC, it could not be read.
    """
    logs = list(found)
    covered = {log.vpc for log in logs if _satisfies(log, traffic, destination)}
    bare = [vpc for vpc in vpcs if vpc not in covered]
    if not bare:
        return ok(f"{len(vpcs)} of {len(vpcs)} VPCs have flow logs")
    why_not: dict[str, str] = {}
    for log in logs:
        if log.vpc in bare and (log.failure or not _goes_to(log, destination)):
            why = log.failure or f"it goes to {log.destination}"
            why_not.setdefault(log.vpc, f"; {log.id}: {why}")
    where = f" to {destination}" if destination else ""
    return broken_for(
        Subject(
            id=vpc,
            reason=f"no flow log for {traffic}{where} in {vpc}"
            f"{why_not.get(vpc, '')}{_twice(vpc, within)}",
            by_call=True,
        )
        for vpc in bare
    )


def _twice(vpc: str, within: Mapping[str, Sequence[str]]) -> str:
    """Return what would be logged twice if the VPC were logged, too."""
    if inside := within.get(vpc):
        return f"; {named(inside)} in it have their own, and would be logged twice"
    if unread := within.get(""):
        return f"; {named(unread)} have their own, and whether they are in it could not be read"
    return ""


def _satisfies(log: FlowLogFact, traffic: str, destination: str) -> bool:
    covers = log.status == "ACTIVE" and not log.failure and log.traffic in {"ALL", traffic}
    return covers and _goes_to(log, destination)


def _goes_to(log: FlowLogFact, destination: str) -> bool:
    return not destination or log.destination in {destination, f"{destination}/{log.vpc}"}
