"""Section C: overrides, and what an update does to which instances."""

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
    parameters,
    service_managed,
    targets,
    unit,
)

ONE = ACCOUNTS[0]
INVALID = ("ValidationError", 400)


def update(sandbox: Sandbox, client: CloudFormationClient, *accounts: str, **more: Any) -> None:
    client.update_stack_instances(
        StackSetName="base",
        DeploymentTargets=targets(unit(sandbox, "Workloads"), accounts),
        Regions=[HOME],
        OperationPreferences=FAST,  # type: ignore[arg-type]
        **more,
    )
    sandbox.run_to_end()


def overrides(client: CloudFormationClient, account: str = ONE) -> dict[str, str]:
    found = describe(client, account)["ParameterOverrides"]
    return {each["ParameterKey"]: each["ParameterValue"] for each in found}


@pytest.fixture
def deployed(sandbox: Sandbox, client: CloudFormationClient) -> CloudFormationClient:
    """Two instances, both with the overrides Days=7 and Prefix=o."""
    service_managed(client)
    given = parameters({"Days": "7", "Prefix": "o"})
    deploy(sandbox, client, accounts=ACCOUNTS[:2], ParameterOverrides=given)
    return client


def test_overrides_given_at_creation_are_used(
    sandbox: Sandbox, deployed: CloudFormationClient
) -> None:
    assert overrides(deployed) == {"Days": "7", "Prefix": "o"}
    assert log_groups(sandbox, ONE) == {f"/o/{HOME}": 7}


def test_omitting_the_list_leaves_all_overrides(
    sandbox: Sandbox, deployed: CloudFormationClient
) -> None:
    update(sandbox, deployed, ONE)
    assert overrides(deployed) == {"Days": "7", "Prefix": "o"}


def test_a_list_replaces_all_and_use_previous_value_keeps(
    sandbox: Sandbox, deployed: CloudFormationClient
) -> None:
    update(sandbox, deployed, ONE, ParameterOverrides=parameters({"Days": "14"}))
    assert overrides(deployed) == {"Days": "14"}
    assert log_groups(sandbox, ONE) == {f"/x/{HOME}": 14}
    keep = [{"ParameterKey": "Days", "UsePreviousValue": True}]
    update(sandbox, deployed, ONE, ParameterOverrides=[*keep, *parameters({"Prefix": "q"})])
    assert overrides(deployed) == {"Days": "14", "Prefix": "q"}


def test_an_empty_list_resets_to_the_stack_sets_values(
    sandbox: Sandbox, deployed: CloudFormationClient
) -> None:
    update(sandbox, deployed, ONE, ParameterOverrides=[])
    assert overrides(deployed) == {}
    assert log_groups(sandbox, ONE) == {f"/x/{HOME}": 30}
    assert overrides(deployed, ACCOUNTS[1]) == {"Days": "7", "Prefix": "o"}


def test_a_value_together_with_use_previous_value_is_refused(
    sandbox: Sandbox, deployed: CloudFormationClient
) -> None:
    both = [{"ParameterKey": "Days", "ParameterValue": "1", "UsePreviousValue": True}]
    assert (
        code_of(
            deployed.update_stack_instances,
            StackSetName="base",
            DeploymentTargets=targets(unit(sandbox, "Workloads"), [ONE]),
            Regions=[HOME],
            ParameterOverrides=both,
        )
        == INVALID
    )


def test_a_new_parameter_cannot_be_overridden_before_the_set_has_it(
    sandbox: Sandbox, deployed: CloudFormationClient
) -> None:
    where = {
        "StackSetName": "base",
        "DeploymentTargets": targets(unit(sandbox, "Workloads"), [ONE]),
        "Regions": [HOME],
        "ParameterOverrides": parameters({"New": "1"}),
    }
    assert code_of(deployed.update_stack_instances, **where) == INVALID
    body = TEMPLATE.replace("Parameters:", "Parameters:\n  New: {Type: String, Default: d}")
    deployed.update_stack_set(StackSetName="base", TemplateBody=body)
    sandbox.run_to_end()
    deployed.update_stack_instances(**where)
    sandbox.run_to_end()
    assert overrides(deployed) == {"New": "1"}


def test_updating_the_stack_set_never_changes_overridden_values(
    sandbox: Sandbox, deployed: CloudFormationClient
) -> None:
    update(sandbox, deployed, ONE, ParameterOverrides=parameters({"Days": "7"}))
    deployed.update_stack_set(
        StackSetName="base",
        UsePreviousTemplate=True,
        Parameters=parameters({"Days": "90", "Prefix": "z"}),
        OperationPreferences=FAST,  # type: ignore[arg-type]
    )
    sandbox.run_to_end()
    assert overrides(deployed) == {"Days": "7"}
    assert log_groups(sandbox, ONE) == {f"/z/{HOME}": 7}


