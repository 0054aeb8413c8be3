"""Section A: operations from the call to their end, and what is consistent when."""

from datetime import timedelta

import pytest
from types_boto3_cloudformation import CloudFormationClient

from orgrollout.sandbox import Sandbox, Settings
from tests.sandbox.support import (
    ACCOUNTS,
    FAST,
    HOME,
    ORGANIZATION,
    TEMPLATE,
    begin,
    cloudformation,
    code_of,
    deploy,
    instances,
    operation,
    parameters,
    results,
    service_managed,
    targets,
    unit,
)

MINUTE = timedelta(minutes=1)


def test_an_operation_is_running_until_time_has_passed(
    sandbox: Sandbox, client: CloudFormationClient
) -> None:
    service_managed(client)
    identifier = begin(sandbox, client, "Workloads", **FAST)
    seen = operation(client, identifier)
    assert (seen["Action"], seen["Status"]) == ("CREATE", "RUNNING")
    assert "EndTimestamp" not in seen
    assert {each["Status"] for each in results(client, identifier)} == {"RUNNING"}

    sandbox.clock.sleep(20 * MINUTE)
    done = operation(client, identifier)
    assert done["Status"] == "SUCCEEDED"
    assert done["CreationTimestamp"] < done["EndTimestamp"] < sandbox.clock.now()


def test_creating_and_deleting_a_stack_set_is_no_operation(
    sandbox: Sandbox, client: CloudFormationClient
) -> None:
    service_managed(client)
    assert client.list_stack_set_operations(StackSetName="base")["Summaries"] == []
    assert sandbox.operations("base") == []
    client.delete_stack_set(StackSetName="base")
    assert sandbox.operations("base") == []


def test_every_change_of_instances_answers_with_an_operation_of_its_action(
    sandbox: Sandbox, client: CloudFormationClient
) -> None:
    service_managed(client)
    deploy(sandbox, client)
    where = {"DeploymentTargets": targets(unit(sandbox, "Workloads")), "Regions": [HOME]}
    client.update_stack_instances(StackSetName="base", **where)
    sandbox.run_to_end()
    client.update_stack_set(StackSetName="base", UsePreviousTemplate=True)
    sandbox.run_to_end()
    client.detect_stack_set_drift(StackSetName="base")
    sandbox.run_to_end()
    client.delete_stack_instances(StackSetName="base", RetainStacks=False, **where)
    sandbox.run_to_end()

    listed = client.list_stack_set_operations(StackSetName="base")["Summaries"]
    assert [each["Action"] for each in reversed(listed)] == [
        "CREATE",
        "UPDATE",
        "UPDATE",
        "DETECT_DRIFT",
        "DELETE",
    ]
    assert {each["Status"] for each in listed} == {"SUCCEEDED"}


def test_a_second_operation_is_refused_while_one_runs(
    sandbox: Sandbox, client: CloudFormationClient
) -> None:
    service_managed(client)
    begin(sandbox, client, "Workloads")
    busy = ("OperationInProgressException", 409)
    root = targets(unit(sandbox))
    assert busy == code_of(
        client.create_stack_instances,
        StackSetName="base",
        DeploymentTargets=root,
        Regions=["eu-west-1"],
    )
    assert busy == code_of(client.update_stack_set, StackSetName="base", UsePreviousTemplate=True)
    assert busy == code_of(client.detect_stack_set_drift, StackSetName="base")
    assert busy == code_of(client.delete_stack_set, StackSetName="base")
    assert len(sandbox.operations("base")) == 1


def test_operations_of_different_stack_sets_run_side_by_side(
    sandbox: Sandbox, client: CloudFormationClient
) -> None:
    for name in ("one", "two"):
        service_managed(client, name, Parameters=parameters({"Prefix": name}))
        begin(sandbox, client, "Workloads", name=name, **FAST)
    sandbox.run_to_end()
    one, two = sandbox.operations("one")[0], sandbox.operations("two")[0]
    assert one.started == two.started
    assert one.status == two.status == "SUCCEEDED"


@pytest.mark.parametrize("action", ["create", "update", "delete", "set"])
def test_an_operation_id_is_executed_only_once(
    sandbox: Sandbox, client: CloudFormationClient, action: str
) -> None:
    service_managed(client)
    deploy(sandbox, client)
    where = {"DeploymentTargets": targets(unit(sandbox, "Workloads")), "Regions": [HOME]}
    calls = {
        "create": (client.create_stack_instances, {**where, "Regions": ["eu-west-1"]}),
        "update": (client.update_stack_instances, where),
        "delete": (client.delete_stack_instances, {**where, "RetainStacks": False}),
        "set": (client.update_stack_set, {"UsePreviousTemplate": True}),
    }
    call, arguments = calls[action]
    again = {"StackSetName": "base", "OperationId": "mine-1", **arguments}

    assert call(**again)["OperationId"] == "mine-1"  # type: ignore[operator]
    assert call(**again)["OperationId"] == "mine-1"  # type: ignore[operator]
    sandbox.run_to_end()
    before = instances(client)
    assert call(**again)["OperationId"] == "mine-1"  # type: ignore[operator]
    sandbox.run_to_end()
    assert [each.id for each in sandbox.operations("base")].count("mine-1") == 1
    assert instances(client) == before


