"""Change sets on the stacks of stack instances: how they go, step by step, and go wrong."""

from datetime import timedelta
from typing import Any

import pytest
from types_boto3_cloudformation import CloudFormationClient

from orgrollout.sandbox import Sandbox, Settings
from tests.sandbox.api.test_cfn_stacks import stack_of
from tests.sandbox.support import (
    ACCOUNTS,
    HOME,
    ORGANIZATION,
    cloudformation,
    code_of,
    deploy,
    log_groups,
    parameters,
    service_managed,
)

ONE, TWO = ACCOUNTS[:2]
GROUP = f"/x/{HOME}"
PLACE = (ONE, HOME, "base")


@pytest.fixture
def account(sandbox: Sandbox, client: CloudFormationClient) -> CloudFormationClient:
    """A client inside of an account in which a person has changed the log group."""
    service_managed(client)
    deploy(sandbox, client, accounts=[ONE, TWO])
    sandbox.tamper(*PLACE, "Group", "/RetentionInDays", 7)
    return cloudformation(sandbox, ONE)


def begin(sandbox: Sandbox, name: str = "repair") -> dict[str, str]:
    """Begin a drift-aware change set and return its name and stack."""
    client, stack = stack_of(sandbox)
    client.create_change_set(
        StackName=stack["StackId"],
        ChangeSetName=name,
        ChangeSetType="UPDATE",
        DeploymentMode="REVERT_DRIFT",
        UsePreviousTemplate=True,
    )
    return {"ChangeSetName": name, "StackName": stack["StackId"]}


def made(sandbox: Sandbox, name: str = "repair") -> dict[str, str]:
    """Make a drift-aware change set and wait until it can be executed."""
    change_set = begin(sandbox, name)
    sandbox.run_to_end()
    return change_set


def state(client: CloudFormationClient, change_set: dict[str, str]) -> tuple[str, str]:
    found = client.describe_change_set(**change_set)  # type: ignore[arg-type]
    return found["Status"], found["ExecutionStatus"]


def test_it_is_pending_then_in_progress_then_available(
    sandbox: Sandbox, account: CloudFormationClient
) -> None:
    change_set = begin(sandbox)
    assert state(account, change_set) == ("CREATE_PENDING", "UNAVAILABLE")
    sandbox.clock.sleep(timedelta(seconds=2))
    assert state(account, change_set) == ("CREATE_IN_PROGRESS", "UNAVAILABLE")
    assert code_of(account.execute_change_set, **change_set) == ("InvalidChangeSetStatus", 400)
    sandbox.run_to_end()
    assert state(account, change_set) == ("CREATE_COMPLETE", "AVAILABLE")


def test_executing_takes_time_and_the_stack_names_its_change_set(
    sandbox: Sandbox, account: CloudFormationClient
) -> None:
    change_set = made(sandbox)
    account.execute_change_set(**change_set)  # type: ignore[arg-type]
    _, stack = stack_of(sandbox)
    assert stack["StackStatus"] == "UPDATE_IN_PROGRESS"
    assert state(account, change_set)[1] == "EXECUTE_IN_PROGRESS"
    assert log_groups(sandbox, ONE) == {GROUP: 7}
    sandbox.run_to_end()
    _, stack = stack_of(sandbox)
    executed = {"ChangeSetName": stack["ChangeSetId"]}
    assert (stack["StackStatus"], state(account, executed)[1]) == (
        "UPDATE_COMPLETE",
        "EXECUTE_COMPLETE",
    )
    assert stack["ChangeSetId"].split("/")[1] == "repair"
    assert log_groups(sandbox, ONE) == {GROUP: 30}
    events = account.describe_stack_events(StackName=stack["StackId"])["StackEvents"]
    assert [each["ResourceStatus"] for each in events][:2] == ["UPDATE_COMPLETE"] * 2


