"""The sandbox on a port: boto3, the AWS CLI and the control paths, in and out of process."""

import importlib.util
import json
import os
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ConnectionClosedError

from orgrollout.sandbox import (
    Sandbox,
    SandboxError,
    SandboxServer,
    ScaledClock,
    VirtualClock,
    serve,
)
from orgrollout.sandbox.organization.starter import starter
from orgrollout.sandbox.server.background import main, running, start, stop
from orgrollout.sandbox.server.client import SandboxClient
from tests.paths import ROOT
from tests.sandbox.support import ACCOUNTS, HOME, ORGANIZATION, TEMPLATE, targets

pytestmark = pytest.mark.slow

SCRIPT = '''
"""Deploy to a unit, wait, change one account, look for drift, and take everything away."""

import time

import boto3

cloudformation = boto3.client("cloudformation")
organizations = boto3.client("organizations")


def wait(operation):
    while True:
        answer = cloudformation.describe_stack_set_operation(
            StackSetName="plain", OperationId=operation["OperationId"]
        )["StackSetOperation"]
        if answer["Status"] not in ("QUEUED", "RUNNING", "STOPPING"):
            print(answer["Action"], answer["Status"])
            return
        time.sleep(0.02)


root = organizations.list_roots()["Roots"][0]["Id"]
(unit,) = (
    each["Id"]
    for each in organizations.list_organizational_units_for_parent(ParentId=root)[
        "OrganizationalUnits"
    ]
    if each["Name"] == "Workloads"
)
template = open("template.yaml").read()
cloudformation.create_stack_set(
    StackSetName="plain", TemplateBody=template, PermissionModel="SERVICE_MANAGED"
)
where = {"DeploymentTargets": {"OrganizationalUnitIds": [unit]}, "Regions": ["us-east-1"]}
wait(cloudformation.create_stack_instances(StackSetName="plain", **where))
for page in cloudformation.get_paginator("list_stack_instances").paginate(StackSetName="plain"):
    for instance in page["Summaries"]:
        print(instance["Account"], instance["StackInstanceStatus"]["DetailedStatus"])
override = [{"ParameterKey": "Days", "ParameterValue": "90"}]
wait(
    cloudformation.update_stack_instances(
        StackSetName="plain", ParameterOverrides=override, **where
    )
)
wait(cloudformation.detect_stack_set_drift(StackSetName="plain"))
wait(cloudformation.delete_stack_instances(StackSetName="plain", RetainStacks=False, **where))
cloudformation.delete_stack_set(StackSetName="plain")
'''


@pytest.fixture
def server() -> Iterator[SandboxServer]:
    with serve(ORGANIZATION, clock=VirtualClock()) as started:
        yield started


@pytest.fixture
def hurried() -> Iterator[SandboxServer]:
    """One whose time flies, for programs that know of no clock but the machine's."""
    with serve(ORGANIZATION, clock=ScaledClock(6_000)) as started:
        yield started


def client(server: SandboxServer, service: str = "cloudformation") -> Any:
    config = Config(retries={"total_max_attempts": 1})
    session = boto3.Session(aws_access_key_id="any", aws_secret_access_key="any")
    made: Any = session
    return made.client(service, HOME, endpoint_url=server.endpoint, config=config)


def run(server: SandboxServer, *command: str, folder: Path) -> str:
    environment = {**os.environ, **server.environment()}
    done = subprocess.run(  # noqa: S603
        command,
        env=environment,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_it_listens_on_loopback_only(server: SandboxServer) -> None:
    assert server.endpoint.startswith("http://127.0.0.1:")


def test_any_credentials_are_the_operators(server: SandboxServer) -> None:
    arn = client(server, "sts").get_caller_identity()["Arn"]
    assert arn == "arn:aws:sts::999999999999:assumed-role/Rollout/operator"
    sts = client(server, "sts")
    role = f"arn:aws:iam::{ACCOUNTS[0]}:role/OrganizationAccountAccessRole"
    keys = sts.assume_role(RoleArn=role, RoleSessionName="me")["Credentials"]
    member = boto3.Session(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])
    found = member.client("sts", HOME, endpoint_url=server.endpoint).get_caller_identity()
    assert found["Account"] == ACCOUNTS[0]


