"""Section C: which accounts and instances a call means."""

from typing import Any

import pytest
from types_boto3_cloudformation import CloudFormationClient

from orgrollout.sandbox import Sandbox, Settings
from tests.sandbox.support import (
    ACCOUNTS,
    FAST,
    HOME,
    ORGANIZATION,
    cloudformation,
    code_of,
    deploy,
    describe,
    instances,
    operation,
    service_managed,
    targets,
    unit,
)

DEEP, PROD, AUDIT, OLD = "400000000000", "300000000000", "222222222222", "555555555555"
MANAGEMENT = "999999999999"
BELOW_WORKLOADS = {*ACCOUNTS, PROD, DEEP}
INVALID = ("ValidationError", 400)


def create(sandbox: Sandbox, client: CloudFormationClient, where: Any) -> set[str]:
    client.create_stack_instances(
        StackSetName="base",
        DeploymentTargets=where,
        Regions=[HOME],
        OperationPreferences=FAST,  # type: ignore[arg-type]
    )
    sandbox.run_to_end()
    return {account for account, _ in sandbox.operations("base")[-1].targets}


def test_a_unit_includes_every_account_below_it_at_any_depth(
    sandbox: Sandbox, client: CloudFormationClient
) -> None:
    service_managed(client)
    where = {"OrganizationalUnitIds": [unit(sandbox, "Workloads")]}
    assert create(sandbox, client, where) == BELOW_WORKLOADS


def test_the_root_includes_all_accounts_but_the_management_account(
    sandbox: Sandbox, client: CloudFormationClient
) -> None:
    service_managed(client)
    where = {"OrganizationalUnitIds": [unit(sandbox)]}
    assert create(sandbox, client, where) == {*BELOW_WORKLOADS, AUDIT, OLD}


def test_naming_the_management_account_does_not_deploy_to_it(
    sandbox: Sandbox, client: CloudFormationClient
) -> None:
    service_managed(client)
    where = targets(unit(sandbox), [MANAGEMENT, AUDIT])
    assert create(sandbox, client, where) == {AUDIT}


def test_intersection_keeps_the_named_accounts_that_are_in_the_units(
    sandbox: Sandbox, client: CloudFormationClient
) -> None:
    service_managed(client)
    where = targets(unit(sandbox, "Workloads"), [DEEP, AUDIT])
    assert create(sandbox, client, where) == {DEEP}


def test_difference_leaves_the_named_accounts_out(
    sandbox: Sandbox, client: CloudFormationClient
) -> None:
    service_managed(client)
    where = {
        "OrganizationalUnitIds": [unit(sandbox, "Workloads")],
        "Accounts": list(ACCOUNTS),
        "AccountFilterType": "DIFFERENCE",
    }
    assert create(sandbox, client, where) == {PROD, DEEP}


@pytest.mark.parametrize("kind", ["UNION", None])
def test_creating_refuses_union_and_accounts_without_a_filter_type(
    sandbox: Sandbox, client: CloudFormationClient, kind: str | None
) -> None:
    service_managed(client)
    where: dict[str, Any] = {"OrganizationalUnitIds": [unit(sandbox)], "Accounts": [AUDIT]}
    where |= {"AccountFilterType": kind} if kind else {}
    assert (
        code_of(
            client.create_stack_instances,
            StackSetName="base",
            DeploymentTargets=where,
            Regions=[HOME],
        )
        == INVALID
    )


@pytest.mark.parametrize(
    "where",
    [
        {"Accounts": [AUDIT]},
        {"DeploymentTargets": {"Accounts": [AUDIT]}},
        {"DeploymentTargets": {"OrganizationalUnitIds": ["ou-none-12345678"]}},
        {"DeploymentTargets": {"OrganizationalUnitIds": [f"ou-none-{i:08}" for i in range(51)]}},
    ],
    ids=["accounts", "no unit", "unknown unit", "51 units"],
)
def test_service_managed_sets_take_units_that_exist_and_50_at_most(
    client: CloudFormationClient, where: dict[str, Any]
) -> None:
    service_managed(client)
    call = client.create_stack_instances
    assert code_of(call, StackSetName="base", Regions=[HOME], **where) == INVALID


