"""Section C: automatic deployment as accounts join, leave and move."""

from typing import Any

import pytest
from types_boto3_cloudformation import CloudFormationClient

from orgrollout.sandbox import Sandbox, Settings
from tests.sandbox.support import (
    ACCOUNTS,
    HOME,
    ORGANIZATION,
    TEMPLATE,
    cloudformation,
    deploy,
    describe,
    instances,
    log_groups,
    parameters,
    service_managed,
    targets,
    unit,
)

ON: dict[str, Any] = {"Enabled": True, "RetainStacksOnAccountRemoval": False}


def accounts(client: CloudFormationClient, name: str = "base") -> set[str]:
    return {each["Account"] for each in instances(client, name)}


@pytest.fixture
def automatic(sandbox: Sandbox, client: CloudFormationClient) -> CloudFormationClient:
    """Deployed to one account of Prod by a filter, with an override."""
    service_managed(client, AutoDeployment=ON)
    given = parameters({"Days": "7"})
    deploy(sandbox, client, where="Prod", accounts=["300000000000"], ParameterOverrides=given)
    return client


def test_an_account_that_joins_gets_instances_without_overrides_despite_filters(
    sandbox: Sandbox, automatic: CloudFormationClient
) -> None:
    sandbox.add_account("new", "Prod")
    sandbox.run_to_end()
    new = sandbox.organization.find("new")
    assert accounts(automatic) == {"300000000000", new}
    assert describe(automatic, new)["ParameterOverrides"] == []
    assert log_groups(sandbox, new) == {f"/x/{HOME}": 30}


def test_an_account_that_moves_in_gets_them_and_that_moves_out_loses_them(
    sandbox: Sandbox, automatic: CloudFormationClient
) -> None:
    sandbox.move("w0", "/Workloads/Prod/Deep")
    sandbox.run_to_end()
    assert ACCOUNTS[0] in accounts(automatic)
    assert describe(automatic, ACCOUNTS[0])["OrganizationalUnitId"] == unit(sandbox, "Prod")
    sandbox.move("w0", "Security")
    sandbox.run_to_end()
    assert ACCOUNTS[0] not in accounts(automatic)
    assert log_groups(sandbox, ACCOUNTS[0]) == {}


def test_moving_within_the_targeted_unit_changes_nothing(
    sandbox: Sandbox, automatic: CloudFormationClient
) -> None:
    sandbox.move("p0", "Deep")
    sandbox.run_to_end()
    assert len(sandbox.operations("base")) == 1
    assert accounts(automatic) == {"300000000000"}


@pytest.mark.parametrize(("retain", "left"), [(True, {f"/x/{HOME}": 7}), (False, {})])
def test_an_account_that_leaves_keeps_its_stacks_if_they_are_retained(
    sandbox: Sandbox, client: CloudFormationClient, retain: bool, left: dict[str, int]
) -> None:
    service_managed(client, AutoDeployment={**ON, "RetainStacksOnAccountRemoval": retain})
    given = parameters({"Days": "7"})
    deploy(sandbox, client, where="Prod", accounts=["300000000000"], ParameterOverrides=given)
    sandbox.leave("p0")
    sandbox.run_to_end()
    assert accounts(client) == set()
    assert log_groups(sandbox, "300000000000") == left


def test_preferences_do_not_apply(sandbox: Sandbox, client: CloudFormationClient) -> None:
    service_managed(client, AutoDeployment=ON)
    regions = [HOME, "eu-west-1"]
    deploy(sandbox, client, where="Prod", accounts=["300000000000"], regions=regions)
    sandbox.add_account("new", "Prod")
    sandbox.run_to_end()
    assert sandbox.operations("base")[-1].targets == {
        (sandbox.organization.find("new"), region) for region in regions
    }


def test_without_it_nothing_happens(sandbox: Sandbox, client: CloudFormationClient) -> None:
    service_managed(client)
    deploy(sandbox, client, where="Prod", accounts=["300000000000"])
    sandbox.add_account("new", "Prod")
    sandbox.run_to_end()
    assert accounts(client) == {"300000000000"}


def test_a_set_waits_for_those_it_depends_on(
    sandbox: Sandbox, client: CloudFormationClient
) -> None:
    service_managed(client, "first", AutoDeployment=ON)
    arn = client.describe_stack_set(StackSetName="first")["StackSet"]["StackSetARN"]
    body = TEMPLATE.replace("/${Prefix}", "/second/${Prefix}")
    service_managed(client, "second", TemplateBody=body, AutoDeployment={**ON, "DependsOn": [arn]})
    for name in ("second", "first"):
        deploy(sandbox, client, name=name, where="Prod", accounts=["300000000000"])
    sandbox.add_account("new", "Prod")
    sandbox.run_to_end()
    first, second = sandbox.operations("first")[-1], sandbox.operations("second")[-1]
    assert first.ended is not None
    assert second.started is not None
    assert first.ended <= second.started


def test_its_targets_are_listed(sandbox: Sandbox, automatic: CloudFormationClient) -> None:
    listed = automatic.list_stack_set_auto_deployment_targets(StackSetName="base")["Summaries"]
    assert listed == [{"OrganizationalUnitId": unit(sandbox, "Prod"), "Regions": [HOME]}]
    automatic.delete_stack_instances(
        StackSetName="base",
        DeploymentTargets=targets(unit(sandbox, "Prod")),
        Regions=[HOME],
        RetainStacks=False,
    )
    sandbox.run_to_end()
    listed = automatic.list_stack_set_auto_deployment_targets(StackSetName="base")["Summaries"]
    assert listed == []


def test_switching_it_touches_no_instance(
    sandbox: Sandbox, automatic: CloudFormationClient
) -> None:
    automatic.update_stack_set(
        StackSetName="base", UsePreviousTemplate=True, AutoDeployment={"Enabled": False}
    )
    sandbox.run_to_end()
    assert sandbox.operations("base")[-1].targets == frozenset()
    sandbox.add_account("new", "Prod")
    sandbox.run_to_end()
    assert accounts(automatic) == {"300000000000"}


@pytest.mark.parametrize(
    ("value", "actions"),
    [("delete_and_create", ["CREATE", "DELETE", "CREATE"]), ("keep", ["CREATE"])],
)
def test_moving_between_two_targeted_units_is_a_setting(value: str, actions: list[str]) -> None:
    with Sandbox.start(ORGANIZATION, settings=Settings(move_between_targets=value)) as sandbox:
        client = cloudformation(sandbox)
        service_managed(client, AutoDeployment=ON)
        client.create_stack_instances(
            StackSetName="base",
            DeploymentTargets={
                "OrganizationalUnitIds": [unit(sandbox, "Prod"), unit(sandbox, "Security")]
            },
            Regions=[HOME],
            OperationPreferences={"MaxConcurrentCount": 9, "FailureToleranceCount": 9},
        )
        sandbox.run_to_end()
        sandbox.move("p0", "Security")
        sandbox.run_to_end()
        assert [each.action for each in sandbox.operations("base")] == actions
        moved = describe(client, "300000000000")
        assert moved["OrganizationalUnitId"] == unit(sandbox, "Security")
        assert log_groups(sandbox, "300000000000") == {f"/x/{HOME}": 30}
