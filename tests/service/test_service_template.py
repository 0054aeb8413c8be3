"""The service's template: what is lint, what AWS Lambda finds in the zip, and who may do what."""

import json
import re
from typing import Any

import pytest
import yaml
from moto.events.models import EventPattern

from demos.service.events import account_created, batch, called, operation_ended, uploaded
from orgrollout.aws.permissions import Scope, operator_policy
from orgrollout.service import handlers
from orgrollout.service.manifests import QUIET
from orgrollout.service.templates import Part, service_template
from tests.service.house import AUTO, BUCKET, House, manifest
from tests.stage import DEV, US
from tests.templates.support.linting import findings
from tests.templates.support.reading import parse
from tests.templates.support.resolving import Place, Stack, resolve

HOME = Place(account="111122223333")
GIVEN = {
    "TopicArn": "arn:aws:sns:us-east-1:111122223333:alarms",
    "AdministrationRoleArn": "arn:aws:iam::111122223333:role/administration",
    "ManagementAccountId": "999999999999",
    "TamperBusName": "orgrollout-tamper",
    "PermissionsBoundaryArn": "arn:aws:iam::111122223333:policy/boundary",
}
HISTORY = 20_000
ROUND = 9  # events: 5 of the task, 2 of the choice, 2 of the wait
RETRY = 3  # events: failed, scheduled, started
UNUSED_IN_TESTS = {
    "kms:Decrypt": "Amazon S3, SQS and Scheduler use the key for the caller",
    "kms:GenerateDataKey": "Amazon S3 and SQS use the key for the caller",
}


@pytest.fixture(scope="module")
def stack() -> Stack:
    return resolve(parse(service_template(Part.SERVICE)), HOME, **GIVEN)


def of_type(stack: Stack, kind: str) -> dict[str, dict[str, Any]]:
    return {n: r["Properties"] for n, r in stack.resources.items() if r["Type"] == kind}


@pytest.mark.parametrize("part", [Part.SERVICE, Part.FORWARDING])
def test_cfn_lint_has_nothing_to_say(part: Part) -> None:
    assert findings(service_template(part), ["us-east-1", "eu-central-1"]) == []


def test_every_function_is_in_the_zip_and_has_its_log(stack: Stack) -> None:
    functions = of_type(stack, "AWS::Lambda::Function")
    assert len(functions) == 6
    for name, properties in functions.items():
        module, _, function = properties["Handler"].rpartition(".")
        assert module == handlers.__name__
        assert callable(getattr(handlers, function))
        assert properties["Runtime"] == "python3.13"
        assert (
            properties["LoggingConfig"]["LogGroup"] == f"/aws/lambda/{properties['FunctionName']}"
        )
        assert f"{name}Log" in stack.resources


def definition() -> dict[str, Any]:
    """Return the state machine's definition as AWS gets it."""
    found = resolve(parse(service_template(Part.SERVICE)), HOME, **GIVEN).resources["Machine"][
        "Properties"
    ]
    text = json.dumps(found["Definition"])
    for name, value in found["DefinitionSubstitutions"].items():
        text = text.replace(f"${{{name}}}", value)
    machine: dict[str, Any] = json.loads(text)
    return machine


def test_an_execution_ends_before_its_history_is_full() -> None:
    states = definition()["States"]
    (retry,) = states["Step"]["Retry"]
    rounds = states["IsItOver"]["Choices"][1]["NumericGreaterThanEquals"]

    assert rounds * (ROUND + RETRY * retry["MaxAttempts"]) < HISTORY
    assert states["Step"]["TimeoutSeconds"] > 900  # the function ends first, and says why


def test_nothing_of_the_service_can_be_reached_from_outside(stack: Stack) -> None:
    kinds = {resource["Type"] for resource in stack.resources.values()}
    assert not {k for k in kinds if re.search("ApiGateway|::Url$|LoadBalancing|AppSync", k)}
    assert "AWS::Lambda::Permission" not in kinds


def statements(stack: Stack, role: str) -> dict[str, dict[str, Any]]:
    (policy,) = stack.resources[role]["Properties"]["Policies"]
    return {each["Sid"]: each for each in policy["PolicyDocument"]["Statement"] if each}


def actions(statement: dict[str, Any]) -> set[str]:
    found = statement["Action"]
    return {found} if isinstance(found, str) else set(found)


