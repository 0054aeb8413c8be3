"""Section F: roles, trusted access, delegated administrators; opt-in Regions."""

import copy
from typing import Any

import pytest
from types_boto3_cloudformation import CloudFormationClient

from orgrollout.sandbox import Sandbox
from orgrollout.sandbox.account_roles import account_trust, service_trust
from tests.sandbox.support import (
    ACCOUNTS,
    HOME,
    ORGANIZATION,
    TEMPLATE,
    cloudformation,
    code_of,
    deploy,
    describe,
    instances,
    service_managed,
    targets,
    unit,
)

ONE = ACCOUNTS[0]
EXECUTION = "AWSCloudFormationStackSetExecutionRole"
ADMINISTRATION = "AWSCloudFormationStackSetAdministrationRole"
OPT_IN = "eu-south-1"


def self_managed(sandbox: Sandbox, client: CloudFormationClient, *regions: str) -> dict[Any, str]:
    service_managed(client, PermissionModel="SELF_MANAGED")
    client.create_stack_instances(
        StackSetName="base",
        Accounts=[ONE],
        Regions=list(regions or [HOME]),
    )
    sandbox.run_to_end()
    return dict(sandbox.operations("base")[-1].reasons)


def test_self_managed_sets_work_through_the_two_roles(
    sandbox: Sandbox, client: CloudFormationClient
) -> None:
    assert self_managed(sandbox, client) == {}
    shown = client.describe_stack_set(StackSetName="base")["StackSet"]
    assert shown["ExecutionRoleName"] == EXECUTION
    assert shown["AdministrationRoleARN"] == f"arn:aws:iam::999999999999:role/{ADMINISTRATION}"


def test_a_missing_execution_role_fails_the_instance_by_name(
    sandbox: Sandbox, client: CloudFormationClient
) -> None:
    sandbox.session(ONE).client("iam").delete_role(RoleName=EXECUTION)
    assert self_managed(sandbox, client) == {
        (ONE, HOME): f"Account {ONE} should have '{EXECUTION}' role with trust relationship to "
        f"Role '{ADMINISTRATION}'."
    }


def test_an_administration_role_that_does_not_trust_cloudformation_fails_too(
    sandbox: Sandbox, client: CloudFormationClient
) -> None:
    sandbox.session().client("iam").update_assume_role_policy(
        RoleName=ADMINISTRATION, PolicyDocument=account_trust("aws", "111111111111")
    )
    reason = self_managed(sandbox, client)[ONE, HOME]
    assert f"Account 999999999999 should have '{ADMINISTRATION}'" in reason


def test_without_activated_access_service_managed_sets_are_refused(
    sandbox: Sandbox, client: CloudFormationClient
) -> None:
    """Trusted access in Organizations alone is not enough."""
    client.deactivate_organizations_access()
    assert client.describe_organizations_access()["Status"] == "DISABLED"
    sandbox.session().client("organizations").enable_aws_service_access(
        ServicePrincipal="member.org.stacksets.cloudformation.amazonaws.com"
    )
    create: dict[str, Any] = {
        "StackSetName": "base",
        "TemplateBody": TEMPLATE,
        "PermissionModel": "SERVICE_MANAGED",
    }
    assert code_of(client.create_stack_set, **create) == ("ValidationError", 400)
    client.activate_organizations_access()
    client.create_stack_set(**create)
    assert client.describe_organizations_access()["Status"] == "ENABLED"


def test_a_delegate_sees_the_sets_of_the_management_account(
    sandbox: Sandbox, client: CloudFormationClient
) -> None:
    service_managed(client)
    service_managed(client, "own", PermissionModel="SELF_MANAGED")
    delegate = cloudformation(sandbox, "audit")
    listed = delegate.list_stack_sets(CallAs="DELEGATED_ADMIN")["Summaries"]
    assert [each["StackSetName"] for each in listed] == ["base"]
    assert delegate.list_stack_sets()["Summaries"] == []
    assert code_of(delegate.describe_stack_set, StackSetName="base")[1] == 404

    delegate.create_stack_instances(
        StackSetName="base",
        DeploymentTargets=targets(unit(sandbox, "Workloads"), [ONE]),
        Regions=[HOME],
        CallAs="DELEGATED_ADMIN",
    )
    sandbox.run_to_end()
    assert describe(client, ONE)["Status"] == "CURRENT"


def test_who_is_no_delegate_cannot_call_as_one(sandbox: Sandbox) -> None:
    member = cloudformation(sandbox, "w0")
    assert code_of(member.list_stack_sets, CallAs="DELEGATED_ADMIN") == ("ValidationError", 400)


def test_a_member_cannot_make_service_managed_sets(sandbox: Sandbox) -> None:
    for account in ("w0", "audit"):
        member = cloudformation(sandbox, account)
        with pytest.raises(Exception, match="management account or delegated admin"):
            service_managed(member)


def test_five_delegates_at_most(sandbox: Sandbox) -> None:
    organizations = sandbox.session().client("organizations")
    principal = "member.org.stacksets.cloudformation.amazonaws.com"
    for account in ACCOUNTS[:4]:
        organizations.register_delegated_administrator(
            AccountId=account, ServicePrincipal=principal
        )
    assert code_of(
        organizations.register_delegated_administrator,
        AccountId=ACCOUNTS[4],
        ServicePrincipal=principal,
    )[0] == ("ConstraintViolationException")


