"""The stacks of stack instances, asked inside of their accounts."""

from typing import Any

import pytest
from types_boto3_cloudformation import CloudFormationClient

from orgrollout.sandbox import Sandbox, Settings
from tests.sandbox.support import (
    ACCOUNTS,
    FAST,
    HOME,
    ORGANIZATION,
    TEMPLATE,
    cloudformation,
    code_of,
    deploy,
    describe,
    parameters,
    service_managed,
    targets,
    unit,
)

ONE = ACCOUNTS[0]
SECRET = TEMPLATE.replace("Parameters:", "Parameters:\n  Key: {Type: String, NoEcho: true}")
RECORDS = Settings(deploy_resources=False)


def stack_of(sandbox: Sandbox, account: str = ONE) -> tuple[CloudFormationClient, Any]:
    """Return a client inside of an account, and the stack of the stack set ``base``."""
    stack_id = describe(cloudformation(sandbox), account)["StackId"]
    client = cloudformation(sandbox, account)
    return client, client.describe_stacks(StackName=stack_id)["Stacks"][0]


@pytest.mark.parametrize("settings", [Settings(), RECORDS], ids=["deployed", "records"])
def test_a_stack_has_status_times_parameters_and_capabilities(settings: Settings) -> None:
    """Mere records answer as deployed stacks do."""
    with Sandbox.start(ORGANIZATION, settings=settings) as sandbox:
        client = cloudformation(sandbox)
        more: Any = {
            "Parameters": parameters({"Key": "hush", "Days": "60"}),
            "Tags": [{"Key": "owner", "Value": "security"}],
            "Capabilities": ["CAPABILITY_IAM"],
        }
        service_managed(client, TemplateBody=SECRET, **more)
        began = sandbox.clock.now()
        deploy(sandbox, client, accounts=[ONE])
        _, stack = stack_of(sandbox)
        values = {each["ParameterKey"]: each["ParameterValue"] for each in stack["Parameters"]}
        assert values == {"Key": "****", "Days": "60", "Prefix": "x"}
        assert stack["Tags"] == more["Tags"]
        assert stack["Capabilities"] == more["Capabilities"]
        assert stack["StackStatus"] == "CREATE_COMPLETE"
        assert began < stack["CreationTime"] <= sandbox.clock.now()
        assert stack["DriftInformation"] == {"StackDriftStatus": "NOT_CHECKED"}
        assert "LastUpdatedTime" not in stack
        assert "ChangeSetId" not in stack


@pytest.mark.parametrize("settings", [Settings(), RECORDS], ids=["deployed", "records"])
def test_while_the_stack_set_updates_it_a_stack_is_in_progress(settings: Settings) -> None:
    with Sandbox.start(ORGANIZATION, settings=settings) as sandbox:
        client = cloudformation(sandbox)
        service_managed(client)
        deploy(sandbox, client, accounts=[ONE])
        client.update_stack_set(
            StackSetName="base", UsePreviousTemplate=True, Parameters=parameters({"Days": "90"})
        )
        account, stack = stack_of(sandbox)
        assert stack["StackStatus"] == "UPDATE_IN_PROGRESS"
        change_set = {"ChangeSetName": "c", "ChangeSetType": "UPDATE", "UsePreviousTemplate": True}
        busy = code_of(account.create_change_set, StackName=stack["StackId"], **change_set)
        assert busy == ("ValidationError", 400)
        sandbox.run_to_end()
        _, stack = stack_of(sandbox)
        assert stack["StackStatus"] == "UPDATE_COMPLETE"
        assert stack["LastUpdatedTime"] > stack["CreationTime"]


@pytest.mark.parametrize("settings", [Settings(), RECORDS], ids=["deployed", "records"])
def test_a_stack_that_is_not_there_is_a_validation_error(settings: Settings) -> None:
    with Sandbox.start(ORGANIZATION, settings=settings) as sandbox:
        client = cloudformation(sandbox)
        service_managed(client)
        deploy(sandbox, client, accounts=[ONE])
        account, stack = stack_of(sandbox)
        client.delete_stack_instances(
            StackSetName="base",
            DeploymentTargets=targets(unit(sandbox, "Workloads"), [ONE]),
            Regions=[HOME],
            RetainStacks=False,
            OperationPreferences=FAST,  # type: ignore[arg-type]
        )
        sandbox.run_to_end()
        gone = code_of(account.describe_stacks, StackName=stack["StackName"])
        assert gone == ("ValidationError", 400)
        with pytest.raises(account.exceptions.ClientError, match="does not exist"):
            account.describe_stacks(StackName="StackSet-base-none")


def test_a_change_set_does_not_tell_a_secret_either(
    sandbox: Sandbox, client: CloudFormationClient
) -> None:
    service_managed(client, TemplateBody=SECRET, Parameters=parameters({"Key": "hush"}))
    deploy(sandbox, client, accounts=[ONE])
    account, stack = stack_of(sandbox)
    made = account.create_change_set(
        StackName=stack["StackId"],
        ChangeSetName="c",
        ChangeSetType="UPDATE",
        UsePreviousTemplate=True,
        Parameters=[{"ParameterKey": "Key", "UsePreviousValue": True}],
    )
    found = account.describe_change_set(ChangeSetName=made["Id"])
    assert found["Parameters"] == parameters({"Key": "****"})


def test_the_stack_and_its_events_report_a_failed_update(
    sandbox: Sandbox, client: CloudFormationClient
) -> None:
    service_managed(client)
    deploy(sandbox, client, accounts=[ONE])
    account, stack = stack_of(sandbox)
    account.detect_stack_drift(StackName=stack["StackName"])
    sandbox.run_to_end()
    sandbox.fail(ONE, HOME, "base", reason="Simulated")
    client.update_stack_set(
        StackSetName="base", UsePreviousTemplate=True, Parameters=parameters({"Days": "90"})
    )
    sandbox.run_to_end()
    _, stack = stack_of(sandbox)
    assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    newest = account.describe_stack_events(StackName=stack["StackName"])["StackEvents"][0]
    assert newest["ResourceStatusReason"] == "Simulated"


def test_detection_on_a_stack_takes_time_and_runs_once_at_a_time(
    sandbox: Sandbox, client: CloudFormationClient
) -> None:
    service_managed(client)
    deploy(sandbox, client, accounts=[ONE])
    account, stack = stack_of(sandbox)
    name = stack["StackName"]
    begun = account.detect_stack_drift(StackName=name)["StackDriftDetectionId"]
    found = account.describe_stack_drift_detection_status(StackDriftDetectionId=begun)
    assert found["DetectionStatus"] == "DETECTION_IN_PROGRESS"
    assert code_of(account.detect_stack_drift, StackName=name) == ("ValidationError", 400)
    sandbox.run_to_end()
    found = account.describe_stack_drift_detection_status(StackDriftDetectionId=begun)
    assert found["DetectionStatus"] == "DETECTION_COMPLETE"
    _, stack = stack_of(sandbox)
    assert stack["DriftInformation"]["StackDriftStatus"] == "IN_SYNC"
    assert stack["DriftInformation"]["LastCheckTimestamp"] <= sandbox.clock.now()