def test_services_of_every_protocol_answer(server: SandboxServer) -> None:
    s3 = client(server, "s3")
    s3.create_bucket(Bucket="bucket")
    s3.put_object(Bucket="bucket", Key="a key", Body=b"content")
    assert s3.get_object(Bucket="bucket", Key="a key")["Body"].read() == b"content"
    assert s3.head_object(Bucket="bucket", Key="a key")["ContentLength"] == 7
    assert client(server, "ec2").describe_vpcs()["Vpcs"]
    assert client(server, "iam").list_roles()["Roles"]
    assert client(server, "logs").describe_log_groups()["logGroups"] == []
    assert client(server, "account").list_regions()["Regions"]
    calls = [(call.service, call.operation) for call in server.sandbox.calls]
    assert ("s3", "PutObject") in calls
    assert ("account", "ListRegions") in calls


def test_a_lost_response_closes_the_connection(server: SandboxServer) -> None:
    server.sandbox.lose_response("CreateStackSet")
    with pytest.raises(ConnectionClosedError):
        client(server).create_stack_set(StackSetName="base", TemplateBody=TEMPLATE)
    assert len(client(server).list_stack_sets()["Summaries"]) == 1


def test_an_unknown_service_is_said_so(server: SandboxServer) -> None:
    with pytest.raises(Exception, match="Not yet implemented"):
        client(server, "braket").search_devices(filters=[])


def test_a_service_that_there_is_not_is_answered_and_on_record(server: SandboxServer) -> None:
    scope = "AWS4-HMAC-SHA256 Credential=any/20260105/us-east-1/nowhere/aws4_request"
    asked = urllib.request.Request(  # noqa: S310 - to this machine
        f"{server.endpoint}/a/b", headers={"Authorization": scope}
    )
    with pytest.raises(urllib.error.HTTPError) as answered:
        urllib.request.urlopen(asked, timeout=30)  # noqa: S310
    assert answered.value.code >= 400
    answered.value.close()
    assert server.sandbox.calls[-1].operation == "GET /a/b"


def test_control_returns_the_clock_the_calls_and_the_operations(server: SandboxServer) -> None:
    remote = SandboxClient(server.endpoint)
    clock = remote.clock()
    remote.add_fault({"fail": {"account": "w0", "reason": "boom"}})
    cloudformation = client(server)
    cloudformation.create_stack_set(
        StackSetName="base", TemplateBody=TEMPLATE, PermissionModel="SERVICE_MANAGED"
    )
    where = targets(server.sandbox.organization.find("Workloads"), ACCOUNTS[:1])
    cloudformation.create_stack_instances(
        StackSetName="base", DeploymentTargets=where, Regions=[HOME]
    )
    while not (found := remote.operations("base")[0])["ended"]:
        clock.sleep(timedelta(seconds=10))
    assert found["failed"] == [[ACCOUNTS[0], HOME]]
    assert [call["operation"] for call in remote.calls()] == [
        "CreateStackSet",
        "CreateStackInstances",
    ]
    assert remote.environment()["AWS_ENDPOINT_URL"] == server.endpoint
    wrong: Any
    for wrong in ({"fall": {}}, {"fail": {"account": "absent"}}):
        with pytest.raises(SandboxError):
            remote.add_fault(wrong)


def test_a_virtual_clock_is_advanced_from_outside(server: SandboxServer) -> None:
    clock = SandboxClient(server.endpoint).clock()
    before = clock.now()
    clock.sleep(timedelta(hours=3))
    assert server.sandbox.clock.now() - before == timedelta(hours=3)
    assert clock.now() == server.sandbox.clock.now()


