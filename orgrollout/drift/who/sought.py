"""What is sought in CloudTrail for a finding: names, services, and a time."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from orgrollout.drift.finding import Finding, FindingKind, Verdict
from orgrollout.model.ids import Pair, Region, StackSetName
from orgrollout.posture.definition import Link
from orgrollout.posture.registry import CHECKS

# LookupEvents has the events of the last 90 days (its API reference). A little less is asked for:
# the call takes time, and clocks differ.
HISTORY = timedelta(days=90) - timedelta(minutes=5)
# A detection is dated by its beginning, and reads a resource some time later.
_AFTER_A_LOOK = timedelta(minutes=5)
# Services of CloudFormation's types whose events come from another host than their name says.
_SOURCES: Mapping[str, str] = {
    "CertificateManager": "acm",
    "CloudWatch": "monitoring",
    "AccessAnalyzer": "access-analyzer",
    "ElasticLoadBalancingV2": "elasticloadbalancing",
    "KinesisFirehose": "firehose",
    "OpenSearchService": "es",
    "StepFunctions": "states",
}
# CloudTrail records events of IAM in one Region of a partition (user guide, "Looking up events",
# since 2021-11-22); for the others it is the Region in which IAM is.
_IAM = {
    "aws-cn": Region("cn-north-1"),
    "aws-eusc": Region("eusc-de-east-1"),
    "aws-us-gov": Region("us-gov-west-1"),
}
_HOME_OF_IAM = Region("us-east-1")
INSTANCE = (
    "the stack instance itself is not as wanted: the operations of the stack set tell what was "
    "done to it, in the administrator account"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """What one finding is about, as CloudTrail may name it."""

    place: Pair  # whose events tell of it
    stack_set: StackSetName
    names: tuple[str, ...]
    source: str  # of its events, such as sns.amazonaws.com
    since: datetime
    until: datetime
    property: str = ""  # the first part of its path; empty: the whole resource
    is_deleted: bool = False
    resource_type: str = ""
    events: tuple[str, ...] = ()  # the only ones that count; empty: any that change something
    stack_id: str = ""
    link: Link | None = None
    not_its: frozenset[str] = frozenset()  # ids of things that were made for others


def sought_of(
    finding: Finding,
    *,
    name: StackSetName,
    partition: str,
    now: datetime,
    repaired: datetime | None = None,
    stack_id: str = "",
) -> Sought | str:
    """Return what to look for, or why CloudTrail cannot tell of the finding.

    What was repaired and came back was changed after ``repaired``.
    """
    looked = min(finding.looked or now, now)
    oldest = now - HISTORY
    since = max(repaired, oldest) if repaired is not None and repaired <= looked else oldest
    until = min(looked + _AFTER_A_LOOK, now)
    if until <= since:
        return f"it was looked at on {looked:%Y-%m-%d}, and CloudTrail keeps 90 days"
    named = _named(finding)
    if isinstance(named, str):
        return named
    check = CHECKS.get(finding.check.name) if finding.check else None
    names, source, events = named
    return Sought(
        place=_place(finding.pair, source, partition),
        stack_set=name,
        names=names,
        source=source,
        since=since,
        until=until,
        property=finding.path.strip("/").partition("/")[0],
        is_deleted=finding.verdict is Verdict.DELETED,
        resource_type=finding.resource_type,
        events=events,
        stack_id=stack_id,
        link=check.link if check else None,
    )


def _named(finding: Finding) -> tuple[tuple[str, ...], str, tuple[str, ...]] | str:
    """Return names, the source of events and the events that count, or why there are none."""
    if finding.kind is FindingKind.INSTANCE:
        return INSTANCE
    if finding.kind is FindingKind.POSTURE:
        check = CHECKS.get(finding.check.name) if finding.check else None
        if check is None or not check.broken_by or not finding.subject:
            return f"the events of CloudTrail do not name what {finding.what} is broken for"
        return (finding.subject,), f"{check.event_service}.amazonaws.com", check.broken_by
    _, _, rest = finding.resource_type.partition("::")
    if not finding.physical_id or not rest:
        return "CloudFormation named no id of the resource"
    service = rest.partition("::")[0]
    source = f"{_SOURCES.get(service, service.lower())}.amazonaws.com"
    return names_of(finding.physical_id), source, ()


def names_of(physical_id: str) -> tuple[str, ...]:
    """Return what events may call a resource: its id, and the last part of an ARN or a URL."""
    if physical_id.startswith("arn:"):
        rest = physical_id.split(":", 5)[-1]
        last = rest.rpartition("/")[2] if "/" in rest else rest.rpartition(":")[2]
    elif physical_id.startswith("https://"):
        last = physical_id.rpartition("/")[2]
    else:
        return (physical_id,)
    return tuple(dict.fromkeys(each for each in (physical_id, last) if each))


def _place(pair: Pair, source: str, partition: str) -> Pair:
    if source == "iam.amazonaws.com":
        return Pair(pair.account, _IAM.get(partition, _HOME_OF_IAM))
    return pair