def test_each_drifted_property_is_a_detail_with_values_if_asked(
    sandbox: Sandbox, account: CloudFormationClient
) -> None:
    change_set: Any = made(sandbox)
    found = account.describe_change_set(**change_set, IncludePropertyValues=True)
    assert (found["StackDriftStatus"], found["DeploymentMode"]) == ("DRIFTED", "REVERT_DRIFT")
    change = found["Changes"][0]["ResourceChange"]
    assert (change["Scope"], change["ResourceDriftStatus"]) == (["Properties"], "MODIFIED")
    target = change["Details"][0]["Target"]
    assert (target["Path"], target["BeforeValue"], target["AfterValue"]) == (
        "/RetentionInDays",
        "7",
        "30",
    )
    assert target["Drift"]["ActualValue"] == "7"
    (without,) = account.describe_change_set(**change_set)["Changes"]
    assert "BeforeValue" not in without["ResourceChange"]["Details"][0]["Target"]


def test_a_name_is_used_once_and_executing_takes_the_others_away(
    sandbox: Sandbox, account: CloudFormationClient
) -> None:
    one = made(sandbox)
    again: Any = {
        **one,
        "ChangeSetType": "UPDATE",
        "DeploymentMode": "REVERT_DRIFT",
        "UsePreviousTemplate": True,
    }
    assert code_of(account.create_change_set, **again)[0] == "AlreadyExistsException"
    other = made(sandbox, "other")
    account.execute_change_set(**one)  # type: ignore[arg-type]
    assert code_of(account.describe_change_set, **other) == ("ChangeSetNotFound", 404)
    sandbox.run_to_end()
    assert code_of(account.execute_change_set, **one)[0] == "ChangeSetNotFound"
    executed = {"ChangeSetName": stack_of(sandbox)[1]["ChangeSetId"]}
    assert code_of(account.execute_change_set, **executed)[0] == "InvalidChangeSetStatus"


def test_deleting_one_that_is_not_there_succeeds(account: CloudFormationClient) -> None:
    """Clean-up code calls it without looking first (measured on AWS 2026-09-02)."""
    name = account.describe_stacks()["Stacks"][0]["StackName"]
    account.delete_change_set(StackName=name, ChangeSetName="never-made")
    assert account.list_change_sets(StackName=name)["Summaries"] == []


def test_without_a_type_it_is_an_update(sandbox: Sandbox, account: CloudFormationClient) -> None:
    name = account.describe_stacks()["Stacks"][0]["StackName"]
    account.create_change_set(
        StackName=name,
        ChangeSetName="untyped",
        DeploymentMode="REVERT_DRIFT",
        UsePreviousTemplate=True,
    )
    sandbox.run_to_end()
    found = account.describe_change_set(StackName=name, ChangeSetName="untyped")
    assert (found["Status"], found["DeploymentMode"]) == ("CREATE_COMPLETE", "REVERT_DRIFT")


@pytest.mark.parametrize(
    ("choice", "code"), [("by_arn", ""), ("kept", ""), ("gone", "ChangeSetNotFound")]
)
def test_whether_an_executed_one_stays_describable_is_a_setting(choice: str, code: str) -> None:
    settings = Settings(executed_change_set=choice)
    with Sandbox.start(ORGANIZATION, settings=settings) as sandbox:
        client = cloudformation(sandbox)
        service_managed(client)
        deploy(sandbox, client, accounts=[ONE])
        sandbox.tamper(*PLACE, "Group", "/RetentionInDays", 7)
        change_set = made(sandbox)
        account, _ = stack_of(sandbox)
        account.execute_change_set(**change_set)  # type: ignore[arg-type]
        sandbox.run_to_end()
        by_name = "ChangeSetNotFound" if choice == "by_arn" else code
        assert code_of(account.describe_change_set, **change_set)[0] == by_name
        identifier = stack_of(sandbox)[1]["ChangeSetId"]
        assert code_of(account.describe_change_set, ChangeSetName=identifier)[0] == code


