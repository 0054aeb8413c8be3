"""Section E: drift of stack sets, stacks and resources, and how it is repaired."""

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
    instances,
    log_groups,
    operation,
    parameters,
    service_managed,
    targets,
    unit,
)

ONE, TWO = ACCOUNTS[:2]
GROUP = f"/x/{HOME}"
BODY = f"""{TEMPLATE}
  Role:
    Type: AWS::IAM::Role
    Properties:
      Description: mine
      AssumeRolePolicyDocument: {{Version: 2012-10-17, Statement: []}}
  Runbook:
    Type: AWS::SSM::Document
    Properties: {{DocumentType: Automation, Content: {{schemaVersion: "0.3", mainSteps: []}}}}
"""


@pytest.fixture
def deployed(sandbox: Sandbox, client: CloudFormationClient) -> CloudFormationClient:
    """Two instances; in the first, a person has changed the retention of the log group."""
    service_managed(client, TemplateBody=BODY, Capabilities=["CAPABILITY_IAM"])
    deploy(sandbox, client, accounts=[ONE, TWO])
    logs = sandbox.session(ONE).client("logs")
    logs.put_retention_policy(logGroupName=GROUP, retentionInDays=7)
    return client


def detect(sandbox: Sandbox, client: CloudFormationClient, **more: Any) -> str:
    identifier = client.detect_stack_set_drift(StackSetName="base", **more)["OperationId"]
    sandbox.run_to_end()
    return identifier


def resources(client: CloudFormationClient, identifier: str, account: str = ONE) -> dict[str, Any]:
    answer = client.list_stack_instance_resource_drifts(
        StackSetName="base",
        StackInstanceAccount=account,
        StackInstanceRegion=HOME,
        OperationId=identifier,
    )
    return {each["LogicalResourceId"]: each for each in answer["Summaries"]}


def inside(sandbox: Sandbox, account: str = ONE) -> tuple[CloudFormationClient, str]:
    client = sandbox.session(account).client("cloudformation")
    return client, client.describe_stacks()["Stacks"][0]["StackName"]


def test_the_operation_and_the_set_tell_how_many_drifted(
    sandbox: Sandbox, deployed: CloudFormationClient
) -> None:
    identifier = detect(sandbox, deployed)
    found = operation(deployed, identifier)
    assert found["Action"] == "DETECT_DRIFT"
    details = found["StackSetDriftDetectionDetails"]
    assert details["DriftStatus"] == "DRIFTED"
    assert details["DriftDetectionStatus"] == "COMPLETED"
    assert details["TotalStackInstancesCount"] == 2
    assert details["DriftedStackInstancesCount"] == 1
    assert details["InSyncStackInstancesCount"] == 1
    shown = deployed.describe_stack_set(StackSetName="base")["StackSet"]
    assert shown["StackSetDriftDetectionDetails"] == details


def test_the_set_shows_only_the_last_completed_run(deployed: CloudFormationClient) -> None:
    running = deployed.detect_stack_set_drift(StackSetName="base")["OperationId"]
    details = operation(deployed, running)["StackSetDriftDetectionDetails"]
    assert details["DriftDetectionStatus"] == "IN_PROGRESS"
    assert details["InProgressStackInstancesCount"] == 2
    shown = deployed.describe_stack_set(StackSetName="base")["StackSet"]
    assert "StackSetDriftDetectionDetails" not in shown


def test_each_instance_has_its_drift_with_time_and_operation(
    sandbox: Sandbox, deployed: CloudFormationClient
) -> None:
    assert describe(deployed, ONE)["DriftStatus"] == "NOT_CHECKED"
    identifier = detect(sandbox, deployed)
    drifted, clean = describe(deployed, ONE), describe(deployed, TWO)
    assert (drifted["DriftStatus"], clean["DriftStatus"]) == ("DRIFTED", "IN_SYNC")
    assert drifted["LastOperationId"] == identifier
    assert drifted["LastDriftCheckTimestamp"] <= sandbox.clock.now()
    assert drifted["Status"] == "CURRENT"
    only = [{"Name": "DRIFT_STATUS", "Values": "DRIFTED"}]
    assert [each["Account"] for each in instances(deployed, Filters=only)] == [ONE]


