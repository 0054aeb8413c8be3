"""Section B: what becomes of one stack instance, and how it recovers."""

from datetime import timedelta

import pytest
from types_boto3_cloudformation import CloudFormationClient

from orgrollout.sandbox import Sandbox
from tests.sandbox.support import (
    ACCOUNTS,
    FAST,
    HOME,
    begin,
    code_of,
    deploy,
    describe,
    instances,
    log_groups,
    operation,
    results,
    service_managed,
    targets,
    unit,
)

ONE, TWO = ACCOUNTS[:2]
GATE = "AWSCloudFormationStackSetAccountGate"


def delete(
    sandbox: Sandbox, client: CloudFormationClient, *accounts: str, retain: bool = False
) -> str:
    client.delete_stack_instances(
        StackSetName="base",
        DeploymentTargets=targets(unit(sandbox, "Workloads"), accounts),
        Regions=[HOME],
        RetainStacks=retain,
    )
    sandbox.run_to_end()
    return sandbox.operations("base")[-1].status


def state(client: CloudFormationClient, account: str = ONE) -> tuple[str, str]:
    found = describe(client, account)
    return found["Status"], found["StackInstanceStatus"]["DetailedStatus"]


def test_queued_running_and_done_show_on_the_instance(
    sandbox: Sandbox, client: CloudFormationClient
) -> None:
    service_managed(client)
    begin(sandbox, client, "Workloads")
    assert state(client, ACCOUNTS[0]) == ("OUTDATED", "RUNNING")
    assert state(client, ACCOUNTS[9]) == ("OUTDATED", "PENDING")
    sandbox.run_to_end()
    assert state(client) == ("CURRENT", "SUCCEEDED")
    assert "StatusReason" not in describe(client, ONE)


def test_a_failed_creation_leaves_a_record_without_a_stack(
    sandbox: Sandbox, client: CloudFormationClient
) -> None:
    sandbox.fail(ONE, reason="Rate exceeded")
    service_managed(client)
    deploy(sandbox, client, accounts=[ONE])
    assert state(client) == ("OUTDATED", "FAILED")
    failed = describe(client, ONE)
    assert failed["StatusReason"] == "Rate exceeded"
    assert "StackId" not in failed


def test_a_deleted_instance_is_gone_and_only_results_remember_it(
    sandbox: Sandbox, client: CloudFormationClient
) -> None:
    service_managed(client)
    deploy(sandbox, client, accounts=[ONE, TWO])
    assert delete(sandbox, client, ONE) == "SUCCEEDED"
    assert [each["Account"] for each in instances(client)] == [TWO]
    assert code_of(
        client.describe_stack_instance,
        StackSetName="base",
        StackInstanceAccount=ONE,
        StackInstanceRegion=HOME,
    ) == ("StackInstanceNotFoundException", 404)
    (kept,) = results(client, sandbox.operations("base")[-1].id)
    assert (kept["Account"], kept["Status"]) == (ONE, "SUCCEEDED")


def test_a_failed_deletion_makes_an_instance_inoperable(
    sandbox: Sandbox, client: CloudFormationClient
) -> None:
    """As termination protection does; later updates of the set leave it out."""
    service_managed(client)
    deploy(sandbox, client, accounts=[ONE, TWO])
    sandbox.terminate_protection(ONE, HOME, "base")
    assert delete(sandbox, client, ONE) == "FAILED"
    assert state(client) == ("INOPERABLE", "INOPERABLE")
    assert "TerminationProtection" in describe(client, ONE)["StatusReason"]
    client.update_stack_set(StackSetName="base", UsePreviousTemplate=True)
    sandbox.run_to_end()
    assert sandbox.operations("base")[-1].targets == {(TWO, HOME)}


def test_an_inoperable_instance_recovers_by_detaching_deleting_and_creating(
    sandbox: Sandbox, client: CloudFormationClient
) -> None:
    service_managed(client)
    deploy(sandbox, client, accounts=[ONE])
    sandbox.fail(ONE, action="DELETE")
    delete(sandbox, client, ONE)
    assert state(client) == ("INOPERABLE", "INOPERABLE")

    assert delete(sandbox, client, ONE, retain=True) == "SUCCEEDED"
    account = sandbox.session(ONE).client("cloudformation")
    account.delete_stack(StackName=account.describe_stacks()["Stacks"][0]["StackName"])
    assert log_groups(sandbox, ONE) == {}
    deploy(sandbox, client, accounts=[ONE])
    assert state(client) == ("CURRENT", "SUCCEEDED")


def test_a_failed_instance_recovers_by_an_update_with_the_previous_template(
    sandbox: Sandbox, client: CloudFormationClient
) -> None:
    sandbox.fail(ONE)
    service_managed(client)
    deploy(sandbox, client, accounts=[ONE])
    client.update_stack_set(StackSetName="base", UsePreviousTemplate=True)
    sandbox.run_to_end()
    assert state(client) == ("CURRENT", "SUCCEEDED")
    assert log_groups(sandbox, ONE) == {f"/x/{HOME}": 30}


def test_a_closed_account_gate_fails_the_instance_and_counts(
    sandbox: Sandbox, client: CloudFormationClient
) -> None:
    sandbox.gate(ONE, HOME)
    service_managed(client)
    identifier = begin(sandbox, client, "Workloads", FailureToleranceCount=1)
    sandbox.run_to_end()
    (failed,) = results(client, identifier, "FAILED")
    assert failed["Account"] == ONE
    assert failed["StatusReason"] == "AccountGate check failed"
    assert failed["AccountGateResult"]["Status"] == "FAILED"
    assert operation(client, identifier)["StatusDetails"]["FailedStackInstancesCount"] == 1