def test_an_operation_id_of_another_request_is_refused(
    sandbox: Sandbox, client: CloudFormationClient
) -> None:
    service_managed(client)
    where = {"StackSetName": "base", "DeploymentTargets": targets(unit(sandbox, "Workloads"))}
    client.create_stack_instances(Regions=[HOME], OperationId="mine-1", **where)
    sandbox.run_to_end()
    assert code_of(
        client.create_stack_instances, Regions=["eu-west-1"], OperationId="mine-1", **where
    ) == ("OperationIdAlreadyExistsException", 409)


def test_a_new_operation_id_retries_what_is_outdated(
    sandbox: Sandbox, client: CloudFormationClient
) -> None:
    """And leaves alone what is CURRENT."""
    service_managed(client)
    sandbox.fail(ACCOUNTS[3])
    first = deploy(sandbox, client)
    second = deploy(sandbox, client)
    assert first.failed == second.targets == second.succeeded == {(ACCOUNTS[3], HOME)}


def test_stopping_cancels_what_has_not_begun_and_waits_for_the_rest(
    sandbox: Sandbox, client: CloudFormationClient
) -> None:
    service_managed(client)
    identifier = begin(sandbox, client, "Workloads", MaxConcurrentCount=3, FailureToleranceCount=9)
    began = {(each["Account"], HOME) for each in results(client, identifier, "RUNNING")}
    client.stop_stack_set_operation(StackSetName="base", OperationId=identifier)
    assert operation(client, identifier)["Status"] == "STOPPING"
    sandbox.run_to_end()

    assert operation(client, identifier)["Status"] == "STOPPED"
    record = sandbox.operations("base")[-1]
    assert record.succeeded == began
    assert record.cancelled == record.targets - began


def test_stopping_what_is_over_or_unknown_is_an_error(
    sandbox: Sandbox, client: CloudFormationClient
) -> None:
    service_managed(client)
    deploy(sandbox, client)
    identifier = sandbox.operations("base")[0].id
    stop = client.stop_stack_set_operation
    assert code_of(stop, StackSetName="base", OperationId=identifier) == (
        "InvalidOperationException",
        400,
    )
    assert code_of(stop, StackSetName="base", OperationId="none") == (
        "OperationNotFoundException",
        404,
    )


def test_describe_is_strongly_and_lists_are_eventually_consistent() -> None:
    lag = timedelta(minutes=30)
    with Sandbox.start(
        ORGANIZATION, settings=Settings(result_lag=lag, operation_list_lag=lag)
    ) as sandbox:
        client = cloudformation(sandbox)
        service_managed(client)
        identifier = begin(sandbox, client, "Workloads", **FAST)
        sandbox.clock.sleep(10 * MINUTE)

        assert operation(client, identifier)["Status"] == "SUCCEEDED"
        assert results(client, identifier) == []
        listed = client.list_stack_set_operations
        assert listed(StackSetName="base")["Summaries"] == []
        sandbox.clock.sleep(20 * MINUTE + timedelta(seconds=5))
        assert {each["Status"] for each in results(client, identifier)} == {"RUNNING"}
        assert listed(StackSetName="base")["Summaries"][0]["Status"] == "RUNNING"
        sandbox.clock.sleep(10 * MINUTE)
        assert {each["Status"] for each in results(client, identifier)} == {"SUCCEEDED"}
        assert listed(StackSetName="base")["Summaries"][0]["Status"] == "SUCCEEDED"


def test_operations_are_listed_newest_first_and_paged(
    sandbox: Sandbox, client: CloudFormationClient
) -> None:
    service_managed(client)
    for region in ("us-east-1", "eu-west-1", "us-west-2"):
        deploy(sandbox, client, accounts=ACCOUNTS[:1], regions=[region])
    first = client.list_stack_set_operations(StackSetName="base", MaxResults=2)
    rest = client.list_stack_set_operations(
        StackSetName="base", MaxResults=2, NextToken=first["NextToken"]
    )
    listed = [each["OperationId"] for each in first["Summaries"] + rest["Summaries"]]
    assert listed == [each.id for each in reversed(sandbox.operations("base"))]
    assert "NextToken" not in rest


