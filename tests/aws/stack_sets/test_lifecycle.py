"""All stack set calls against a simulated organization: each has its intended effect."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from orgrollout.aws.organizations import read_organization
from orgrollout.aws.stack_sets.stack_sets import StackSets
from orgrollout.aws.transport.connection import Connection, connect
from orgrollout.errors import (
    InvalidCredentialsError,
    OperationInProgressError,
    RejectedError,
    StackInstanceNotFoundError,
    StackSetExistsError,
    StackSetNotEmptyError,
    ThrottledError,
)
from orgrollout.model.ids import AccountId, OperationId, Pair, Region, StackSetName, UnitId
from orgrollout.model.operation import (
    OperationAction,
    OperationPreferences,
    OperationRequest,
    OperationStatus,
    ResultStatus,
)
from orgrollout.model.stack_set import (
    CallAs,
    InstanceStatus,
    PermissionModel,
    StackInstance,
    StackSetDefinition,
)
from orgrollout.sandbox import Sandbox, Settings, VirtualClock

NAME, ADMINISTRATOR = StackSetName("base"), "999999999999"
ACCOUNTS = tuple(AccountId(f"{n}" * 12) for n in (1, 2, 3))
HOME, AWAY = Region("us-east-1"), Region("eu-west-1")
PAIRS = frozenset(Pair(account, region) for account in ACCOUNTS for region in (HOME, AWAY))
ORGANIZATION: dict[str, Any] = {
    "organization": "o-a1b2c3d4e5",
    "management_account": ADMINISTRATOR,
    "regions": [HOME, AWAY],
    "delegated_administrators": ["audit"],
    "root": {
        "organizational_units": {
            "Workloads": {
                "accounts": [{"name": f"w{a[0]}", "id": a} for a in ACCOUNTS[:2]],
                "organizational_units": {"Deep": {"accounts": [{"name": "w3", "id": ACCOUNTS[2]}]}},
            },
            "Security": {"accounts": [{"name": "audit", "id": "444444444444"}]},
        }
    },
}
TEMPLATE = """
Parameters: {Days: {Type: Number, Default: 30}}
Resources:
  Group: {Type: "AWS::Logs::LogGroup", Properties: {RetentionInDays: !Ref Days}}
