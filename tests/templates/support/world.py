"""An account in moto with a VPC, a log bucket, and the runbook ready to be run."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

import boto3
from moto import mock_aws
from moto.ec2.models import ec2_backends

from tests.templates.support import runbook
from tests.templates.support.reading import Templates
from tests.templates.support.resolving import MEMBER, Place, resolve
from tests.templates.support.runbook import Execution, role_of
from tests.templates.support.sessions import default_session

LOG_GROUPS = {"Destination": "cloud-watch-logs"}
BUCKET: dict[str, str] = {}  # the default
OUR_TAG: Any = {"Key": "orgrollout:name-prefix", "Value": "orgrollout"}
NO_IMAGES = {"MOTO_EC2_LOAD_DEFAULT_AMIS": "false"}  # a thousand of them, for nothing
WRITES = ("Create", "Put", "Delete", "Associate", "Tag", "Modify")


@dataclass
class World:
    """One VPC, and a runbook with one set of parameters."""

    templates: Templates
    parameters: dict[str, str]
    vpc_id: str
    place: Place

    def content(self, **more: str) -> dict[str, Any]:
        """Return the document as Systems Manager holds it."""
        template = self.templates.document("flowlogs-remediation")
        stack = resolve(template, self.place, **{**self.parameters, **more})
        content: dict[str, Any] = stack.only("AWS::SSM::Document")["Content"]
        return content

    def run(self, *, vpc_id: str | None = None, account: str = MEMBER, **more: str) -> Execution:
        """Start the runbook as AWS Config would."""
        given = {"AutomationAssumeRole": role_of(account), "VpcId": vpc_id or self.vpc_id}
        return runbook.run(self.content(**more), given, Place(account, self.place.region))

    def flow_logs(self) -> list[dict[str, Any]]:
        """Return the flow logs that the VPC has now."""
        found = boto3.client("ec2").describe_flow_logs()["FlowLogs"]
        return [dict(log) for log in found if log["ResourceId"] == self.vpc_id]

    def log_groups(self) -> dict[str, int | None]:
        """Return every log group and its retention."""
        groups = boto3.client("logs").describe_log_groups()["logGroups"]
        return {group["logGroupName"]: group.get("retentionInDays") for group in groups}

    @property
    def log_group(self) -> str:
        return f"/orgrollout/vpc-flow-logs/{self.vpc_id}"

    def add_flow_log(
        self, *, traffic: str = "ALL", bucket: str = "of-another-team", **more: Any
    ) -> str:
        """Add what somebody else made before."""
        if bucket not in {each["Name"] for each in boto3.client("s3").list_buckets()["Buckets"]}:
            boto3.client("s3", region_name="us-east-1").create_bucket(Bucket=bucket)
        asked: dict[str, Any] = {
            "ResourceIds": [self.vpc_id],
            "ResourceType": "VPC",
            "TrafficType": traffic,
            "LogDestinationType": "s3",
            "LogDestination": f"arn:aws:s3:::{bucket}",
            **more,
        }
        made: str = boto3.client("ec2").create_flow_logs(**asked)["FlowLogIds"][0]
        return made

    @property
    def backend(self) -> Any:
        """What moto holds of EC2 here."""
        return ec2_backends[self.place.account][self.place.region]

    def change(self, flow_log_id: str, **attributes: Any) -> None:
        """Change what moto knows of a flow log, as time or AWS would."""
        log = self.backend.flow_logs[flow_log_id]
        for name, value in attributes.items():
            setattr(log, name, value)


@contextmanager
def world(
    templates: Templates, parameters: dict[str, str] | None = None, place: Place | None = None
) -> Iterator[World]:
    """Begin with a VPC that nobody logs."""
    place = place or Place()
    with patch.dict(os.environ, NO_IMAGES), mock_aws(), default_session(place):
        s3 = boto3.client("s3", region_name="us-east-1")
        s3.create_bucket(Bucket=f"orgrollout-flowlogs-{MEMBER}-us-east-1-an")
        vpc = boto3.client("ec2").create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]
        yield World(templates, parameters or {}, vpc["VpcId"], place)


def writes(execution: Execution) -> list[str]:
    """Return the calls of a run that change something."""
    return [call for call in execution.calls if call.split(":")[1].startswith(WRITES)]
