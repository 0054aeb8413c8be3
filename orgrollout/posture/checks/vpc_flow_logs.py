"""Every VPC of the account has a flow log that is active, delivers, and covers the traffic."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any

from pydantic import Field

from orgrollout.errors import AwsError, CredentialsError, PassingError
from orgrollout.posture.definition import Arguments, Call, KnownCheck, Link, Meaning, Reader
from orgrollout.posture.flow_log_counts import count_flow_logs
from orgrollout.posture.flow_log_fact import FlowLogFact, covered_by, goes_to
from orgrollout.posture.flow_log_settings import TAG, FlowLogSettings, is_known
from orgrollout.posture.remediation import remediation
from orgrollout.posture.seen import PostureSeen, Subject, broken_for, named, ok

VPCS = Call(api="ec2:DescribeVpcs", items="Vpcs", always=("Vpcs[].VpcId",))
LOGS = Call(api="ec2:DescribeFlowLogs", items="FlowLogs", always=("FlowLogs[].FlowLogId",))
SUBNETS = Call(api="ec2:DescribeSubnets", items="Subnets", always=("Subnets[].SubnetId",))
INTERFACES = Call(
    api="ec2:DescribeNetworkInterfaces",
    items="NetworkInterfaces",
    always=("NetworkInterfaces[].NetworkInterfaceId",),
)
MOST_VALUES = 200  # of one filter (EC2 API reference)
# By how their ids begin: the call, the filter, and what holds the id.
_PARTS_OF_A_VPC = {
    "subnet-": (SUBNETS, "subnet-id", "SubnetId"),
    "eni-": (INTERFACES, "network-interface-id", "NetworkInterfaceId"),
}
NONE_OF_THEIR_OWN: Mapping[str, Sequence[str]] = {}


class FlowLogs(Arguments):
    """Which flow logs."""

    traffic: str = Field(description="ALL, ACCEPT or REJECT", examples=["ALL"])
    rule: str | None = Field(None, description="whose remediation makes them")
    destination: Annotated[str, Meaning.OUTPUT] = Field(
        "", description="an output of the template that says where they go"
    )
    others: str = Field("ignore", description="count: those that go elsewhere count, too")
    ours: str = Field(
        "", description=f"value of the tag {TAG}; those with it have to be as the next five say"
    )
    interval: str = Field("", description="seconds that a record may cover")
    format: str = Field("", description="fields of a record")
    more_fields: str = Field("", description="names of fields after those, with commas")
    file_format: str = Field("", description="of files in a bucket")
    hive_partitions: str = Field("", description="true or false")
    hourly_partitions: str = Field("", description="true or false")
    remediation: str = Field(
        "",
        description="automatic, manual or runbook-only: how the runbook is started. `plan --look` "
        "tells it",
    )

    @property
    def settings(self) -> FlowLogSettings:
        """Return what flow logs of ours should be like."""
        more = "".join(f" ${{{name}}}" for name in self.more_fields.split(",") if name)
        wanted = {
            "TrafficType": self.traffic,
            "MaxAggregationInterval": self.interval,
            "LogFormat": " ".join(f"{self.format}{more}".split()) if self.format else "",
            "FileFormat": self.file_format,
            "HiveCompatiblePartitions": self.hive_partitions,
            "PerHourPartition": self.hourly_partitions,
        }
        return FlowLogSettings(prefix=self.ours, wanted=wanted, destination=self.destination)


def look(reader: Reader, arguments: FlowLogs) -> PostureSeen:
    """Read the account's VPCs and flow logs and judge them."""
    own = [
        each["VpcId"]
        for each in reader.all(VPCS, MaxResults=1000)
        # A subnet that another account shares shows the VPC too; its owner logs it.
        if each.get("OwnerId", reader.account) == reader.account
    ]
    found = reader.all(LOGS, MaxResults=1000) if own else []
    logs = [_fact(each, arguments.settings) for each in found]
    within = _logged_by_themselves(reader, logs)
    where = "" if arguments.others == "count" else arguments.destination
    seen = judge(own, logs, arguments.traffic, where, within)
    return _with_counts(seen, own, logs, arguments)


def judge(
    vpcs: Sequence[str],
    found: Iterable[FlowLogFact],
    traffic: str,
    destination: str = "",
    within: Mapping[str, Sequence[str]] = NONE_OF_THEIR_OWN,
) -> PostureSeen:
    """Every VPC has a flow log that is active, delivers, and covers the traffic.

    With a ``destination`` it has to go there: to that bucket, or to a log group of that prefix. The
    same conditions as in the runbook of flowlogs-remediation. ``within`` are the subnets and
    interfaces of each VPC that have flow logs of their own; without a VPC, it could not be read.
    """
    logs = list(found)
    covered = covered_by(logs, traffic, destination)
    bare = [vpc for vpc in vpcs if vpc not in covered]
    outdated = [each for each in logs if each.differences and each.vpc in covered & set(vpcs)]
    if not bare and not outdated:
        return ok(f"{len(vpcs)} of {len(vpcs)} VPCs have flow logs")
    why_not: dict[str, str] = {}
    for log in logs:
        if log.vpc in bare and (log.failure or not goes_to(log, destination)):
            why = log.failure or f"it goes to {log.destination}"
            why_not.setdefault(log.vpc, f"; {log.id}: {why}")
    where = f" to {destination}" if destination else ""
    missing = {
        vpc: f"no flow log for {traffic}{where} in {vpc}{why_not.get(vpc, '')}{_twice(vpc, within)}"
        for vpc in bare
    }
    for each in outdated:
        why = f"{each.id} in {each.vpc} is not as configured: {', '.join(each.differences)}"
        missing.setdefault(each.vpc, why)
    return broken_for(Subject(id=vpc, reason=why, by_call=True) for vpc, why in missing.items())


