"""What is in an account before the runbook is run in it."""

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from functools import partial

import boto3
import pytest

from tests.templates.support.resolving import MEMBER
from tests.templates.support.runbook import StepFailedError
from tests.templates.support.untidy import Ec2
from tests.templates.support.world import OUR_TAG, World

OURS = f"orgrollout-flowlogs-{MEMBER}-us-east-1-an"


@dataclass(frozen=True, slots=True)
class Scene:
    """The account, and how EC2 behaves there."""

    account: World
    ec2: Ec2


Arrange = Callable[[Scene], list[str]]


def nothing(_: Scene) -> list[str]:
    return []


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
    with pytest.raises(StepFailedError):
        scene.account.run()
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