def test_self_managed_sets_take_accounts_either_way_but_not_both(
    sandbox: Sandbox, client: CloudFormationClient
) -> None:
    service_managed(client, PermissionModel="SELF_MANAGED")
    call = client.create_stack_instances
    both = {"Accounts": [AUDIT], "DeploymentTargets": {"Accounts": [AUDIT]}}
    assert code_of(call, StackSetName="base", Regions=[HOME], **both) == INVALID
    call(StackSetName="base", Regions=[HOME], Accounts=[AUDIT])
    sandbox.run_to_end()
    call(StackSetName="base", Regions=[HOME], DeploymentTargets={"Accounts": [MANAGEMENT]})
    sandbox.run_to_end()
    assert {each["Account"] for each in instances(client)} == {AUDIT, MANAGEMENT}
    assert sandbox.operations("base")[-1].status == "SUCCEEDED"


def test_an_instance_has_the_unit_that_was_targeted_and_not_its_parent(
    sandbox: Sandbox, client: CloudFormationClient
) -> None:
    service_managed(client)
    deploy(sandbox, client, accounts=[DEEP])
    assert describe(client, DEEP)["OrganizationalUnitId"] == unit(sandbox, "Workloads")
    sandbox.move("d0", "Security")
    assert describe(client, DEEP)["OrganizationalUnitId"] == unit(sandbox, "Workloads")


def test_deleting_by_the_recorded_unit_reaches_an_account_that_moved(
    sandbox: Sandbox, client: CloudFormationClient
) -> None:
    service_managed(client)
    deploy(sandbox, client, accounts=[DEEP, PROD])
    sandbox.move("d0", "Security")
    client.delete_stack_instances(
        StackSetName="base",
        DeploymentTargets=targets(unit(sandbox, "Workloads"), [DEEP]),
        Regions=[HOME],
        RetainStacks=False,
    )
    sandbox.run_to_end()
    assert [each["Account"] for each in instances(client)] == [PROD]


def test_updating_an_instance_that_is_missing_is_refused_up_front(
    sandbox: Sandbox, client: CloudFormationClient
) -> None:
    service_managed(client)
    deploy(sandbox, client, accounts=ACCOUNTS[:1])
    where = targets(unit(sandbox, "Workloads"), ACCOUNTS[:2])
    missing = ("StackInstanceNotFoundException", 404)
    for call, more in (
        (client.update_stack_instances, {}),
        (client.update_stack_set, {"UsePreviousTemplate": True}),
    ):
        found = code_of(call, StackSetName="base", DeploymentTargets=where, Regions=[HOME], **more)
        assert found == missing
    assert len(sandbox.operations("base")) == 1


def test_accounts_may_come_from_an_object_in_s3(
    sandbox: Sandbox, client: CloudFormationClient
) -> None:
    s3 = sandbox.session().client("s3")
    s3.create_bucket(Bucket="lists")
    s3.put_object(Bucket="lists", Key="accounts.csv", Body=f"{ACCOUNTS[0]},{ACCOUNTS[1]}".encode())
    service_managed(client)
    where = {
        "OrganizationalUnitIds": [unit(sandbox)],
        "AccountsUrl": "https://lists.s3.us-east-1.amazonaws.com/accounts.csv",
        "AccountFilterType": "INTERSECTION",
    }
    assert create(sandbox, client, where) == set(ACCOUNTS[:2])


def test_stack_sets_are_regional(sandbox: Sandbox, client: CloudFormationClient) -> None:
    service_managed(client)
    elsewhere = sandbox.session(region="eu-west-1").client("cloudformation")
    assert code_of(elsewhere.describe_stack_set, StackSetName="base")[1] == 404


def test_a_suspended_account_is_skipped_and_counts_toward_no_tolerance(
    sandbox: Sandbox, client: CloudFormationClient
) -> None:
    service_managed(client)
    client.create_stack_instances(
        StackSetName="base",
        DeploymentTargets=targets(unit(sandbox, "Security")),
        Regions=[HOME],
    )
    sandbox.run_to_end()
    record = sandbox.operations("base")[-1]
    assert record.status == "SUCCEEDED"
    assert record.skipped == {(OLD, HOME)}
    skipped = describe(client, OLD)
    assert skipped["StackInstanceStatus"]["DetailedStatus"] == "SKIPPED_SUSPENDED_ACCOUNT"
    assert "StackId" not in skipped
    # The text is AWS's (ansible-collections/community.aws#2358).
    assert skipped["StatusReason"] == (
        "This account is suspended. To remove this instance from the stack set, run "
        "DeleteStackInstances with the RetainStacks parameter."
    )
    assert skipped["DriftStatus"] == "NOT_CHECKED"
    done = operation(client, record.id)
    assert done["StatusDetails"]["FailedStackInstancesCount"] == 0


