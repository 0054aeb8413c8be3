"""The accounts that the runbook is run in: what is there before, and what has to come of it."""

from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import dataclass, field
from functools import partial

import boto3

from tests.templates.support.resolving import MEMBER, Place
from tests.templates.support.untidy import FULL, Ec2
from tests.templates.support.world import LOG_GROUPS, OUR_TAG, World

OURS = f"orgrollout-flowlogs-{MEMBER}-us-east-1-an"
IGNORE = {"OtherFlowLogs": "ignore"}


@dataclass(frozen=True, slots=True)
class Scene:
    """The account, and how EC2 behaves there."""

    account: World
    ec2: Ec2


Arrange = Callable[[Scene], list[str]]


def nothing(_: Scene) -> list[str]:
    return []


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One account, the runbook's answer, and how many flow logs the VPC has then."""

    what: str
    done: str  # for the documentation
    told: str  # part of the outcome and its reason
    arrange: Arrange = nothing  # returns the ids of our own logs
    left: int = 1
    gone: int = 0  # of our own logs
    check: str = "49"
    with_others: bool = False
    parameters: Mapping[str, str] = field(default_factory=dict)
    run: Mapping[str, str] = field(default_factory=dict)
    place: Place | None = None
    ec2: Callable[[], Ec2] = Ec2


def others(*kinds: str, status: str = "SUCCESS", bucket: str = "of-another-team") -> Arrange:
    """Arrange flow logs of another team, for these kinds of traffic."""

    def arrange(scene: Scene) -> list[str]:
        for number, kind in enumerate(kinds):
            made = scene.account.add_flow_log(traffic=kind, bucket=f"{bucket}{number or ''}")
            scene.account.change(made, deliver_logs_status=status)
        return []

    return arrange


def ours(status: str | None = None, **settings: str) -> Arrange:
    """Arrange a log that the runbook made with other settings than now."""

    def arrange(scene: Scene) -> list[str]:
        made: str = scene.account.run(**settings).outputs["EnsureFlowLog.FlowLogId"]
        if status:
            scene.account.change(made, deliver_logs_status=status)
        return [made]

    return arrange


def both(first: Arrange, second: Arrange) -> Arrange:
    return lambda scene: [*first(scene), *second(scene)]


def then(arrange: Arrange, **settings: object) -> Arrange:
    """Arrange, and let EC2 behave otherwise from then on."""

    def arranged(scene: Scene) -> list[str]:
        mine = arrange(scene)
        for name, value in settings.items():
            setattr(scene.ec2, name, copy(value))
        return mine

    return arranged


def meanwhile(arrange: Arrange) -> Arrange:
    """Arrange, and let another run do all its work just before this one creates."""

    def arranged(scene: Scene) -> list[str]:
        mine = arrange(scene)
        scene.ec2.meanwhile.append(scene.account.run)
        return mine

    return arranged


def of_a_stack(scene: Scene) -> list[str]:
    made = scene.account.add_flow_log(
        traffic="REJECT", TagSpecifications=[{"ResourceType": "vpc-flow-log", "Tags": [OUR_TAG]}]
    )
    log = {"aws:cloudformation:stack-id": "arn:aws:cloudformation:us-east-1:1:stack/payroll/1"}
    scene.account.backend.flow_logs[made].add_tags(log)
    return []


def interrupted(scene: Scene) -> list[str]:
    """Leave the old one beside the new one."""
    scene.ec2.keeps = True
    old = ours(TrafficType="REJECT")(scene)
    try:
        scene.account.run()
    except Exception:  # noqa: BLE001 - that is how it was interrupted
        scene.ec2.keeps = False
    return old


def of_a_subnet(scene: Scene) -> list[str]:
    subnet = boto3.client("ec2").create_subnet(VpcId=scene.account.vpc_id, CidrBlock="10.0.1.0/24")
    scene.account.add_flow_log(ResourceIds=[subnet["Subnet"]["SubnetId"]], ResourceType="Subnet")
    return []


def default_vpc(scene: Scene) -> list[str]:
    asked = [{"Name": "is-default", "Values": ["true"]}]
    (vpc,) = boto3.client("ec2").describe_vpcs(Filters=asked)["Vpcs"]  # type: ignore[arg-type]
    scene.account.vpc_id = vpc["VpcId"]
    return []


