"""The accounts that the runbook is run in, and what has to come of each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

from tests.templates.support.resolving import MEMBER, Place
from tests.templates.support.untidy import FULL, Ec2
from tests.templates.support.untidy_scenes import (
    OURS,
    Arrange,
    both,
    default_vpc,
    elsewhere,
    interrupted,
    meanwhile,
    nothing,
    of_a_stack,
    of_a_subnet,
    others,
    ours,
    then,
    twins,
)
from tests.templates.support.world import LOG_GROUPS

IGNORE = {"OtherFlowLogs": "ignore"}


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