def test_a_running_clock_can_be_read_and_waited_for() -> None:
    """It is behind by the time that the answer took, and never ahead."""
    with serve(ORGANIZATION, clock=ScaledClock(60)) as server:
        clock = SandboxClient(server.endpoint).clock()
        told = clock.now()
        assert told <= server.sandbox.clock.now() < told + timedelta(minutes=10)
        clock.sleep(timedelta(minutes=1))
        assert clock.now() - told >= timedelta(minutes=1)


def test_a_server_and_a_sandbox_in_process_do_not_meet(server: SandboxServer) -> None:
    """Each has an organization, a clock and resources of its own."""
    buckets = {}
    for name in ("one", "two"):
        client(server, "s3").create_bucket(Bucket=f"server-{name}")
        with Sandbox.start(ORGANIZATION) as sandbox, serve(ORGANIZATION) as other:
            sandbox.session().client("s3").create_bucket(Bucket=f"inside-{name}")
            for label, each in (
                ("server", client(server, "s3")),
                ("inside", sandbox.session().client("s3")),
                ("other", client(other, "s3")),
            ):
                buckets[label] = [bucket["Name"] for bucket in each.list_buckets()["Buckets"]]
    assert buckets == {
        "server": ["server-one", "server-two"],
        "inside": ["inside-two"],
        "other": [],
    }


def test_a_port_that_is_taken_is_an_error_and_leaves_nothing_behind() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(OSError, match="in use"):
            serve(ORGANIZATION, port=taken.getsockname()[1])
    with serve(ORGANIZATION) as server:
        assert server.endpoint


def test_it_stops_when_no_one_calls() -> None:
    with serve(ORGANIZATION, idle=timedelta(seconds=0.3)) as server:
        server.wait()
        with pytest.raises(SandboxError, match="no sandbox answers"):
            SandboxClient(server.endpoint).now()


def test_a_plain_script_works_as_its_user_wrote_it(hurried: SandboxServer, tmp_path: Path) -> None:
    (tmp_path / "template.yaml").write_text(TEMPLATE, encoding="utf-8")
    (tmp_path / "script.py").write_text(SCRIPT, encoding="utf-8")
    assert run(hurried, sys.executable, "script.py", folder=tmp_path).splitlines() == [
        "CREATE SUCCEEDED",
        *(f"{account} SUCCEEDED" for account in (*ACCOUNTS, "300000000000", "400000000000")),
        "UPDATE SUCCEEDED",
        "DETECT_DRIFT SUCCEEDED",
        "DELETE SUCCEEDED",
    ]