def test_a_deleted_stack_set_stays_describable_by_id_and_its_name_is_free(
    client: CloudFormationClient,
) -> None:
    service_managed(client)
    identifier = client.describe_stack_set(StackSetName="base")["StackSet"]["StackSetId"]
    client.delete_stack_set(StackSetName="base")

    assert code_of(client.describe_stack_set, StackSetName="base")[0] == (
        "StackSetNotFoundException"
    )
    gone = client.describe_stack_set(StackSetName=identifier)["StackSet"]
    assert gone["Status"] == "DELETED"
    listed = client.list_stack_sets(Status="DELETED")["Summaries"]
    assert [each["StackSetId"] for each in listed] == [identifier]
    service_managed(client)
    again = client.describe_stack_set(StackSetName="base")["StackSet"]
    assert again["StackSetId"] != identifier
    assert len(client.list_stack_sets(Status="ACTIVE")["Summaries"]) == 1


def test_a_stack_set_with_instances_cannot_be_deleted(
    sandbox: Sandbox, client: CloudFormationClient
) -> None:
    service_managed(client)
    deploy(sandbox, client, accounts=ACCOUNTS[:1])
    assert code_of(client.delete_stack_set, StackSetName="base") == (
        "StackSetNotEmptyException",
        409,
    )


def test_a_request_token_makes_creating_a_stack_set_repeatable(
    client: CloudFormationClient,
) -> None:
    service_managed(client, ClientRequestToken="t1", Description="d")
    service_managed(client, ClientRequestToken="t1", Description="d")
    assert len(client.list_stack_sets()["Summaries"]) == 1
    create = client.create_stack_set
    same = {"StackSetName": "base", "TemplateBody": TEMPLATE}
    assert code_of(create, **same, ClientRequestToken="t2") == ("NameAlreadyExistsException", 409)
    assert code_of(create, **same, ClientRequestToken="t1") == (
        "CreatedButModifiedException",
        409,
    )


class TestManagedExecution:
    """Non-conflicting operations run concurrently, conflicting ones queue in order."""

    def test_a_conflicting_operation_is_queued(
        self, sandbox: Sandbox, client: CloudFormationClient
    ) -> None:
        service_managed(client, ManagedExecution={"Active": True})
        first = begin(sandbox, client, "Workloads", **FAST)
        second = begin(sandbox, client, "Workloads", **FAST)
        assert operation(client, second)["Status"] == "QUEUED"
        sandbox.run_to_end()
        one, two = sandbox.operations("base")
        assert (one.id, two.id) == (first, second)
        assert one.ended is not None
        assert two.started is not None
        assert one.ended <= two.started

    def test_operations_on_other_instances_run_at_the_same_time(
        self, sandbox: Sandbox, client: CloudFormationClient
    ) -> None:
        service_managed(client, ManagedExecution={"Active": True})
        begin(sandbox, client, "Workloads", **FAST)
        begin(sandbox, client, "Workloads", regions=["eu-west-1"], **FAST)
        sandbox.run_to_end()
        one, two = sandbox.operations("base")
        assert one.started == two.started

    def test_a_queued_operation_can_be_stopped(
        self, sandbox: Sandbox, client: CloudFormationClient
    ) -> None:
        service_managed(client, ManagedExecution={"Active": True})
        begin(sandbox, client, "Workloads", **FAST)
        second = begin(sandbox, client, "Workloads", **FAST)
        client.stop_stack_set_operation(StackSetName="base", OperationId=second)
        sandbox.run_to_end()
        assert operation(client, second)["Status"] == "STOPPED"
        assert sandbox.operations("base")[1].cancelled == sandbox.operations("base")[1].targets

    def test_it_cannot_be_changed_while_operations_run(
        self, sandbox: Sandbox, client: CloudFormationClient
    ) -> None:
        service_managed(client, ManagedExecution={"Active": True})
        begin(sandbox, client, "Workloads", **FAST)
        change = {"StackSetName": "base", "ManagedExecution": {"Active": False}}
        assert code_of(client.update_stack_set, UsePreviousTemplate=True, **change)[1] == 409
        sandbox.run_to_end()
        client.update_stack_set(UsePreviousTemplate=True, **change)  # type: ignore[arg-type]
        described = client.describe_stack_set(StackSetName="base")["StackSet"]
        assert described["ManagedExecution"] == {"Active": False}

    def test_it_cannot_be_changed_together_with_the_template(
        self, client: CloudFormationClient
    ) -> None:
        service_managed(client)
        assert code_of(
            client.update_stack_set,
            StackSetName="base",
            TemplateBody=TEMPLATE,
            ManagedExecution={"Active": True},
        ) == ("InvalidOperationException", 400)