def test_assuming_a_role_needs_its_trust(sandbox: Sandbox) -> None:
    sts = sandbox.session().client("sts")
    role = f"arn:aws:iam::{ONE}:role/OrganizationAccountAccessRole"
    sts.assume_role(RoleArn=role, RoleSessionName="me")
    stacksets = f"arn:aws:iam::{ONE}:role/stacksets-exec-0123"
    member = sandbox.session("w1").client("sts")
    for client, arn in ((sts, stacksets), (member, role)):
        assert code_of(client.assume_role, RoleArn=arn, RoleSessionName="me") == (
            "AccessDenied",
            403,
        )
    sandbox.suspend(ONE)
    assert code_of(sts.assume_role, RoleArn=role, RoleSessionName="me")[0] == "AccessDenied"


class TestOptInRegions:
    """They have to be enabled in the target account and in the management account."""

    @pytest.mark.parametrize(
        ("enabled", "works"),
        [([], False), (["w0"], False), (["management"], False), (["w0", "management"], True)],
    )
    def test_both_accounts_must_have_it(self, enabled: list[str], works: bool) -> None:
        organization = copy.deepcopy(ORGANIZATION)
        organization["opt_in_regions"] = {OPT_IN: enabled}
        with Sandbox.start(organization) as sandbox:
            client = cloudformation(sandbox)
            service_managed(client)
            done = deploy(sandbox, client, accounts=[ONE], regions=[OPT_IN])
            assert bool(done.succeeded) is works
            if not works:
                assert "STS is not activated in this region" in done.reasons[ONE, OPT_IN]

    def test_the_account_api_reads_and_changes_it(self, sandbox: Sandbox) -> None:
        account = sandbox.session().client("account")
        listed = account.list_regions(AccountId=ONE, RegionOptStatusContains=["DISABLED"])
        assert OPT_IN in {each["RegionName"] for each in listed["Regions"]}
        account.enable_region(AccountId=ONE, RegionName=OPT_IN)
        status = account.get_region_opt_status(AccountId=ONE, RegionName=OPT_IN)
        assert status["RegionOptStatus"] == "ENABLED"
        ec2 = sandbox.session(ONE).client("ec2")
        assert OPT_IN in {each["RegionName"] for each in ec2.describe_regions()["Regions"]}
        other = sandbox.session(ACCOUNTS[1]).client("ec2")
        assert OPT_IN not in {each["RegionName"] for each in other.describe_regions()["Regions"]}

    def test_a_disabled_region_refuses_calls(self, sandbox: Sandbox) -> None:
        logs = sandbox.session(ONE, OPT_IN).client("logs")
        assert code_of(logs.describe_log_groups)[0] == "UnrecognizedClientException"

    def test_a_region_can_be_disabled_as_a_fault(
        self, sandbox: Sandbox, client: CloudFormationClient
    ) -> None:
        sandbox.disable_region(ONE, "eu-west-1")
        service_managed(client)
        done = deploy(sandbox, client, regions=["eu-west-1"])
        assert done.failed == {(ONE, "eu-west-1")}


def test_a_denial_by_policy_is_a_status_reason(
    sandbox: Sandbox, client: CloudFormationClient
) -> None:
    sandbox.deny(ONE)
    service_managed(client)
    done = deploy(sandbox, client)
    assert "explicit deny in a service control policy" in done.reasons[ONE, HOME]
    assert len(instances(client)) == len(ACCOUNTS)


def test_stack_sets_need_an_organization_with_all_features() -> None:
    with Sandbox.start({**ORGANIZATION, "feature_set": "CONSOLIDATED_BILLING"}) as sandbox:
        client = cloudformation(sandbox)
        assert code_of(client.activate_organizations_access) == ("InvalidOperationException", 400)


def test_in_opt_in_regions_the_administration_role_trusts_the_regional_principal() -> None:
    organization = copy.deepcopy(ORGANIZATION)
    organization["opt_in_regions"] = {OPT_IN: "all"}
    with Sandbox.start(organization) as sandbox:
        client = cloudformation(sandbox)
        assert self_managed(sandbox, client, OPT_IN) == {}
        sandbox.session().client("iam").update_assume_role_policy(
            RoleName=ADMINISTRATION, PolicyDocument=service_trust()
        )
        client.update_stack_set(StackSetName="base", UsePreviousTemplate=True)
        sandbox.run_to_end()
        (reason,) = sandbox.operations("base")[-1].reasons.values()
        assert ADMINISTRATION in reason


def test_an_account_sees_the_regions_of_its_own_partition_only(sandbox: Sandbox) -> None:
    """`regions: enabled` must not reach for Regions of China or of a government."""
    seen = sandbox.session().client("ec2").describe_regions(AllRegions=True)["Regions"]
    assert "us-east-1" in {each["RegionName"] for each in seen}
    assert not [e for e in seen if e["RegionName"].startswith(("cn-", "us-gov-", "us-iso"))]