def test_each_resource_names_the_property_that_differs(
    sandbox: Sandbox, deployed: CloudFormationClient
) -> None:
    found = resources(deployed, detect(sandbox, deployed))
    assert found["Group"]["StackResourceDriftStatus"] == "MODIFIED"
    assert found["Group"]["PropertyDifferences"] == [
        {
            "PropertyPath": "/RetentionInDays",
            "ExpectedValue": "30",
            "ActualValue": "7",
            "DifferenceType": "NOT_EQUAL",
        }
    ]
    assert found["Role"]["StackResourceDriftStatus"] == "IN_SYNC"


def test_a_type_without_drift_detection_is_not_checked(
    sandbox: Sandbox, deployed: CloudFormationClient
) -> None:
    found = resources(deployed, detect(sandbox, deployed), TWO)
    assert found["Runbook"]["StackResourceDriftStatus"] == "NOT_CHECKED"
    assert describe(deployed, TWO)["DriftStatus"] == "IN_SYNC"


def test_resource_drifts_need_a_drift_operation(
    sandbox: Sandbox, deployed: CloudFormationClient
) -> None:
    created = sandbox.operations("base")[0].id
    for identifier in (created, "none"):
        assert code_of(
            deployed.list_stack_instance_resource_drifts,
            StackSetName="base",
            StackInstanceAccount=ONE,
            StackInstanceRegion=HOME,
            OperationId=identifier,
        ) == ("OperationNotFoundException", 404)


def test_only_explicitly_set_properties_are_compared(
    sandbox: Sandbox, deployed: CloudFormationClient
) -> None:
    """The role's session duration is not in the template."""
    name = resources(deployed, detect(sandbox, deployed))["Role"]["PhysicalResourceId"]
    iam = sandbox.session(TWO).client("iam")
    mine = resources(deployed, detect(sandbox, deployed), TWO)["Role"]["PhysicalResourceId"]
    iam.update_role(RoleName=mine, MaxSessionDuration=7200, Description="mine")
    assert name != mine
    detect(sandbox, deployed)
    assert describe(deployed, TWO)["DriftStatus"] == "IN_SYNC"
    iam.update_role(RoleName=mine, Description="theirs")
    detect(sandbox, deployed)
    assert describe(deployed, TWO)["DriftStatus"] == "DRIFTED"


def test_a_deleted_resource_is_drift(sandbox: Sandbox, deployed: CloudFormationClient) -> None:
    sandbox.session(TWO).client("logs").delete_log_group(logGroupName=GROUP)
    found = resources(deployed, detect(sandbox, deployed), TWO)
    assert found["Group"]["StackResourceDriftStatus"] == "DELETED"


def test_overrides_are_considered(sandbox: Sandbox, deployed: CloudFormationClient) -> None:
    """A value that an override asks for is no drift."""
    deployed.update_stack_instances(
        StackSetName="base",
        DeploymentTargets=targets(unit(sandbox, "Workloads"), [TWO]),
        Regions=[HOME],
        ParameterOverrides=parameters({"Days": "90"}),
    )
    sandbox.run_to_end()
    detect(sandbox, deployed)
    assert describe(deployed, TWO)["DriftStatus"] == "IN_SYNC"


def test_drift_detection_takes_preferences_and_blocks_other_operations(
    sandbox: Sandbox, deployed: CloudFormationClient
) -> None:
    sandbox.fail(ONE, action="DETECT_DRIFT")
    begun = deployed.detect_stack_set_drift(
        StackSetName="base",
        OperationPreferences=FAST,  # type: ignore[arg-type]
    )["OperationId"]
    assert code_of(deployed.detect_stack_set_drift, StackSetName="base") == (
        "OperationInProgressException",
        409,
    )
    sandbox.run_to_end()
    details = operation(deployed, begun)["StackSetDriftDetectionDetails"]
    assert details["DriftDetectionStatus"] == "PARTIAL_SUCCESS"
    assert details["FailedStackInstancesCount"] == 1
    assert sandbox.operations("base")[-1].max_concurrent == 2