def _with_counts(
    seen: PostureSeen, vpcs: Sequence[str], logs: Sequence[FlowLogFact], arguments: FlowLogs
) -> PostureSeen:
    """Add what the runbook would make and replace, where it is known where flow logs should go."""
    if not is_known(arguments.destination):
        return seen
    counts = count_flow_logs(
        vpcs,
        logs,
        arguments.traffic,
        arguments.destination,
        others_count=arguments.others == "count",
    )
    more = f", {counts.elsewhere} of them covered elsewhere" if counts.elsewhere else ""
    return replace(seen, reason=seen.reason if seen.parts else seen.reason + more, counts=counts)


def _twice(vpc: str, within: Mapping[str, Sequence[str]]) -> str:
    """Return what would be logged twice if the VPC were logged, too."""
    if there := within.get(vpc):
        return f"; {named(there)} in it have their own, and would be logged twice"
    if unread := within.get(""):
        return f"; {named(unread)} have their own, and whether they are in it could not be read"
    return ""


def _fact(found: Mapping[str, Any], settings: FlowLogSettings) -> FlowLogFact:
    failed = found.get("DeliverLogsStatus") == "FAILED"
    why = found.get("DeliverLogsErrorMessage") or "it cannot deliver"
    return FlowLogFact(
        id=found["FlowLogId"],
        vpc=found.get("ResourceId", ""),
        traffic=found.get("TrafficType", ""),
        status=found.get("FlowLogStatus", ""),
        failure=why if failed else "",
        destination=found.get("LogGroupName") or found.get("LogDestination") or "",
        is_ours=settings.made(found),
        differences=settings.differences(found),
    )


def _logged_by_themselves(
    reader: Reader, logs: Iterable[FlowLogFact]
) -> Mapping[str, tuple[str, ...]]:
    """Return for each VPC its subnets and interfaces that have flow logs of their own.

    Those whose VPC cannot be read are under no VPC.
    """
    ids = sorted({log.vpc for log in logs if log.works})
    found: dict[str, list[str]] = {}
    for prefix, (call, filtered, key) in _PARTS_OF_A_VPC.items():
        mine = [each for each in ids if each.startswith(prefix)]
        there = _vpcs(reader, call, filtered, key, mine)
        for each in mine:
            found.setdefault(there.get(each, ""), []).append(each)
    return {vpc: tuple(parts) for vpc, parts in found.items()}


def _vpcs(
    reader: Reader, call: Call, filtered: str, key: str, ids: Sequence[str]
) -> Mapping[str, str]:
    """Return the VPC of each; none where it may not be read."""
    found: dict[str, str] = {}
    for start in range(0, len(ids), MOST_VALUES):
        asked = [{"Name": filtered, "Values": list(ids[start : start + MOST_VALUES])}]
        try:
            there = reader.all(call, Filters=asked)
        except (CredentialsError, PassingError):
            raise
        except AwsError:
            return found
        found |= {each[key]: each.get("VpcId", "") for each in there}
    return found


CHECK = KnownCheck(
    name="vpc-flow-logs",
    noun="flow logs",
    arguments=FlowLogs,
    reads=(VPCS, LOGS, SUBNETS, INTERFACES),
    look=look,
    ok="every VPC has one that is ACTIVE, delivers, covers the traffic, and goes to that bucket or "
    "to a log group of that prefix, if `destination` is given; and those with our tag are as "
    "configured, if `ours` is given",
    broken="VPCs without, or with one of ours that is not as configured, by id, with the subnets "
    "and interfaces in them that have flow logs of their own. VPCs that other accounts share do "
    "not count",
    unknown="the call failed",
    repair=remediation(
        needs="rule",
        kind=lambda _: "AWS::EC2::VPC",
        rule=lambda arguments: arguments.rule or "",
        limits="on the rule for those VPCs, if `rule` is given",
    ),
    calls=2,
    has_one_subject=False,
    counts_flow_logs=True,
    # The event of a deletion names the flow log alone; that of its creation, the VPC, too.
    broken_by=("DeleteFlowLogs", "CreateVpc", "CreateDefaultVpc"),
    link=Link(made_by="CreateFlowLogs", prefix="fl-"),
)