def test_the_function_that_works_may_do_what_an_operator_may(stack: Stack) -> None:
    """The policy that `bootstrap` prints for an operator is the source of both."""
    scope = Scope(
        journal_bucket=BUCKET,
        template_bucket=f"s3://{BUCKET}/templates",
        member_roles=("orgrollout-resync",),
        told=(GIVEN["TopicArn"],),
        administration_roles=(GIVEN["AdministrationRoleArn"],),
    )
    wanted: set[str] = set()
    for statement in operator_policy(scope)["Statement"]:
        wanted |= actions(statement)
    mine = statements(stack, "WorkRole")
    shared = {a for each in mine.values() for a in actions(each)}

    assert wanted <= shared
    # Only `journal prune` deletes others, and people do that. `test_drift.py` shows what is.
    deleting = [each for each in mine.values() if "s3:DeleteObject" in actions(each)]
    assert [s["Resource"].rpartition("/journal/")[2] for s in deleting] == ["documents/notices/*"]
    assert shared - wanted == {
        *UNUSED_IN_TESTS,
        "logs:CreateLogStream",
        "logs:PutLogEvents",
        "sqs:DeleteMessage",
        "sqs:GetQueueAttributes",
        "sqs:ReceiveMessage",
        "sqs:SendMessage",
        "states:DescribeExecution",
        "states:StartExecution",
    }


def test_every_call_of_a_rollout_is_allowed(house: House, stack: Stack) -> None:
    """The test itself lists and stops executions; without permissions of its own it would not."""
    house.upload(manifest(service=AUTO))
    before = len(house.sandbox.calls)
    house.functions.look({})
    house.run("base-1_1")

    sent = {f"{c.service}:{c.operation}" for c in house.sandbox.calls[before:]}
    named = {"s3:ListObjectsV2": "s3:ListBucket", "sts:GetCallerIdentity": ""}
    needed = {named.get(call, call).replace("stepfunctions:", "states:") for call in sent} - {""}
    allowed = {a for each in statements(stack, "WorkRole").values() for a in actions(each)}
    assert {"cloudformation:CreateStackInstances", "s3:PutObject"} <= needed
    assert needed - allowed <= {"states:ListExecutions", "states:StopExecution"}


def test_every_call_of_a_look_at_tampering_is_allowed(house: House, stack: Stack) -> None:
    """In its own account: in a member account it calls as the re-sync role."""
    drift = {"resync_role": "OrganizationAccountAccessRole"}
    house.upload(manifest(service=AUTO, drift=drift))
    house.functions.look({})
    house.run("base-1_1")
    before = len(house.sandbox.calls)
    house.functions.tampered(batch(called("config:StopConfigurationRecorder", DEV[0], US)))

    sent = {
        f"{c.service}:{c.operation}"
        for c in house.sandbox.calls[before:]
        if c.account == "999999999999"
    }
    named = {"s3:ListObjectsV2": "s3:ListBucket", "sts:GetCallerIdentity": ""}
    needed = {named.get(call, call).replace("stepfunctions:", "states:") for call in sent} - {""}
    allowed = {a for each in statements(stack, "WorkRole").values() for a in actions(each)}
    assert {"organizations:DescribeAccount", "s3:PutObject"} <= needed <= allowed


def test_the_end_of_an_operation_comes_at_once(stack: Stack) -> None:
    """An upload waits until its folder has rested; a rollout need not."""
    text = service_template(Part.SERVICE)
    rule = re.search(r"^  OperationEnded:\n(    .*\n)+", text, re.MULTILINE)
    assert rule
    assert "Arn: !GetAtt Ended.Arn" in rule[0]
    assert "DelaySeconds" not in stack.resources["Ended"]["Properties"]
    window = stack.resources["WakeRollouts"]["Properties"]["MaximumBatchingWindowInSeconds"]
    assert window <= 5


def test_a_tamper_event_comes_at_once_and_a_look_that_failed_is_tried_again(stack: Stack) -> None:
    queue = stack.resources["Tampering"]["Properties"]
    function = stack.resources["Tampered"]["Properties"]
    (mapping,) = (
        each
        for each in of_type(stack, "AWS::Lambda::EventSourceMapping").values()
        if each["FunctionName"] == function["FunctionName"]
    )
    assert "DelaySeconds" not in queue
    assert function["Timeout"] < queue["VisibilityTimeout"] < 1200
    assert mapping["ScalingConfig"]["MaximumConcurrency"] == 2