def test_nothing_else_changes_a_stack_meanwhile(
    sandbox: Sandbox, client: CloudFormationClient, account: CloudFormationClient
) -> None:
    sandbox.stuck_change_set(ONE)
    account.execute_change_set(**made(sandbox))  # type: ignore[arg-type]
    _, stack = stack_of(sandbox)
    busy = code_of(account.update_stack, StackName=stack["StackId"], UsePreviousTemplate=True)
    assert busy == ("ValidationError", 400)
    client.update_stack_set(
        StackSetName="base", UsePreviousTemplate=True, Parameters=parameters({"Days": "90"})
    )
    sandbox.run_to_end()
    reason = sandbox.operations("base")[-1].reasons[ONE, HOME]
    assert "is in UPDATE_IN_PROGRESS state and can not be updated" in reason


def test_a_failed_execution_is_rolled_back_with_its_reason_in_the_events(
    sandbox: Sandbox, account: CloudFormationClient
) -> None:
    sandbox.fail_change_set(ONE, reason="Access denied for logs:PutRetentionPolicy")
    change_set = made(sandbox)
    account.execute_change_set(**change_set)  # type: ignore[arg-type]
    sandbox.run_to_end()
    _, stack = stack_of(sandbox)
    assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert state(account, change_set)[1] == "EXECUTE_FAILED"
    assert log_groups(sandbox, ONE) == {GROUP: 7}
    events = account.describe_stack_events(StackName=stack["StackId"])["StackEvents"]
    (failed,) = [each for each in events if each["ResourceStatus"] == "UPDATE_FAILED"]
    assert failed["LogicalResourceId"] == "Group"
    assert failed["ResourceStatusReason"] == "Access denied for logs:PutRetentionPolicy"


@pytest.mark.slow
def test_replacements_removals_and_refusals_are_scripted(
    sandbox: Sandbox, account: CloudFormationClient
) -> None:
    sandbox.replaces(ONE, replacement="Conditional", times=1)
    sandbox.removes(ONE, times=1)
    sandbox.refuse_change_set(ONE, reason="No.")
    found: list[Any] = [
        account.describe_change_set(**made(sandbox, name))  # type: ignore[arg-type]
        for name in ("replacing", "removing", "refused", "harmless")
    ]
    replacing, removing, refused, harmless = found
    assert [c["ResourceChange"]["Replacement"] for c in replacing["Changes"]] == ["Conditional"]
    assert [c["ResourceChange"]["Action"] for c in removing["Changes"]] == ["Modify", "Remove"]
    assert (refused["Status"], refused["StatusReason"]) == ("FAILED", "No.")
    assert [c["ResourceChange"]["Replacement"] for c in harmless["Changes"]] == ["False"]


@pytest.mark.parametrize("step", ["create", "execute"])
def test_slow_and_stuck_are_scripted(
    sandbox: Sandbox, account: CloudFormationClient, step: str
) -> None:
    sandbox.slow_change_set(ONE, step=step, seconds=timedelta(hours=1), times=1)
    began = sandbox.clock.now()
    account.execute_change_set(**made(sandbox))  # type: ignore[arg-type]
    sandbox.run_to_end()
    assert sandbox.clock.now() - began > timedelta(hours=1)
    sandbox.stuck_change_set(ONE, step="create")
    assert state(account, made(sandbox, "stuck"))[0] == "CREATE_IN_PROGRESS"


def test_every_call_is_recorded_with_account_role_stack_and_change_set(
    sandbox: Sandbox, account: CloudFormationClient
) -> None:
    """A test can prove that nothing but certain stacks was touched."""
    found = account.describe_change_set(**made(sandbox))  # type: ignore[arg-type]
    account.execute_change_set(ChangeSetName=found["ChangeSetId"])
    calls = [call for call in sandbox.calls if call.change_set is not None]
    assert [call.operation for call in calls] == [
        "CreateChangeSet",
        "DescribeChangeSet",
        "ExecuteChangeSet",
    ]
    places = {(call.account, call.region, call.role, call.stack_set) for call in calls}
    assert places == {(ONE, HOME, "OrganizationAccountAccessRole", "base")}
    assert {call.stack for call in calls} == {found["StackName"]}
    assert {call.change_set for call in calls} == {"repair"}