def test_without_a_gate_function_the_gate_is_skipped(
    sandbox: Sandbox, client: CloudFormationClient
) -> None:
    service_managed(client)
    deploy(sandbox, client, accounts=[ONE], regions=["eu-west-1"])
    (done,) = results(client, sandbox.operations("base")[-1].id)
    assert done["AccountGateResult"] == {
        "Status": "SKIPPED",
        "StatusReason": f"Function not found: arn:aws:lambda:eu-west-1:{ONE}:function:{GATE}",
    }


class TestImport:
    """ImportStacksToStackSet takes stacks in that exist."""

    def detached(self, sandbox: Sandbox, client: CloudFormationClient) -> str:
        service_managed(client)
        deploy(sandbox, client, accounts=[ONE])
        stack = str(describe(client, ONE)["StackId"])
        delete(sandbox, client, ONE, retain=True)
        return stack

    def test_a_detached_stack_can_be_taken_in_again(
        self, sandbox: Sandbox, client: CloudFormationClient
    ) -> None:
        stack = self.detached(sandbox, client)
        client.import_stacks_to_stack_set(
            StackSetName="base",
            StackIds=[stack],
            OrganizationalUnitIds=[unit(sandbox, "Workloads")],
        )
        sandbox.run_to_end()
        assert state(client) == ("CURRENT", "SUCCEEDED")
        assert describe(client, ONE)["StackId"] == stack

    def test_a_failed_import_is_inoperable_and_can_be_repeated(
        self, sandbox: Sandbox, client: CloudFormationClient
    ) -> None:
        stack = self.detached(sandbox, client)
        sandbox.fail(ONE)
        for expected in (("INOPERABLE", "FAILED_IMPORT"), ("CURRENT", "SUCCEEDED")):
            client.import_stacks_to_stack_set(StackSetName="base", StackIds=[stack])
            sandbox.run_to_end()
            assert state(client) == expected

    def test_at_most_ten_stacks_are_named_inline(
        self, sandbox: Sandbox, client: CloudFormationClient
    ) -> None:
        stack = self.detached(sandbox, client)
        assert code_of(
            client.import_stacks_to_stack_set, StackSetName="base", StackIds=[stack] * 11
        ) == ("ValidationError", 400)


def test_a_stack_deleted_by_hand_is_created_again_by_the_next_update(
    sandbox: Sandbox, client: CloudFormationClient
) -> None:
    service_managed(client)
    deploy(sandbox, client, accounts=[ONE])
    account = sandbox.session(ONE).client("cloudformation")
    account.delete_stack(StackName=account.describe_stacks()["Stacks"][0]["StackName"])
    client.update_stack_set(StackSetName="base", UsePreviousTemplate=True)
    sandbox.run_to_end()
    assert log_groups(sandbox, ONE) == {f"/x/{HOME}": 30}


def test_a_stuck_instance_runs_until_it_is_released(
    sandbox: Sandbox, client: CloudFormationClient
) -> None:
    sandbox.stuck(ONE)
    service_managed(client)
    identifier = begin(sandbox, client, "Workloads", **FAST)
    sandbox.clock.sleep(timedelta(days=1))
    assert operation(client, identifier)["Status"] == "RUNNING"
    assert [each["Account"] for each in results(client, identifier, "RUNNING")] == [ONE]
    sandbox.release(ONE, HOME, "base")
    sandbox.run_to_end()
    assert operation(client, identifier)["Status"] == "SUCCEEDED"


@pytest.mark.parametrize("slow", [False, True])
def test_durations_follow_from_the_seed(
    sandbox: Sandbox, client: CloudFormationClient, slow: bool
) -> None:
    if slow:
        sandbox.slow(ONE, seconds=timedelta(hours=1))
    service_managed(client)
    done = deploy(sandbox, client)
    assert done.started is not None
    assert done.ended is not None
    assert (done.ended - done.started > timedelta(hours=1)) is slow


def test_whatever_breaks_the_stack_instance_fails_with_a_reason_and_is_listed(
    sandbox: Sandbox, client: CloudFormationClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What breaks in moto is in ``unprovisioned``; nothing of the stack is left."""

    def breaks(*_: object) -> None:
        raise RuntimeError("moto broke")

    monkeypatch.setattr("orgrollout.sandbox.moto.drift.baseline_of", breaks)
    service_managed(client)
    reason = deploy(sandbox, client, accounts=[ONE]).reasons[ONE, HOME]
    assert 'Resource handler returned message: "RuntimeError: moto broke"' in reason
    (listed,) = sandbox.unprovisioned
    assert listed.what == "not created: RuntimeError('moto broke')"
    assert log_groups(sandbox, ONE) == {}
    assert sandbox.session(ONE).client("cloudformation", HOME).describe_stacks()["Stacks"] == []


def test_what_breaks_in_the_sandbox_itself_is_a_reason_and_a_failure(
    sandbox: Sandbox, client: CloudFormationClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_: object) -> None:
        raise RuntimeError("the sandbox broke")

    service_managed(client)
    monkeypatch.setattr(sandbox.simulation.deployer, "create", breaks)
    reasons = deploy(sandbox, client, accounts=[ONE]).reasons
    assert reasons == {(ONE, HOME): "Internal Failure: RuntimeError: the sandbox broke"}
    (failure,) = sandbox.simulation.gateway.failures
    assert (failure.call, failure.kind) == (f"CREATE in {ONE}/{HOME}", "RuntimeError")