def test_without_a_tamper_bus_there_is_nothing_that_reads_one() -> None:
    without = {key: value for key, value in GIVEN.items() if key != "TamperBusName"}
    stack = resolve(parse(service_template(Part.SERVICE)), HOME, **without)

    assert not [name for name in stack.resources if name.startswith("Tamper")]
    assert "LookAtTampering" not in stack.resources


def test_who_starts_executions_reaches_no_stack_set_and_no_account(stack: Stack) -> None:
    mine = {
        a.partition(":")[0] for s in statements(stack, "StartRole").values() for a in actions(s)
    }
    assert mine == {"kms", "logs", "s3", "sqs", "states"}


def test_only_what_names_no_resource_is_allowed_everywhere(stack: Stack) -> None:
    everywhere = {
        (role, sid)
        for role in of_type(stack, "AWS::IAM::Role")
        for sid, each in statements(stack, role).items()
        if each["Resource"] == "*"
    }
    assert everywhere == {("WorkRole", "Read"), ("MachineRole", "DeliverLogs")}


def test_all_roles_have_the_boundary(stack: Stack) -> None:
    roles = of_type(stack, "AWS::IAM::Role")
    assert len(roles) == 4
    assert {r["PermissionsBoundary"] for r in roles.values()} == {GIVEN["PermissionsBoundaryArn"]}


def test_the_bucket_and_the_key_stay_when_the_stack_goes() -> None:
    text = service_template(Part.SERVICE)
    for name in ("Key", "Bucket", "BucketPolicy"):
        block = re.search(rf"^  {name}:\n(    .*\n|\n)+", text, re.MULTILINE)
        assert block
        assert "DeletionPolicy: RetainExceptOnCreate" in block[0]


def test_an_event_of_an_upload_comes_when_its_folder_may_be_planned(stack: Stack) -> None:
    assert stack.resources["Events"]["Properties"]["DelaySeconds"] > QUIET.total_seconds()


def matched(stack: Stack, event: Any) -> set[str]:
    """Return the rules that EventBridge matches an event with, as moto's does."""
    return {
        name
        for name, rule in of_type(stack, "AWS::Events::Rule").items()
        if EventPattern.load(json.dumps(rule["EventPattern"])).matches_event(event)
    }


def test_the_rules_match_the_events_that_aws_documents(stack: Stack) -> None:
    ours = f"or-base-1-1-a1-{'0' * 16}-{'1' * 16}"
    assert matched(stack, operation_ended(ours)) == {"OperationEnded"}
    assert matched(stack, operation_ended(ours, "RUNNING")) == set()
    assert matched(stack, operation_ended("5e2f3a40-0000-1111-2222-333344445555")) == set()
    assert matched(stack, account_created("100000000001")) == {"AccountsChanged"}
    deleted = called("ec2:DeleteFlowLogs", DEV[0], US)
    assert matched(stack, deleted) == {"TamperedWith"}
    assert matched(stack, {**deleted, "source": "acme.config"}) == set()
    pattern = stack.resources["ManifestChanged"]["Properties"]["EventPattern"]
    bucket = pattern["detail"]["bucket"]["name"][0]
    assert matched(stack, uploaded(bucket, "manifests/base/manifest.yaml")) == {"ManifestChanged"}
    assert matched(stack, uploaded(bucket, "journal/documents/rollout/base-1")) == set()


def test_the_management_account_forwards_the_same_events(stack: Stack) -> None:
    forwarding = resolve(
        parse(service_template(Part.FORWARDING)),
        Place(account="999999999999"),
    )
    sent, taken = (
        each.resources["AccountsChanged"]["Properties"]["EventPattern"]
        for each in (forwarding, stack)
    )
    assert sent == taken


def test_the_alarms_look_for_what_is_logged() -> None:
    """`test_executions.py`, `test_looking.py` and `test_drift.py` show the lines."""
    text = service_template(Part.SERVICE)
    patterns = yaml.safe_load(
        "[" + ",".join(re.findall(r"FilterPattern: ('.*')$", text, re.MULTILINE)) + "]"
    )
    assert set(patterns) == {
        '{ $.message = "phase: halted,*" }',
        '{ $.message = "execution lost*" }',
        '{ $.message = "repairs held up*" }',
        '{ $.level = "ERROR" && $.message = "manifest *" }',
    }
