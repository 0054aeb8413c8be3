"""Templates in the shapes of public ones: they deploy, fail with a reason, or are refused.

The files in ``shapes`` are written for this test, small, after what CfCT, the Security Reference
Architecture, the Landing Zone Accelerator, ADF, widdix, Datadog, the quickstarts and Control Tower
do in theirs. None of them may end a process or leave an operation running.
"""

from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from types_boto3_cloudformation import CloudFormationClient

from orgrollout.sandbox import Sandbox
from tests.sampling import sampled
from tests.sandbox.support import (
    ACCOUNTS,
    FAST,
    HOME,
    deploy,
    describe,
    instances,
    service_managed,
    targets,
    unit,
)

SHAPES = {path.stem: path for path in (Path(__file__).parent / "shapes").glob("*.yaml")}
ONE = ACCOUNTS[0]
ALL = ["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]
REFUSED = {
    "broken-circle": "Circular dependency between resources: [A, B]",
    "broken-condition": "Unresolved condition dependency Nowhere in the Resources block",
    "broken-depends": "Unresolved resource dependencies [Nowhere] in the Resources block",
    "broken-null": "[/Resources/A/Properties] 'null' values are not allowed in templates",
    "datadog-nested": "do not support nested stacks",
    "quickstart-foreach": "Every Resources object must contain a Type member",
    "quickstart-serverless": "do not support transforms",
}
FAILED = {
    "adf-bootstrap-regional": "Unable to fetch parameters [deployment_account_id]",
    "adf-conditional-output": "resource dependencies [Topic] in the Outputs block of the template",
    "broken-attribute": "resource T does not support attribute type Nothing in Fn::GetAtt",
    "broken-bucket-name": "Bucket name should not contain uppercase characters",
    "broken-mapping": "Unable to get mapping for Amis::us-east-1::Id",
    "broken-missing-property": "required key [Value] not found",
    "broken-number": "#/RetentionInDays: expected type: Integer, found: String",
    "broken-output-list": "must evaluate to a String and not a List",
    "broken-select": "cannot select nonexistent value at index 7",
    "lza-cdk-metadata": "Unable to fetch parameters [/cdk-bootstrap/hnb659fds/version]",
    "security-dynamic-reference": "Parameters: [ssm:/not/there:1] cannot be found.",
    "security-lambda-permission-missing": "Function not found",
    "sra-org-parameter": "Unable to fetch parameters [/sra/control-tower/organization-id]",
    "widdix-auth-proxy-import": "No export named parent-VPC found.",
}


def test_there_are_sixty() -> None:
    assert len(SHAPES) >= 60
    assert SHAPES.keys() >= REFUSED.keys() | FAILED.keys()


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_it_is_refused(client: CloudFormationClient, name: str) -> None:
    with pytest.raises(ClientError) as refusal:
        service_managed(client, TemplateBody=SHAPES[name].read_text(), Capabilities=ALL)
    assert refusal.value.response["Error"]["Code"] == "ValidationError"
    assert REFUSED[name] in refusal.value.response["Error"]["Message"]


@pytest.mark.parametrize("name", sorted(FAILED))
def test_it_fails_with_a_reason(sandbox: Sandbox, client: CloudFormationClient, name: str) -> None:
    """Also when it is tried again; and the record goes with the stack instance."""
    service_managed(client, TemplateBody=SHAPES[name].read_text(), Capabilities=ALL)
    for _ in range(2):
        done = deploy(sandbox, client, accounts=[ONE])
        assert FAILED[name] in done.reasons[ONE, HOME]
        assert FAILED[name] in describe(client, ONE)["StatusReason"]
    _delete(sandbox, client)
    assert instances(client) == []


@pytest.mark.parametrize("name", sampled(sorted(SHAPES.keys() - REFUSED.keys() - FAILED.keys())))
def test_it_is_created_updated_compared_and_deleted(
    sandbox: Sandbox, client: CloudFormationClient, name: str
) -> None:
    body = SHAPES[name].read_text()
    service_managed(client, TemplateBody=body, Capabilities=ALL)
    assert deploy(sandbox, client, accounts=[ONE]).reasons == {}

    for changed in (_with_a_condition(body), _with_a_topic(body), body):
        client.update_stack_set(
            StackSetName="base",
            TemplateBody=changed,
            Capabilities=ALL,  # type: ignore[arg-type]
            OperationPreferences=FAST,  # type: ignore[arg-type]
        )
        sandbox.run_to_end()
        assert sandbox.operations("base")[-1].reasons == {}
        assert describe(client, ONE)["Status"] == "CURRENT"

    client.detect_stack_set_drift(StackSetName="base")
    sandbox.run_to_end()
    assert sandbox.operations("base")[-1].status == "SUCCEEDED"
    assert describe(client, ONE)["DriftStatus"] == "IN_SYNC"
    _described(sandbox)

    _delete(sandbox, client)
    assert sandbox.operations("base")[-1].reasons == {}
    assert instances(client) == []
    _recreated(sandbox, client)


def _with_a_condition(body: str) -> str:
    """Return a template in which nothing changes but a condition that decides nothing."""
    mine = '"Mine": {"Fn::Equals": ["a", "b"]}'
    if body.startswith("{"):
        return body.replace('"Resources":', f'"Conditions": {{{mine}}}, "Resources":', 1)
    if "\nConditions:" in body:
        return body.replace("\nConditions:", "\nConditions:\n  Mine: !Equals [a, b]", 1)
    return body + "Conditions:\n  Mine: !Equals [a, b]\n"


def _with_a_topic(body: str) -> str:
    if body.startswith("{"):
        extra = '"Resources": {"Added": {"Type": "AWS::SNS::Topic"}, '
        return body.replace('"Resources": {', extra, 1)
    start = "Resources:\n" if body.startswith("Resources:") else "\nResources:\n"
    return body.replace(start, f"{start}  Added: {{Type: AWS::SNS::Topic}}\n", 1)


def _described(sandbox: Sandbox) -> None:
    """Everything that can be asked of the stack inside of the account is answered."""
    inside = sandbox.session(ONE).client("cloudformation")
    (stack,) = inside.describe_stacks()["Stacks"]
    name = stack["StackName"]
    assert stack["StackStatus"] == "UPDATE_COMPLETE"
    for output in stack.get("Outputs", []):
        assert output["OutputValue"]
    assert inside.describe_stack_resources(StackName=name)["StackResources"]
    assert inside.list_stack_resources(StackName=name)["StackResourceSummaries"]
    assert inside.get_template(StackName=name)["TemplateBody"]
    assert inside.describe_stack_events(StackName=name)["StackEvents"]


def _delete(sandbox: Sandbox, client: CloudFormationClient) -> None:
    where: Any = targets(unit(sandbox, "Workloads"), [ONE])
    client.delete_stack_instances(
        StackSetName="base", DeploymentTargets=where, Regions=[HOME], RetainStacks=False
    )
    sandbox.run_to_end()


def _recreated(sandbox: Sandbox, client: CloudFormationClient) -> None:
    """Nothing was left behind that stands in the way, but for what is retained."""
    definition = client.describe_stack_set(StackSetName="base")["StackSet"]["TemplateBody"]
    if "DeletionPolicy" not in definition:
        assert deploy(sandbox, client, accounts=[ONE]).reasons == {}