def test_an_untargeted_update_reaches_all_instances(
    sandbox: Sandbox, deployed: CloudFormationClient
) -> None:
    deploy(sandbox, deployed, accounts=ACCOUNTS[2:4], regions=["eu-west-1"])
    deployed.update_stack_set(StackSetName="base", UsePreviousTemplate=True)
    sandbox.run_to_end()
    everything = {(each["Account"], each["Region"]) for each in instances(deployed)}
    assert sandbox.operations("base")[-1].targets == everything


def test_a_changed_subset_marks_all_outdated_and_updates_only_the_subset(
    sandbox: Sandbox, deployed: CloudFormationClient
) -> None:
    deployed.update_stack_set(
        StackSetName="base",
        UsePreviousTemplate=True,
        Parameters=parameters({"Days": "60"}),
        DeploymentTargets=targets(unit(sandbox, "Workloads"), [ONE]),
        Regions=[HOME],
    )
    other = describe(deployed, ACCOUNTS[1])
    before = other["LastOperationId"]
    assert (other["Status"], other["StackInstanceStatus"]["DetailedStatus"]) == (
        "OUTDATED",
        "PENDING",
    )
    sandbox.run_to_end()
    assert describe(deployed, ONE)["Status"] == "CURRENT"
    other = describe(deployed, ACCOUNTS[1])
    assert other["Status"] == "OUTDATED"
    assert other["LastOperationId"] == before
    assert sandbox.operations("base")[-1].targets == {(ONE, HOME)}


def test_a_subset_without_a_change_touches_only_the_subset(
    sandbox: Sandbox, deployed: CloudFormationClient
) -> None:
    deployed.update_stack_set(
        StackSetName="base",
        UsePreviousTemplate=True,
        DeploymentTargets=targets(unit(sandbox, "Workloads"), [ONE]),
        Regions=[HOME],
    )
    assert describe(deployed, ACCOUNTS[1])["Status"] == "CURRENT"
    sandbox.run_to_end()
    assert {each["Status"] for each in instances(deployed)} == {"CURRENT"}


def test_updating_instances_later_applies_the_new_definition(
    sandbox: Sandbox, deployed: CloudFormationClient
) -> None:
    body = TEMPLATE.replace("/${Prefix}/", "/new/${Prefix}/")
    deployed.update_stack_set(
        StackSetName="base",
        TemplateBody=body,
        DeploymentTargets=targets(unit(sandbox, "Workloads"), [ONE]),
        Regions=[HOME],
    )
    sandbox.run_to_end()
    assert log_groups(sandbox, ACCOUNTS[1]) == {f"/o/{HOME}": 7}
    update(sandbox, deployed, ACCOUNTS[1])
    assert log_groups(sandbox, ACCOUNTS[1]) == {f"/new/o/{HOME}": 7}
    assert describe(deployed, ACCOUNTS[1])["Status"] == "CURRENT"


def test_whether_updating_instances_applies_the_new_definition_is_a_setting() -> None:
    settings = Settings(update_instances_definition="previous")
    with Sandbox.start(ORGANIZATION, settings=settings) as sandbox:
        client = cloudformation(sandbox)
        service_managed(client)
        deploy(sandbox, client, accounts=ACCOUNTS[:2])
        client.update_stack_set(
            StackSetName="base",
            TemplateBody=TEMPLATE.replace("/${Prefix}/", "/new/${Prefix}/"),
            DeploymentTargets=targets(unit(sandbox, "Workloads"), [ONE]),
            Regions=[HOME],
        )
        sandbox.run_to_end()
        update(sandbox, client, ACCOUNTS[1])
        assert log_groups(sandbox, ACCOUNTS[1]) == {f"/x/{HOME}": 30}
        assert describe(client, ACCOUNTS[1])["Status"] == "OUTDATED"


@pytest.mark.parametrize(
    ("setting", "expected"), [("skip", {}), ("apply_overrides", {"Days": "3"})]
)
def test_overrides_of_create_on_a_current_instance_are_a_setting(
    setting: str, expected: dict[str, str]
) -> None:
    with Sandbox.start(ORGANIZATION, settings=Settings(create_on_current=setting)) as sandbox:
        client = cloudformation(sandbox)
        service_managed(client)
        deploy(sandbox, client, accounts=[ONE])
        given = parameters({"Days": "3"})
        deploy(sandbox, client, accounts=[ONE], ParameterOverrides=given)
        assert overrides(client) == expected


