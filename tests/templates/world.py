"""An account in moto with a VPC, a log bucket, and the runbook ready to be run."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

import boto3
from moto import mock_aws

from tests.templates import runbook
from tests.templates.reading import Templates
from tests.templates.resolving import MEMBER, Place, resolve
from tests.templates.runbook import Execution, role_of
from tests.templates.sessions import default_session

LOG_GROUPS = {"Destination": "cloud-watch-logs"}
BUCKET: dict[str, str] = {}  # the default
NO_IMAGES = {"MOTO_EC2_LOAD_DEFAULT_AMIS": "false"}  # a thousand of them, for nothing
WRITES = ("Create", "Put", "Delete", "Associate", "Tag", "Modify")


@dataclass(frozen=True)
class World:
    """One VPC, and a runbook with one set of parameters."""

    templates: Templates
    parameters: dict[str, str]
    vpc_id: str

    def content(self, **more: str) -> dict[str, Any]:
        """Return the document as Systems Manager holds it."""
        template = self.templates.document("flowlogs-remediation")
        stack = resolve(template, Place(), **{**self.parameters, **more})
        content: dict[str, Any] = stack.only("AWS::SSM::Document")["Content"]
        return content

    def run(self, *, vpc_id: str | None = None, account: str = MEMBER, **more: str) -> Execution:
        """Start the runbook as AWS Config would."""
        given = {"AutomationAssumeRole": role_of(account), "VpcId": vpc_id or self.vpc_id}
        return runbook.run(self.content(**more), given, Place(account))

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

    def add_flow_log(self, *, traffic: str = "ALL", bucket: str = "of-another-team") -> str:
        """Add what somebody else made before."""
        boto3.client("s3").create_bucket(Bucket=bucket)
        made = boto3.client("ec2").create_flow_logs(
            ResourceIds=[self.vpc_id],
            ResourceType="VPC",
            TrafficType=traffic,  # type: ignore[arg-type]
            LogDestinationType="s3",
            LogDestination=f"arn:aws:s3:::{bucket}",
        )
        return made["FlowLogIds"][0]


@contextmanager
def world(templates: Templates, parameters: dict[str, str] | None = None) -> Iterator[World]:
    """Begin with a VPC that nobody logs."""
    with patch.dict(os.environ, NO_IMAGES), mock_aws(), default_session(Place()):
        boto3.client("s3").create_bucket(Bucket=f"orgrollout-flowlogs-{MEMBER}-us-east-1-an")
        vpc = boto3.client("ec2").create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]
        yield World(templates, parameters or {}, vpc["VpcId"])


def writes(execution: Execution) -> list[str]:
    """Return the calls of a run that change something."""
    return [call for call in execution.calls if call.split(":")[1].startswith(WRITES)]