"""
DEFINITION = StackSetDefinition(
    template_body=TEMPLATE, parameters={"Days": "30"}, tags={"orgrollout:manifest": "m"}
)
EVERYWHERE = OperationPreferences(max_concurrent_percentage=100, failure_tolerance_percentage=100)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    settings = Settings(deploy_resources=False)
    with Sandbox.start(ORGANIZATION, clock=VirtualClock(), settings=settings) as started:
        yield started


@pytest.fixture
def connection(sandbox: Sandbox) -> Connection:
    return connect(clock=sandbox.clock, jitter=lambda pause: pause)


@pytest.fixture
def stack_sets(connection: Connection) -> StackSets:
    made = StackSets(connection)
    made.create_stack_set(NAME, DEFINITION, "token-1")
    return made


def request(
    sandbox: Sandbox, action: OperationAction = OperationAction.CREATE, number: int = 1, **more: Any
) -> OperationRequest:
    return OperationRequest(
        **{
            "id": OperationId(f"or-{number}"),
            "stack_set": NAME,
            "action": action,
            "accounts": ACCOUNTS,
            "regions": (HOME, AWAY),
            "units": (UnitId(sandbox.organization.find("/")),),
            "preferences": EVERYWHERE,
            **more,
        }
    )


def instances(stack_sets: StackSets) -> dict[Pair, StackInstance]:
    return {instance.pair: instance for instance in stack_sets.instances(NAME)}


def deployed(sandbox: Sandbox, stack_sets: StackSets, **more: Any) -> dict[Pair, StackInstance]:
    stack_sets.start(request(sandbox, **more))
    sandbox.run_to_end()
    return instances(stack_sets)


def test_the_organization_is_read_in_few_calls(connection: Connection) -> None:
    read = read_organization(connection.planning(), with_tags=False)

    assert read.management_account == ADMINISTRATOR
    assert {a.id for a in read.accounts.values()} == {*ACCOUNTS, "444444444444", ADMINISTRATOR}
    assert read.units[read.accounts[ACCOUNTS[2]].parent].path == "/Workloads/Deep"
    assert sum(connection.calls.values()) == 3 + len(read.units)


def test_an_operation_runs_under_its_id_and_reaches_exactly_its_pairs(
    sandbox: Sandbox, stack_sets: StackSets
) -> None:
    stack_sets.start(request(sandbox))

    running = stack_sets.describe_operation(NAME, OperationId("or-1"))
    assert running is not None
    assert running.status is OperationStatus.RUNNING

    sandbox.run_to_end()
    ended = stack_sets.describe_operation(NAME, OperationId("or-1"))
    assert ended is not None
    assert (ended.status, ended.action, ended.failed_count) == (
        OperationStatus.SUCCEEDED,
        "CREATE",
        0,
    )
    assert ended.created is not None
    assert ended.ended is not None
    assert ended.ended > ended.created
    assert stack_sets.failed_results(NAME, ended.id) == ()
    assert {r.pair for r in stack_sets.results(NAME, ended.id)} == PAIRS
    found = instances(stack_sets)
    assert set(found) == PAIRS
    assert {i.status for i in found.values()} == {InstanceStatus.CURRENT}
    assert {i.last_operation for i in found.values()} == {"or-1"}


def test_a_failed_result_is_reported_although_the_operation_succeeded(
    sandbox: Sandbox, stack_sets: StackSets
) -> None:
    sandbox.fail(ACCOUNTS[1], AWAY, reason="Rate exceeded")
    deployed(sandbox, stack_sets)

    ended = stack_sets.describe_operation(NAME, OperationId("or-1"))
    (failed,) = stack_sets.failed_results(NAME, OperationId("or-1"))

    assert ended is not None
    assert (ended.status, ended.failed_count) == (OperationStatus.SUCCEEDED, 1)
    assert failed.pair == Pair(ACCOUNTS[1], AWAY)
    assert (failed.status, failed.reason) == (ResultStatus.FAILED, "Rate exceeded")


@pytest.mark.parametrize("reply", ["return", "raise"])
def test_a_lost_response_starts_no_operation_twice(reply: str) -> None:
    """AWS may answer a known id in two ways: it is not documented which."""
    settings = Settings(deploy_resources=False, duplicate_operation_id=reply)
    with Sandbox.start(ORGANIZATION, clock=VirtualClock(), settings=settings) as sandbox:
        connection = connect(clock=sandbox.clock)
        stack_sets = StackSets(connection)
        sandbox.lose_response("CreateStackSet")
        stack_sets.create_stack_set(NAME, DEFINITION, "token-1")
        sandbox.lose_response("CreateStackInstances")
        stack_sets.start(request(sandbox))
        stack_sets.start(request(sandbox))  # as after a crash
        sandbox.run_to_end()
        stack_sets.start(request(sandbox))

        assert len(sandbox.operations(NAME)) == 1
        assert len(stack_sets.list_stack_sets()) == 1
        assert connection.calls["CreateStackInstances"] == 4
        assert connection.calls["CreateStackSet"] == 2


def test_an_update_of_the_definition_reaches_its_targets_and_marks_the_rest(
    sandbox: Sandbox, stack_sets: StackSets
) -> None:
    deployed(sandbox, stack_sets)
    changed = replace(DEFINITION, parameters={"Days": "60"}, tags={})

    found = deployed(
        sandbox,
        stack_sets,
        action=OperationAction.UPDATE,
        number=2,
        accounts=ACCOUNTS[:1],
        definition=changed,
    )

    assert {p for p, i in found.items() if i.status is InstanceStatus.CURRENT} == {
        Pair(ACCOUNTS[0], HOME),
        Pair(ACCOUNTS[0], AWAY),
    }
    assert {i.last_operation for p, i in found.items() if p.account != ACCOUNTS[0]} == {"or-1"}
    described = stack_sets.describe(NAME)
    assert described is not None
    assert described.definition == changed


def test_overrides_are_replaced_as_a_whole(sandbox: Sandbox, stack_sets: StackSets) -> None:
    pair = Pair(ACCOUNTS[0], HOME)
    deployed(sandbox, stack_sets, overrides={"Days": "7"})
    described = stack_sets.describe_instance(NAME, pair)
    assert described is not None
    assert described.overrides == {"Days": "7"}
    assert instances(stack_sets)[pair].overrides is None

    deployed(sandbox, stack_sets, action=OperationAction.UPDATE, number=2, accounts=ACCOUNTS[:1])

    for account, expected in ((ACCOUNTS[0], {}), (ACCOUNTS[1], {"Days": "7"})):
        found = stack_sets.describe_instance(NAME, Pair(account, HOME))
        assert found is not None
        assert found.overrides == expected


@pytest.mark.parametrize("action", [OperationAction.DETACH, OperationAction.DELETE])
def test_only_removed_stack_instances_are_gone(
    sandbox: Sandbox, stack_sets: StackSets, action: OperationAction
) -> None:
    deployed(sandbox, stack_sets)

    left = deployed(sandbox, stack_sets, action=action, number=2, regions=(AWAY,))

    assert set(left) == {Pair(account, HOME) for account in ACCOUNTS}
    sent = [c for c in sandbox.calls if c.operation == "DeleteStackInstances"][-1].params
    assert sent["RetainStacks"] is (action is OperationAction.DETACH)
    assert stack_sets.describe_instance(NAME, Pair(ACCOUNTS[0], AWAY)) is None


def test_a_set_is_deleted_when_it_is_empty_and_not_before(
    sandbox: Sandbox, stack_sets: StackSets
) -> None:
    deployed(sandbox, stack_sets)
    with pytest.raises(StackSetNotEmptyError, match="still has stack instances"):
        stack_sets.delete_stack_set(NAME)

    deployed(sandbox, stack_sets, action=OperationAction.DELETE, number=2)
    stack_sets.delete_stack_set(NAME)
    stack_sets.delete_stack_set(NAME)

    assert stack_sets.describe(NAME) is None
    assert stack_sets.list_stack_sets() == ()


def test_a_busy_set_starts_nothing_and_can_be_stopped(
    sandbox: Sandbox, stack_sets: StackSets
) -> None:
    sandbox.stuck(ACCOUNTS[0], HOME)
    stack_sets.start(request(sandbox, preferences=OperationPreferences(parallel_regions=False)))
    sandbox.clock.sleep(timedelta(minutes=1))

    with pytest.raises(OperationInProgressError, match="stack set base is busy"):
        stack_sets.start(request(sandbox, number=2, accounts=ACCOUNTS[2:]))
    assert stack_sets.describe_operation(NAME, OperationId("or-2")) is None

    stack_sets.stop(NAME, OperationId("or-1"))
    stopping = stack_sets.describe_operation(NAME, OperationId("or-1"))
    assert stopping is not None
    assert stopping.status is OperationStatus.STOPPING
    sandbox.release(ACCOUNTS[0], HOME, NAME)
    sandbox.run_to_end()
    stopped = stack_sets.describe_operation(NAME, OperationId("or-1"))
    assert stopped is not None
    assert stopped.status is OperationStatus.STOPPED
    stack_sets.stop(NAME, OperationId("or-1"))


def test_an_update_that_names_an_absent_instance_starts_nothing(
    sandbox: Sandbox, stack_sets: StackSets
) -> None:
    deployed(sandbox, stack_sets, regions=(HOME,))
    with pytest.raises(StackInstanceNotFoundError, match="Nothing was started"):
        stack_sets.start(request(sandbox, OperationAction.UPDATE, 2))
    assert len(sandbox.operations(NAME)) == 1


def test_a_template_rejected_by_cloudformation_is_reported_with_its_message(
    stack_sets: StackSets,
) -> None:
    broken = StackSetDefinition(template_body="Resources: [")
    with pytest.raises(RejectedError, match=r"(?s)CloudFormation rejects.*for broken.*validate"):
        stack_sets.create_stack_set(StackSetName("broken"), broken, "token-2")


def test_another_stack_set_of_that_name_is_left_alone(stack_sets: StackSets) -> None:
    stack_sets.create_stack_set(NAME, DEFINITION, "token-after-a-crash")
    with pytest.raises(StackSetExistsError):
        stack_sets.create_stack_set(NAME, replace(DEFINITION, tags={}), "token-2")


def test_a_delegated_administrator_can_do_the_same(sandbox: Sandbox) -> None:
    session = sandbox.session("audit")
    connection = connect(clock=sandbox.clock, session=session)
    stack_sets = StackSets(connection)
    assert stack_sets.call_as is CallAs.DELEGATED_ADMIN

    stack_sets.create_stack_set(NAME, DEFINITION, "token-1")
    assert set(deployed(sandbox, stack_sets)) == PAIRS

    later = StackSets(connect(clock=sandbox.clock, session=session))  # has read nothing yet
    found = later.describe_operation(NAME, OperationId("or-1"))
    assert found is not None
    assert found.status is OperationStatus.SUCCEEDED
    administrator = later.describe(NAME)
    assert administrator is not None
    assert administrator.administrator == ADMINISTRATOR


def test_a_self_managed_set_reaches_the_management_account_too(
    sandbox: Sandbox, connection: Connection
) -> None:
    stack_sets = StackSets(connection)
    definition = replace(DEFINITION, permission_model=PermissionModel.SELF_MANAGED)
    stack_sets.create_stack_set(NAME, definition, "token-1")
    own = Pair(AccountId(ADMINISTRATOR), HOME)
    self_managed: Any = {
        "accounts": (own.account, ACCOUNTS[0]),
        "regions": (HOME,),
        "units": (),
        "permission_model": PermissionModel.SELF_MANAGED,
    }

    found = deployed(sandbox, stack_sets, **self_managed)
    assert set(found) == {own, Pair(ACCOUNTS[0], HOME)}
    for number, action in enumerate((OperationAction.UPDATE, OperationAction.DELETE), 2):
        found = deployed(sandbox, stack_sets, action=action, number=number, **self_managed)
    assert found == {}
    assert "DescribeOrganization" not in connection.calls
    assert all("CallAs" not in call.params for call in sandbox.calls)


def test_throttling_is_waited_out_and_counted(
    sandbox: Sandbox, connection: Connection, stack_sets: StackSets
) -> None:
    sandbox.throttle("DescribeStackSet", times=3)
    before = sandbox.clock.now()
    assert stack_sets.describe(NAME) is not None
    assert connection.calls["DescribeStackSet"] == 4
    assert sandbox.clock.now() - before >= timedelta(seconds=7)

    sandbox.throttle("DescribeStackSet", times=None)
    with pytest.raises(ThrottledError):
        stack_sets.describe(NAME)


def test_expired_credentials_are_an_error_and_a_new_connection_goes_on(
    sandbox: Sandbox, stack_sets: StackSets
) -> None:
    stack_sets.start(request(sandbox))
    sandbox.expire_credentials()
    with pytest.raises(InvalidCredentialsError, match="orgrollout resume"):
        stack_sets.describe_operation(NAME, OperationId("or-1"))
    sandbox.renew_credentials()
    again = StackSets(connect(clock=sandbox.clock))
    assert again.describe_operation(NAME, OperationId("or-1")) is not None


def test_more_than_a_page_of_instances_operations_and_results_is_read(
    sandbox: Sandbox, stack_sets: StackSets
) -> None:
    for n in range(120):
        sandbox.add_account(f"more-{n}", "Workloads")
    accounts = tuple(AccountId(a) for a in sandbox.organization.accounts if a != ADMINISTRATOR)
    sandbox.fail(accounts[7], HOME, reason="No")

    found = deployed(sandbox, stack_sets, accounts=accounts, regions=(HOME,))

    assert len(found) == 124
    assert len(list(stack_sets.results(NAME, OperationId("or-1")))) == 124
    failed = stack_sets.failed_results(NAME, OperationId("or-1"))
    assert [(r.pair.account, r.reason) for r in failed] == [(accounts[7], "No")]
    assert [o.id for o in stack_sets.operations(NAME)] == ["or-1"]