@pytest.mark.parametrize("status", ["OUTDATED", "CURRENT"])
@pytest.mark.parametrize("result", ["CANCELLED", "SUCCEEDED", "FAILED"])
def test_what_a_skipped_account_looks_like_is_a_setting(status: str, result: str) -> None:
    settings = Settings(skipped_status=status, skipped_result=result)
    with Sandbox.start(ORGANIZATION, settings=settings) as sandbox:
        client = cloudformation(sandbox)
        service_managed(client)
        deploy(sandbox, client, where="Security", accounts=[OLD])
        assert describe(client, OLD)["Status"] == status
        identifier = sandbox.operations("base")[-1].id
        (seen,) = client.list_stack_set_operation_results(
            StackSetName="base", OperationId=identifier
        )["Summaries"]
        assert seen["Status"] == result


def test_instances_are_listed_by_filters_account_and_region(
    sandbox: Sandbox, client: CloudFormationClient
) -> None:
    service_managed(client)
    sandbox.fail(ACCOUNTS[0], "eu-west-1")
    done = deploy(sandbox, client, regions=[HOME, "eu-west-1"])

    def having(**more: Any) -> set[tuple[str, str]]:
        return {(each["Account"], each["Region"]) for each in instances(client, **more)}

    failed = [{"Name": "DETAILED_STATUS", "Values": "FAILED"}]
    assert having(Filters=failed) == {(ACCOUNTS[0], "eu-west-1")}
    assert having(StackInstanceRegion=HOME) == {(account, HOME) for account in ACCOUNTS}
    assert len(having(StackInstanceAccount=ACCOUNTS[0])) == 2
    mine = [{"Name": "LAST_OPERATION_ID", "Values": done.id}]
    assert having(Filters=mine) == done.targets
    assert having(Filters=[{"Name": "DRIFT_STATUS", "Values": "DRIFTED"}]) == set()
    page = client.list_stack_instances(StackSetName="base", MaxResults=7)
    assert len(page["Summaries"]) == 7
    assert page["NextToken"]
    four = [{"Name": "DRIFT_STATUS", "Values": "DRIFTED"}] * 4
    assert code_of(client.list_stack_instances, StackSetName="base", Filters=four) == INVALID


@pytest.mark.parametrize(
    ("value", "retain", "left"),
    [
        ("with_retain", True, []),
        ("with_retain", False, [OLD]),
        ("skip", True, [OLD]),
        ("remove_record", False, []),
    ],
)
def test_deleting_in_a_suspended_account_is_a_setting(
    value: str, retain: bool, left: list[str]
) -> None:
    with Sandbox.start(ORGANIZATION, settings=Settings(suspended_delete=value)) as sandbox:
        client = cloudformation(sandbox)
        service_managed(client)
        deploy(sandbox, client, where="Security", accounts=[AUDIT, OLD])
        client.delete_stack_instances(
            StackSetName="base",
            DeploymentTargets=targets(unit(sandbox, "Security")),
            Regions=[HOME],
            RetainStacks=retain,
        )
        sandbox.run_to_end()
        assert [each["Account"] for each in instances(client)] == left


@pytest.mark.parametrize("kind", ["UNION", None])
def test_deleting_takes_union_which_is_the_default_filter_type(
    sandbox: Sandbox, client: CloudFormationClient, kind: str | None
) -> None:
    service_managed(client)
    deploy(sandbox, client, where="/", accounts=[AUDIT, PROD, *ACCOUNTS[:2]])
    where: Any = {
        "OrganizationalUnitIds": [unit(sandbox, "Prod")],
        "Accounts": [AUDIT],
    }
    where |= {"AccountFilterType": kind} if kind else {}
    client.delete_stack_instances(
        StackSetName="base", DeploymentTargets=where, Regions=[HOME], RetainStacks=False
    )
    sandbox.run_to_end()
    assert {each["Account"] for each in instances(client)} == set(ACCOUNTS[:2])