def test_drift_detection_beyond_its_tolerance_fails(
    sandbox: Sandbox, deployed: CloudFormationClient
) -> None:
    sandbox.fail(ONE, action="DETECT_DRIFT")
    details = operation(deployed, detect(sandbox, deployed))["StackSetDriftDetectionDetails"]
    assert details["DriftDetectionStatus"] == "FAILED"


def test_a_missing_read_permission_makes_false_drift(
    sandbox: Sandbox, deployed: CloudFormationClient
) -> None:
    sandbox.hide(TWO, HOME, "AWS::Logs::LogGroup", "RetentionInDays")
    found = resources(deployed, detect(sandbox, deployed), TWO)
    (difference,) = found["Group"]["PropertyDifferences"]
    assert difference["DifferenceType"] == "REMOVE"
    assert log_groups(sandbox, TWO) == {GROUP: 30}


def test_a_direct_update_of_the_stack_is_no_drift(
    sandbox: Sandbox, deployed: CloudFormationClient
) -> None:
    account, name = inside(sandbox, TWO)
    account.update_stack(
        StackName=name, UsePreviousTemplate=True, Parameters=parameters({"Days": "90"})
    )
    assert log_groups(sandbox, TWO) == {GROUP: 90}
    detect(sandbox, deployed)
    assert describe(deployed, TWO)["DriftStatus"] == "IN_SYNC"


def test_drift_found_on_the_stack_itself_is_not_shown_by_the_stack_set(
    sandbox: Sandbox, deployed: CloudFormationClient
) -> None:
    account, name = inside(sandbox)
    begun = account.detect_stack_drift(StackName=name)["StackDriftDetectionId"]
    sandbox.run_to_end()
    found = account.describe_stack_drift_detection_status(StackDriftDetectionId=begun)
    assert (found["DetectionStatus"], found["StackDriftStatus"]) == (
        "DETECTION_COMPLETE",
        "DRIFTED",
    )
    assert found["DriftedStackResourceCount"] == 1
    modified = account.describe_stack_resource_drifts(
        StackName=name, StackResourceDriftStatusFilters=["MODIFIED"]
    )["StackResourceDrifts"]
    assert [each["LogicalResourceId"] for each in modified] == ["Group"]
    assert describe(deployed, ONE)["DriftStatus"] == "NOT_CHECKED"


def test_updating_an_instance_with_the_same_input_leaves_the_drift(
    sandbox: Sandbox, deployed: CloudFormationClient
) -> None:
    """CloudFormation compares template with template."""
    deployed.update_stack_instances(
        StackSetName="base",
        DeploymentTargets=targets(unit(sandbox, "Workloads"), [ONE]),
        Regions=[HOME],
    )
    sandbox.run_to_end()
    assert sandbox.operations("base")[-1].status == "SUCCEEDED"
    assert log_groups(sandbox, ONE) == {GROUP: 7}


