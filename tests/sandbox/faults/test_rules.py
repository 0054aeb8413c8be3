"""Everything that can be told to go wrong does, as often as told and no more."""

from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError
from types_boto3_cloudformation import CloudFormationClient

from orgrollout.sandbox import Sandbox, SandboxFileError, Settings
from orgrollout.sandbox.faults.entries import parse_fault
from tests.sandbox.support import (
    ACCOUNTS,
    FAST,
    HOME,
    ORGANIZATION,
    begin,
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

ONE, TWO = ACCOUNTS[:2]


def test_a_failure_is_used_up_unless_it_is_for_good(
    sandbox: Sandbox, client: CloudFormationClient
) -> None:
    sandbox.fail(ONE, times=2, reason="Rate exceeded")
    sandbox.fail("w1", times=None)
    service_managed(client)
    failed = [deploy(sandbox, client).failed for _ in range(4)]
    once, always = (ONE, HOME), (TWO, HOME)
    assert failed == [{once, always}, {once, always}, {always}, {always}]


def test_a_failure_can_be_for_a_stack_set_region_and_action(
    sandbox: Sandbox, client: CloudFormationClient
) -> None:
    sandbox.fail(stack_set="other", times=None)
    sandbox.fail(region="eu-west-1", action="UPDATE", times=None)
    service_managed(client)
    assert deploy(sandbox, client, regions=[HOME, "eu-west-1"]).failed == frozenset()
    client.update_stack_set(
        StackSetName="base",
        UsePreviousTemplate=True,
        OperationPreferences=FAST,  # type: ignore[arg-type]
    )
    sandbox.run_to_end()
    assert sandbox.operations("base")[-1].failed == {(a, "eu-west-1") for a in ACCOUNTS}


def test_a_throttled_call_says_rate_exceeded_with_http_400(
    sandbox: Sandbox, client: CloudFormationClient
) -> None:
    sandbox.throttle("ListStackSets", times=2)
    for _ in range(2):
        assert code_of(client.list_stack_sets) == ("Throttling", 400)
    assert code_of(client.list_stack_sets) == ("", 200)
    assert [call.error for call in sandbox.calls] == ["Throttling", "Throttling", None]


def test_a_rate_is_refilled_as_time_passes(sandbox: Sandbox, client: CloudFormationClient) -> None:
    sandbox.throttle("ListStackSets", per_second=2)
    codes = [code_of(client.list_stack_sets)[0] for _ in range(4)]
    assert codes == ["", "", "Throttling", "Throttling"]
    assert code_of(client.describe_organizations_access)[0] == ""
    sandbox.clock.sleep(timedelta(seconds=1))
    assert code_of(client.list_stack_sets)[0] == ""


def test_a_rate_for_everything_is_a_setting() -> None:
    with Sandbox.start(ORGANIZATION, settings=Settings(requests_per_second=1.0)) as sandbox:
        client = cloudformation(sandbox)
        assert code_of(client.list_stack_sets)[0] == ""
        assert code_of(client.list_stack_sets)[0] == "Throttling"


def test_a_lost_response_comes_after_the_effect(
    sandbox: Sandbox, client: CloudFormationClient
) -> None:
    service_managed(client)
    sandbox.lose_response("CreateStackInstances")
    where: Any = {
        "StackSetName": "base",
        "DeploymentTargets": targets(unit(sandbox, "Workloads")),
        "Regions": [HOME],
        "OperationId": "mine-1",
    }
    with pytest.raises(ReadTimeoutError):
        client.create_stack_instances(**where)
    assert operation(client, "mine-1")["Status"] == "RUNNING"
    assert client.create_stack_instances(**where)["OperationId"] == "mine-1"
    assert len(sandbox.operations("base")) == 1


def test_a_server_error_has_no_effect(sandbox: Sandbox, client: CloudFormationClient) -> None:
    sandbox.server_error("CreateStackSet")
    create = {"StackSetName": "base", "TemplateBody": "Resources: {A: {Type: A::B::C}}"}
    assert code_of(client.create_stack_set, **create) == ("InternalFailure", 500)
    assert client.list_stack_sets()["Summaries"] == []


def test_a_stale_request_is_refused_once(sandbox: Sandbox, client: CloudFormationClient) -> None:
    service_managed(client)
    sandbox.stale_request("CreateStackInstances")
    where: Any = {"DeploymentTargets": targets(unit(sandbox, "Workloads")), "Regions": [HOME]}
    call = client.create_stack_instances
    assert code_of(call, StackSetName="base", **where) == ("StaleRequestException", 409)
    assert sandbox.operations("base") == []
    assert code_of(call, StackSetName="base", **where) == ("", 200)


def test_credentials_expire_until_they_are_renewed(
    sandbox: Sandbox, client: CloudFormationClient
) -> None:
    sandbox.expire_credentials()
    assert code_of(client.list_stack_sets) == ("ExpiredToken", 403)
    s3 = sandbox.session().client("s3")
    assert code_of(s3.list_buckets)[0] == "ExpiredToken"
    ec2 = sandbox.session().client("ec2")
    assert code_of(ec2.describe_vpcs)[0] == "ExpiredToken"
    organizations = sandbox.session().client("organizations")
    assert code_of(organizations.list_roots)[0] == "ExpiredToken"
    sandbox.renew_credentials()
    assert code_of(client.list_stack_sets) == ("", 200)


def test_a_delayed_call_takes_sandbox_time(sandbox: Sandbox, client: CloudFormationClient) -> None:
    before = sandbox.clock.now()
    sandbox.delay("ListStackSets", seconds=timedelta(minutes=5))
    client.list_stack_sets()
    assert sandbox.clock.now() - before == timedelta(minutes=5)


def test_an_account_suspended_in_the_middle_is_skipped(
    sandbox: Sandbox, client: CloudFormationClient
) -> None:
    service_managed(client)
    sandbox.suspend("w9", after=timedelta(minutes=2))
    begin(sandbox, client, "Workloads")
    sandbox.run_to_end()
    assert sandbox.operations("base")[-1].skipped == {(ACCOUNTS[9], HOME)}


@pytest.mark.parametrize("how", ["close", "suspend"])
def test_closed_and_suspended_accounts_tell_their_state(sandbox: Sandbox, how: str) -> None:
    getattr(sandbox, how)("w0")
    organizations = sandbox.session().client("organizations")
    state = organizations.describe_account(AccountId=ONE)["Account"]["State"]
    assert state == {"close": "CLOSED", "suspend": "SUSPENDED"}[how]


def test_accounts_move_and_join_in_the_middle(
    sandbox: Sandbox, client: CloudFormationClient
) -> None:
    """Targets are those of the moment of the call."""
    service_managed(client)
    sandbox.move("w0", "Security", after=timedelta(minutes=1))
    sandbox.add_account("late", "/Workloads", after=timedelta(minutes=1))
    begin(sandbox, client, "Workloads", **FAST)
    sandbox.run_to_end()
    assert (ONE, HOME) in sandbox.operations("base")[-1].succeeded
    begin(sandbox, client, "Workloads", **FAST)
    sandbox.run_to_end()
    late = sandbox.organization.find("late")
    assert sandbox.operations("base")[-1].targets == {(late, HOME)}


def test_another_persons_operation_is_in_the_way_and_on_record(
    sandbox: Sandbox, client: CloudFormationClient
) -> None:
    service_managed(client)
    other = sandbox.another_user("mallory").client("cloudformation")
    other.create_stack_instances(
        StackSetName="base",
        DeploymentTargets=targets(unit(sandbox, "Workloads"), [ONE]),
        Regions=[HOME],
    )
    assert code_of(client.detect_stack_set_drift, StackSetName="base")[1] == 409
    callers = {call.operation: call.caller for call in sandbox.calls}
    assert callers["CreateStackInstances"].endswith("/Admin/mallory")
    sandbox.run_to_end()
    assert describe(client, ONE)["Status"] == "CURRENT"


def test_faults_of_the_file_are_those_of_the_methods() -> None:
    organization = {
        **ORGANIZATION,
        "faults": [
            {"fail": {"account": "w0", "times": "always", "reason": "boom"}},
            {"throttle": {"operation": "ListStackSets", "times": 1}},
            {"slow": {"account": "w1", "seconds": 3600}},
            {"suspend": {"account": "w2"}},
            {"gate": {"account": "w3", "region": HOME}},
        ],
        "settings": {"median_duration": 10, "skipped_result": "SUCCEEDED"},
    }
    with Sandbox.start(organization) as sandbox:
        client = cloudformation(sandbox)
        assert code_of(client.list_stack_sets)[0] == "Throttling"
        service_managed(client)
        done = deploy(sandbox, client)
        assert done.reasons[ONE, HOME] == "boom"
        assert done.failed == {(ONE, HOME), (ACCOUNTS[3], HOME)}
        assert done.skipped == {(ACCOUNTS[2], HOME)}
        assert done.ended is not None
        assert done.started is not None
        assert done.ended - done.started > timedelta(hours=1)


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"fall": {}}, "fall is none of"),
        ({"fail": {"acount": "x"}}, "acount is not known"),
        (["fail"], "expected one kind"),
    ],
)
def test_a_wrong_fault_says_so(entry: Any, message: str) -> None:
    with pytest.raises(SandboxFileError, match=message):
        parse_fault(entry, "faults")


def test_calls_tell_what_was_asked_by_whom_where_and_when(
    sandbox: Sandbox, client: CloudFormationClient
) -> None:
    service_managed(client)
    sandbox.clock.sleep(timedelta(minutes=1))
    sandbox.session("w0", "eu-west-1").client("s3").list_buckets()
    first, second = sandbox.calls
    assert (first.service, first.operation) == ("cloudformation", "CreateStackSet")
    assert first.params["StackSetName"] == "base"
    assert first.is_write
    assert (second.service, second.operation, second.region) == ("s3", "ListBuckets", "eu-west-1")
    assert second.account == ONE
    assert not second.is_write
    assert second.time - first.time == timedelta(minutes=1)
    assert len(instances(client)) == 0
