"""From nothing to one account by the AWS CLI: what `templates export --single-account` writes."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest

from orgrollout.bootstrap.single_account import Form
from orgrollout.cli.main import main
from orgrollout.sandbox import ScaledClock, serve
from tests.templates.support import runbook
from tests.templates.support.resolving import MEMBER, Place
from tests.templates.support.shipped import ORGANIZATION
from tests.templates.test_sandbox import RULE, content_of

pytestmark = pytest.mark.slow

# Plain moto, untouched by the sandbox, until its standard input ends.
MOTO = """
import sys
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
sys.stdin.read()
server.stop()
"""
HOME = "us-east-1"


@contextmanager
def plain_moto() -> Iterator[str]:
    """Run moto as a program of its own, and return its address."""
    quiet = {**os.environ, "MOTO_EC2_LOAD_DEFAULT_AMIS": "false"}
    command = [sys.executable, "-c", MOTO]
    with subprocess.Popen(  # noqa: S603
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=quiet,
    ) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        yield f"http://127.0.0.1:{int(server.stdout.readline())}"
        server.stdin.close()


def exported(form: Form, folder: Path) -> Path:
    """Return the file that the command writes."""
    path = folder / "baseline.yaml"
    options = ["--single-account", "--form", form, "--out", str(path)]
    assert main(["templates", "export", *options]) == 0
    return path


def deploy(path: Path, environment: Mapping[str, str], *parameters: str) -> None:
    """Deploy as docs/single-account.md says."""
    command = "cloudformation deploy --stack-name flow-logs --capabilities CAPABILITY_NAMED_IAM"
    more = ["--parameter-overrides", *parameters] if parameters else []
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-m", "awscli", *command.split(), "--template-file", path, *more],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def use(monkeypatch: pytest.MonkeyPatch, environment: Mapping[str, str]) -> None:
    """Let boto3 in this process speak to the same place."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)


def deployed() -> dict[str, str]:
    """Return the outputs of the stack, all of whose resources are there."""
    cloudformation = boto3.client("cloudformation")
    resources = cloudformation.describe_stack_resources(StackName="flow-logs")["StackResources"]
    assert {each["ResourceStatus"] for each in resources} == {"CREATE_COMPLETE"}
    (stack,) = cloudformation.describe_stacks(StackName="flow-logs")["Stacks"]
    return {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}


def log_a_vpc(name: str, account: str) -> dict[str, Any]:
    """Make a VPC, run the deployed runbook for it twice, and return its one flow log."""
    ec2 = boto3.client("ec2")
    vpc_id = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    content = content_of(boto3.client("ssm").get_document(Name=name)["Content"])
    role = f"arn:aws:iam::{account}:role/orgrollout-flowlogs-remediation"
    assert boto3.client("iam").get_role(RoleName=role.split("/")[1])["Role"]["Arn"] == role
    given = {"AutomationAssumeRole": role, "VpcId": vpc_id}
    runs = [runbook.run(content, given, Place(account, HOME)) for _ in range(2)]
    assert [run.outputs["EnsureFlowLog.Outcome"] for run in runs] == ["created", "present"]
    (log,) = (each for each in ec2.describe_flow_logs()["FlowLogs"] if each["ResourceId"] == vpc_id)
    return dict(log)


def test_one_account_from_nothing_with_a_bucket(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the sandbox, whose CloudFormation has AWS Config: recorder, channel, rule, remediation."""
    with serve(ORGANIZATION, clock=ScaledClock(6_000)) as server:
        account = server.sandbox.organization.find("payments_prod")
        keys = server.sandbox.session(account, HOME).get_credentials()
        assert keys is not None
        place = {
            "AWS_ENDPOINT_URL": server.endpoint,
            "AWS_ACCESS_KEY_ID": str(keys.access_key),
            "AWS_SECRET_ACCESS_KEY": str(keys.secret_key),
            "AWS_SESSION_TOKEN": str(keys.token),
            "AWS_DEFAULT_REGION": HOME,
        }
        deploy(exported(Form.BUCKET, tmp_path), place)
        use(monkeypatch, place)
        outputs, config = deployed(), boto3.client("config")
        (status,) = config.describe_configuration_recorder_status()["ConfigurationRecordersStatus"]
        assert status["recording"]
        (channel,) = config.describe_delivery_channels()["DeliveryChannels"]
        assert channel["s3BucketName"] == outputs["DeliveryBucketName"]
        (rule,) = config.describe_config_rules()["ConfigRules"]
        assert rule["ConfigRuleName"] == outputs["FlowLogRuleName"] == RULE
        (remediation,) = config.describe_remediation_configurations(ConfigRuleNames=[RULE])[
            "RemediationConfigurations"
        ]
        assert remediation["Automatic"]
        log = log_a_vpc(remediation["TargetId"], account)
        assert log["LogDestination"] == outputs["FlowLogDestination"]
        assert log["DeliverLogsStatus"] == "SUCCESS"
        policy = boto3.client("s3").get_bucket_policy(Bucket=log["LogDestination"].split(":")[-1])
        assert account in json.dumps(policy["Policy"])


def test_one_account_from_nothing_on_plain_moto(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Roles and runbook. moto's CloudFormation has no AWS Config and makes no key with tags."""
    with plain_moto() as endpoint:
        place = {
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_DEFAULT_REGION": HOME,
        }
        deploy(exported(Form.LOG_GROUP, tmp_path), place, "Recorder=existing")
        use(monkeypatch, place)
        cloudformation = boto3.client("cloudformation")
        answer: Any = cloudformation.describe_stack_resources(StackName="flow-logs")
        # What moto does not know it lists without a name.
        made = answer["StackResources"]
        named = (each for each in made if "LogicalResourceId" in each)
        ids = {each["LogicalResourceId"]: each["PhysicalResourceId"] for each in named}
        assert set(ids) == {"RemediationRole", "DeliveryRole", "Runbook"}
        log = log_a_vpc(ids["Runbook"], MEMBER)
        assert log["LogGroupName"] == f"/orgrollout/vpc-flow-logs/{log['ResourceId']}"
        delivery = f"arn:aws:iam::{MEMBER}:role/orgrollout-flowlogs-delivery"
        assert log["DeliverLogsPermissionArn"] == delivery