class TestRevertDrift:
    """A change set with DeploymentMode=REVERT_DRIFT on the instance's own stack."""

    def change_set(self, sandbox: Sandbox, account: str = ONE) -> tuple[CloudFormationClient, Any]:
        client, name = inside(sandbox, account)
        made = client.create_change_set(
            StackName=name,
            ChangeSetName="repair",
            ChangeSetType="UPDATE",
            DeploymentMode="REVERT_DRIFT",
            UsePreviousTemplate=True,
        )
        sandbox.run_to_end()
        return client, client.describe_change_set(ChangeSetName=made["Id"])

    def test_it_brings_modified_resources_back(
        self, sandbox: Sandbox, deployed: CloudFormationClient
    ) -> None:
        client, planned = self.change_set(sandbox)
        (change,) = planned["Changes"]
        assert change["ResourceChange"]["Action"] == "Modify"
        assert change["ResourceChange"]["Replacement"] == "False"
        client.execute_change_set(ChangeSetName=planned["ChangeSetId"])
        sandbox.run_to_end()
        assert log_groups(sandbox, ONE) == {GROUP: 30}
        detect(sandbox, deployed)
        assert describe(deployed, ONE)["DriftStatus"] == "IN_SYNC"

    @pytest.mark.usefixtures("deployed")
    def test_it_creates_deleted_resources_again(self, sandbox: Sandbox) -> None:
        sandbox.session(TWO).client("logs").delete_log_group(logGroupName=GROUP)
        client, planned = self.change_set(sandbox, TWO)
        assert planned["Changes"][0]["ResourceChange"]["Action"] == "Add"
        client.execute_change_set(ChangeSetName=planned["ChangeSetId"])
        sandbox.run_to_end()
        assert log_groups(sandbox, TWO) == {GROUP: 30}

    def test_the_status_of_the_instance_changes_only_with_the_next_detection(
        self, sandbox: Sandbox, deployed: CloudFormationClient
    ) -> None:
        detect(sandbox, deployed)
        client, planned = self.change_set(sandbox)
        client.execute_change_set(ChangeSetName=planned["ChangeSetId"])
        sandbox.run_to_end()
        assert describe(deployed, ONE)["DriftStatus"] == "DRIFTED"

    @pytest.mark.usefixtures("deployed")
    def test_without_drift_there_is_nothing_to_execute(self, sandbox: Sandbox) -> None:
        client, planned = self.change_set(sandbox, TWO)
        assert (planned["Status"], planned["ExecutionStatus"]) == ("FAILED", "UNAVAILABLE")
        assert "didn't contain changes" in planned["StatusReason"]
        assert code_of(client.execute_change_set, ChangeSetName=planned["ChangeSetId"])[0] == (
            "InvalidChangeSetStatus"
        )

    @pytest.mark.usefixtures("deployed")
    def test_an_ordinary_change_set_does_not_see_drift(self, sandbox: Sandbox) -> None:
        client, name = inside(sandbox)
        same = {"StackName": name, "UsePreviousTemplate": True}
        made = client.create_change_set(ChangeSetName="c", ChangeSetType="UPDATE", **same)  # type: ignore[arg-type]
        sandbox.run_to_end()
        assert client.describe_change_set(ChangeSetName=made["Id"])["Status"] == "FAILED"
        assert code_of(client.update_stack, **same) == ("ValidationError", 400)

    def test_whether_it_is_allowed_on_stacks_of_a_set_is_a_setting(self) -> None:
        settings = Settings(revert_drift_on_stack_set_stacks=False)
        with Sandbox.start(ORGANIZATION, settings=settings) as sandbox:
            client = cloudformation(sandbox)
            service_managed(client)
            deploy(sandbox, client, accounts=[ONE])
            account, name = inside(sandbox)
            assert code_of(
                account.create_change_set,
                StackName=name,
                ChangeSetName="c",
                ChangeSetType="UPDATE",
                DeploymentMode="REVERT_DRIFT",
                UsePreviousTemplate=True,
            ) == ("ValidationError", 400)


@pytest.mark.parametrize(("resets", "status"), [(True, "NOT_CHECKED"), (False, "DRIFTED")])
def test_whether_an_update_resets_the_drift_status_is_a_setting(resets: bool, status: str) -> None:
    with Sandbox.start(ORGANIZATION, settings=Settings(update_resets_drift=resets)) as sandbox:
        client = cloudformation(sandbox)
        service_managed(client)
        deploy(sandbox, client, accounts=[ONE])
        logs = sandbox.session(ONE).client("logs")
        logs.put_retention_policy(logGroupName=GROUP, retentionInDays=7)
        detect(sandbox, client)
        client.update_stack_set(
            StackSetName="base", UsePreviousTemplate=True, Parameters=parameters({"Prefix": "n"})
        )
        sandbox.run_to_end()
        assert describe(client, ONE)["DriftStatus"] == status