@pytest.mark.skipif(importlib.util.find_spec("awscli") is None, reason="needs awscli")
def test_the_aws_cli_works_as_its_user_types_it(hurried: SandboxServer, tmp_path: Path) -> None:
    """Create, deploy to a unit, poll, results, overrides, drift, delete."""
    (tmp_path / "template.yaml").write_text(TEMPLATE, encoding="utf-8")

    def aws(line: str, *more: str) -> Any:
        said = run(hurried, sys.executable, "-m", "awscli", *line.split(), *more, folder=tmp_path)
        return json.loads(said) if said.strip() else None

    def wait(begun: Any) -> str:
        name = f"--stack-set-name cli --operation-id {begun['OperationId']}"
        while True:
            seen = aws(f"cloudformation describe-stack-set-operation {name}")
            if seen["StackSetOperation"]["Status"] != "RUNNING":
                return str(seen["StackSetOperation"]["Status"])

    root = aws("organizations list-roots")["Roots"][0]["Id"]
    units = aws(f"organizations list-organizational-units-for-parent --parent-id {root}")
    (unit,) = (u["Id"] for u in units["OrganizationalUnits"] if u["Name"] == "Workloads")
    aws(
        "cloudformation create-stack-set --stack-set-name cli "
        "--template-body file://template.yaml --permission-model SERVICE_MANAGED"
    )
    where = f"--stack-set-name cli --deployment-targets OrganizationalUnitIds={unit}"
    regions = f"--regions {HOME} eu-west-1"
    fast = (
        "--operation-preferences "
        "RegionConcurrencyType=PARALLEL,MaxConcurrentPercentage=100,FailureTolerancePercentage=50"
    )
    begun = aws(f"cloudformation create-stack-instances {where} {regions} {fast}")
    assert wait(begun) == "SUCCEEDED"
    results = aws(
        "cloudformation list-stack-set-operation-results --stack-set-name cli "
        f"--operation-id {begun['OperationId']}"
    )
    assert len(results["Summaries"]) == 24
    changed = (
        f"cloudformation update-stack-instances {where} --regions {HOME} {fast} "
        "--parameter-overrides ParameterKey=Days,ParameterValue=90"
    )
    assert wait(aws(changed)) == "SUCCEEDED"
    seen = aws(
        "cloudformation describe-stack-instance --stack-set-name cli "
        f"--stack-instance-account {ACCOUNTS[0]} --stack-instance-region {HOME}"
    )["StackInstance"]
    assert seen["ParameterOverrides"] == [{"ParameterKey": "Days", "ParameterValue": "90"}]
    assert wait(aws(f"cloudformation detect-stack-set-drift --stack-set-name cli {fast}")) == (
        "SUCCEEDED"
    )
    gone = f"cloudformation delete-stack-instances {where} {regions} {fast} --no-retain-stacks"
    assert wait(aws(gone)) == "SUCCEEDED"
    aws("cloudformation delete-stack-set --stack-set-name cli")
    assert aws("cloudformation list-stack-sets --status ACTIVE")["Summaries"] == []


def test_the_benchmark_of_scale_runs() -> None:
    benchmark = ROOT / "benchmarks" / "sandbox_scale.py"
    done = subprocess.run(  # noqa: S603
        [sys.executable, str(benchmark), "100"],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert "deployed 1,700 stack instances" in done.stdout
    assert "listed 1,700" in done.stdout


class TestBackground:
    """`sandbox start` and `sandbox stop`."""

    def test_it_goes_on_until_it_is_stopped(self, tmp_path: Path) -> None:
        state = tmp_path / "state"
        assert running(state) is None
        started = start(state, speed=600)
        try:
            assert running(state) == started
            organizations = boto3.client("organizations", HOME, endpoint_url=started.endpoint)
            assert len(organizations.list_accounts()["Accounts"]) == 7
            with pytest.raises(SandboxError, match="runs already"):
                start(state)
        finally:
            assert stop(state)
        assert running(state) is None
        assert not stop(state)

    def test_a_wrong_file_is_said_so(self, tmp_path: Path) -> None:
        wrong = tmp_path / "wrong.yaml"
        wrong.write_text("organization: acme\n", encoding="utf-8")
        with pytest.raises(SandboxError, match="organization must be an id"):
            start(tmp_path / "state", wrong)

    def test_a_file_of_a_server_that_is_gone_counts_as_nothing(self, tmp_path: Path) -> None:
        known = {"endpoint": "http://127.0.0.1:9", "pid": 1}
        (tmp_path / "sandbox.json").write_text(json.dumps(known), encoding="utf-8")
        assert running(tmp_path) is None
        assert not stop(tmp_path)

    def test_the_background_process_serves_until_it_is_idle(self, tmp_path: Path) -> None:
        file = tmp_path / "o.yaml"
        file.write_text(starter(), encoding="utf-8")
        assert main([str(tmp_path), str(file), "600", "0", "0.3", "{}"]) == 0
        assert not (tmp_path / "sandbox.json").exists()
        missing = tmp_path / "none.yaml"
        assert main([str(tmp_path), str(missing), "0", "0", "1", "{}"]) == 1