def elsewhere(scene: Scene) -> list[str]:
    boto3.client("s3").create_bucket(Bucket="former")
    return ours(FlowLogBucketArn="arn:aws:s3:::former")(scene)


twins = partial(Ec2, takes_twins=True)
REJECT = ours(TrafficType="REJECT")
CASES = (
    Case(what="a VPC without flow logs", done="makes one", told="created"),
    Case(
        what="the default VPC",
        done="makes one, as for any other",
        told="created",
        arrange=default_vpc,
    ),
    Case(
        what="an opt-in Region",
        done="makes one, to the bucket of the home Region",
        told="created",
        place=Place(MEMBER, "af-south-1"),
    ),
    Case(
        what="the VPC is gone",
        done="nothing, and succeeds",
        told="skipped: the VPC is gone",
        run={"vpc_id": "vpc-0123456789abcdef0"},
        left=0,
    ),
    Case(
        what="a VPC that another account shares",
        done="nothing, and succeeds: its owner logs it",
        told="skipped: the VPC belongs to",
        run={"account": "222222222222"},
        left=0,
    ),
    Case(
        what="a subnet of the VPC has a flow log of its own",
        done="makes one for the VPC",
        told="created",
        arrange=of_a_subnet,
    ),
    Case(
        what="another team logs ALL",
        done="nothing, and succeeds",
        told="present: flow logs for ALL",
        arrange=others("ALL"),
        with_others=True,
    ),
    Case(
        what="another team logs ALL, and only ours count",
        done="makes one besides",
        told="created",
        arrange=others("ALL"),
        parameters=IGNORE,
        left=2,
        with_others=True,
    ),
    Case(
        what="another team logs REJECT only",
        done="makes one for ALL besides",
        told="created",
        arrange=others("REJECT"),
        left=2,
        with_others=True,
    ),
    Case(
        what="one team logs ACCEPT, one REJECT",
        done="nothing: together they are ALL",
        told="present: flow logs for ACCEPT and REJECT",
        arrange=others("ACCEPT", "REJECT"),
        left=2,
        check="45",
        with_others=True,
    ),
    Case(
        what="one team logs ACCEPT, one REJECT, and one cannot deliver",
        done="fails at the quota, with advice; touches neither",
        told=FULL,
        arrange=both(others("ACCEPT"), others("REJECT", status="FAILED", bucket="third")),
        left=2,
        check="45",
        with_others=True,
    ),
    Case(
        what="a log of another team cannot deliver",
        done="makes one besides",
        told="created",
        arrange=others("ALL", status="FAILED"),
        left=2,
        with_others=True,
    ),
    Case(
        what="the quota is used up by other teams",
        done="fails and names their flow logs; touches none",
        told="as many as a VPC may have. Delete one that is not needed.",
        arrange=others("REJECT", "REJECT"),
        left=2,
        check="45",
        with_others=True,
    ),
    Case(
        what="the quota is used up, told inside a success",
        done="fails and names their flow logs; touches none",
        told="as many as a VPC may have. Delete one that is not needed.",
        arrange=others("REJECT", "REJECT"),
        ec2=partial(Ec2, inside=True),
        left=2,
        check="45",
        with_others=True,
    ),
    Case(
        what="a log of another owner goes where ours would, for REJECT only",
        done="fails and names it; does not touch it",
        told="one of another owner goes where ours would. Ask its owner.",
        arrange=others("REJECT", bucket=OURS),
        with_others=True,
    ),
    Case(
        what="another baseline with a prefix of its own",
        done="nothing: its log counts like that of any team",
        told="present: flow logs for ALL",
        arrange=ours(NamePrefix="legacy", FlowLogBucketArn=f"arn:aws:s3:::{OURS}"),
    ),
    Case(
        what="a log that a stack owns carries our tag",
        done="makes one besides; the stack keeps its own",
        told="created",
        arrange=of_a_stack,
        left=2,
        with_others=True,
    ),
    Case(
        what="our log is as configured",
        done="nothing, and succeeds",
        told="present: it is as configured",
        arrange=ours(),
    ),
    Case(
        what="our log is for REJECT, ALL is wanted, EC2 takes both",
        done="makes the new one, then deletes the old one",
        told="replaced: changed: TrafficType; it replaces fl-",
        arrange=REJECT,
        ec2=twins,
        gone=1,
        check="40",
    ),
    Case(
        what="our log is for REJECT, ALL is wanted, EC2 refuses a second one",
        done="deletes the old one, then makes the new one",
        told="replaced: changed: TrafficType",
        arrange=REJECT,
        gone=1,
        check="40",
    ),
    Case(
        what="EC2 refuses the second one inside a success",
        done="deletes the old one, then makes the new one",
        told="replaced: changed: TrafficType",
        arrange=REJECT,
        ec2=partial(Ec2, inside=True),
        gone=1,
        check="40",
    ),
    Case(
        what="our log has another format, and another team uses up the quota",
        done="deletes the old one, then makes the new one",
        told="replaced: changed: LogFormat",
        arrange=both(others("REJECT"), ours(LogFormat="${version} ${account-id}")),
        ec2=twins,
        left=2,
        gone=1,
        check="40",
        with_others=True,
    ),
    Case(
        what="our log goes to another bucket than configured",
        done="makes the new one, then deletes the old one",
        told="replaced: changed: LogDestination; it replaces fl-",
        arrange=elsewhere,
        gone=1,
        check="40",
    ),
    Case(
        what="our log goes to a log group, a bucket is wanted",
        done="makes the new one, then deletes the old one",
        told="it replaces fl-",
        arrange=ours(**LOG_GROUPS),
        gone=1,
        check="40",
    ),
    Case(
        what="our new log cannot deliver",
        done="fails; the old one stays",
        told="cannot deliver, so that fl-",
        arrange=then(REJECT, status="FAILED"),
        ec2=twins,
        left=2,
        check="40",
    ),
    Case(
        what="our new log has not said whether it delivers",
        done="succeeds; the old one stays for the next run",
        told="replacing: fl-",
        arrange=then(REJECT, status=None),
        ec2=twins,
        left=2,
        check="40",
    ),
    Case(
        what="the new log is refused after the old one went",
        done="puts the old one back and fails",
        told="was put back as fl-",
        arrange=then(REJECT, answers=["", "UnauthorizedOperation"]),
        gone=1,
        check="40",
    ),
    Case(
        what="the new log is refused, and so is the old one",
        done="fails and says that the VPC has none",
        told="is deleted and could not be put back",
        arrange=then(REJECT, answers=["", "UnauthorizedOperation", "UnauthorizedOperation"]),
        left=0,
        gone=1,
        check="40",
    ),
    Case(
        what="deletion of flow logs is denied",
        done="fails; the old one stays",
        told="is outdated and could not be deleted",
        arrange=then(REJECT, keeps=True),
        check="40",
    ),
    Case(
        what="a replacement was interrupted",
        done="finishes it",
        told="replaced: it is as configured; it replaces fl-",
        arrange=interrupted,
        ec2=twins,
        gone=1,
        check="40",
    ),
    Case(
        what="two runs at once, no flow log",
        done="one makes it, the other finds it",
        told="present",
        arrange=meanwhile(nothing),
    ),
    Case(
        what="two runs at once replace a log",
        done="one replaces it, the other finds that done",
        told="replaced",
        arrange=meanwhile(REJECT),
        gone=1,
        check="40",
    ),
    Case(
        what="our log cannot deliver",
        done="fails: a second one could not either",
        told="exists but cannot deliver",
        arrange=ours(status="FAILED"),
    ),
    Case(
        what="our log cannot deliver, another team's can",
        done="succeeds and says so",
        told="present: flow logs for ALL were there; fl-",
        arrange=both(ours(status="FAILED"), others("ALL")),
        left=2,
        check="45",
        with_others=True,
    ),
    Case(
        what="our log cannot deliver, another team's can, and only ours count",
        done="fails; touches neither",
        told="exists but cannot deliver",
        arrange=both(ours(status="FAILED"), others("ALL")),
        parameters=IGNORE,
        left=2,
        check="45",
        with_others=True,
    ),
    Case(
        what="our log cannot deliver, and is outdated",
        done="replaces it",
        told="replaced: changed: MaxAggregationInterval",
        arrange=ours(status="FAILED", MaxAggregationInterval="60"),
        gone=1,
        check="40",
    ),
)