@pytest.mark.parametrize(("setting", "seen"), [("at_start", {"Days": "3"}), ("at_success", {})])
def test_when_overrides_become_visible_is_a_setting(setting: str, seen: dict[str, str]) -> None:
    with Sandbox.start(ORGANIZATION, settings=Settings(overrides_stored=setting)) as sandbox:
        client = cloudformation(sandbox)
        service_managed(client)
        deploy(sandbox, client, accounts=[ONE])
        client.update_stack_instances(
            StackSetName="base",
            DeploymentTargets=targets(unit(sandbox, "Workloads"), [ONE]),
            Regions=[HOME],
            ParameterOverrides=parameters({"Days": "3"}),
        )
        assert overrides(client) == seen
        sandbox.run_to_end()
        assert overrides(client) == {"Days": "3"}


def test_tags_are_kept_when_omitted_and_cleared_when_empty(
    sandbox: Sandbox, client: CloudFormationClient
) -> None:
    tags = [{"Key": "owner", "Value": "me"}]
    service_managed(client, Tags=tags)
    client.update_stack_set(StackSetName="base", UsePreviousTemplate=True)
    sandbox.run_to_end()
    assert client.describe_stack_set(StackSetName="base")["StackSet"]["Tags"] == tags
    client.update_stack_set(StackSetName="base", UsePreviousTemplate=True, Tags=[])
    sandbox.run_to_end()
    assert client.describe_stack_set(StackSetName="base")["StackSet"]["Tags"] == []


def test_a_failed_update_leaves_the_stack_set_updated(
    sandbox: Sandbox, deployed: CloudFormationClient
) -> None:
    """And the stack as it was, rolled back."""
    sandbox.fail(ONE, action="UPDATE")
    deployed.update_stack_set(
        StackSetName="base", UsePreviousTemplate=True, Parameters=parameters({"Prefix": "z"})
    )
    sandbox.run_to_end()
    assert sandbox.operations("base")[-1].status == "FAILED"
    described = deployed.describe_stack_set(StackSetName="base")["StackSet"]
    assert described["Parameters"] == parameters({"Prefix": "z"})
    failed = describe(deployed, ONE)
    assert (failed["Status"], failed["StackInstanceStatus"]["DetailedStatus"]) == (
        "OUTDATED",
        "FAILED",
    )
    inside = sandbox.session(ONE).client("cloudformation")
    (stack,) = inside.describe_stacks()["Stacks"]
    assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"


def test_an_update_with_nothing_to_change_succeeds(
    sandbox: Sandbox, deployed: CloudFormationClient
) -> None:
    update(sandbox, deployed, ONE)
    assert describe(deployed, ONE)["Status"] == "CURRENT"
    assert sandbox.operations("base")[-1].status == "SUCCEEDED"
    inside = sandbox.session(ONE).client("cloudformation")
    (stack,) = inside.describe_stacks()["Stacks"]
    assert stack["StackStatus"] == "CREATE_COMPLETE"


def test_a_custom_administration_role_has_to_be_sent_each_time(
    sandbox: Sandbox, client: CloudFormationClient
) -> None:
    own = "arn:aws:iam::999999999999:role/own"
    service_managed(client, PermissionModel="SELF_MANAGED", AdministrationRoleARN=own)
    client.update_stack_set(
        StackSetName="base", UsePreviousTemplate=True, AdministrationRoleARN=own
    )
    sandbox.run_to_end()
    shown = client.describe_stack_set(StackSetName="base")["StackSet"]
    assert shown["AdministrationRoleARN"] == own
    client.update_stack_set(StackSetName="base", UsePreviousTemplate=True)
    sandbox.run_to_end()
    shown = client.describe_stack_set(StackSetName="base")["StackSet"]
    assert shown["AdministrationRoleARN"].endswith("/AWSCloudFormationStackSetAdministrationRole")


@pytest.mark.parametrize(("value", "days"), [("keep", 60), ("default", 30)])
def test_what_omitted_parameters_mean_is_a_setting(value: str, days: int) -> None:
    with Sandbox.start(ORGANIZATION, settings=Settings(omitted_parameters=value)) as sandbox:
        client = cloudformation(sandbox)
        service_managed(client, Parameters=parameters({"Days": "60"}))
        deploy(sandbox, client, accounts=[ONE])
        client.update_stack_set(StackSetName="base", UsePreviousTemplate=True)
        sandbox.run_to_end()
        assert log_groups(sandbox, ONE) == {f"/x/{HOME}": days}
