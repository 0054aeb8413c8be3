"""CallAs of stack set calls: SELF, or DELEGATED_ADMIN."""

from collections.abc import Callable

import pytest
from botocore.stub import Stubber

from orgrollout.aws.stack_sets.stack_sets import StackSets
from orgrollout.aws.transport.connection import Connection
from orgrollout.errors import (
    NotDelegatedAdminError,
)
from orgrollout.model.stack_set import (
    CallAs,
    PermissionModel,
    StackSetDefinition,
)
from tests.aws.stack_sets.test_stack_sets import (
    ID,
    MANAGEMENT,
    NAME,
    NO_ROWS,
    OPERATION,
    PAIR,
    SET,
    WHERE,
)

Answers = Callable[[str], StackSets]
MEMBER = "222222222222"


@pytest.fixture
def called_from(connection: Connection, organizations: Stubber) -> Answers:
    """Return a function that gives stack sets as an account of the organization sees them."""

    def as_account(account: str) -> StackSets:
        who = {"Arn": f"arn:aws:iam::{account}:user/mia", "Account": account, "UserId": "mia"}
        sts = Stubber(connection._clients.get("sts", read_only=False))
        sts.add_response("get_caller_identity", who)
        sts.activate()
        organizations.add_response(
            "describe_organization",
            {"Organization": {"Id": "o-a1b2c3d4e5", "MasterAccountId": MANAGEMENT}},
        )
        return StackSets(connection)

    return as_account


def test_auto_is_self_in_the_management_account_and_determined_once(
    called_from: Answers, cloudformation: Stubber, connection: Connection
) -> None:
    stack_sets = called_from(MANAGEMENT)
    cloudformation.add_response("describe_stack_set", {"StackSet": SET}, {"StackSetName": "base"})
    cloudformation.add_response(
        "list_stack_instances",
        {"Summaries": []},
        {"StackSetName": "base", "MaxResults": 100, "CallAs": "SELF"},
    )

    stack_sets.describe(NAME)
    assert list(stack_sets.instances(NAME)) == []
    assert stack_sets.call_as is CallAs.SELF
    assert connection.calls["DescribeOrganization"] == 1
    assert connection.calls["GetCallerIdentity"] == 1


def test_a_delegated_administrator_sends_call_as_on_every_call(
    called_from: Answers, cloudformation: Stubber
) -> None:
    """A call without it finds nothing, and a tool that forgets it once gets a 404."""
    stack_sets = called_from(MEMBER)
    delegated = {"StackSetName": "base", "CallAs": "DELEGATED_ADMIN"}
    about = {**delegated, "OperationId": "or-1"}
    where = {"StackInstanceAccount": PAIR.account, "StackInstanceRegion": PAIR.region}
    cloudformation.add_response("describe_stack_set", {"StackSet": SET}, delegated)
    cloudformation.add_response(
        "list_stack_instances", {"Summaries": []}, {**delegated, "MaxResults": 100}
    )
    cloudformation.add_response(
        "describe_stack_instance", {"StackInstance": WHERE}, {**delegated, **where}
    )
    cloudformation.add_response(
        "describe_stack_set_operation", {"StackSetOperation": OPERATION}, about
    )
    cloudformation.add_response(
        "list_stack_set_operations", NO_ROWS, {**delegated, "MaxResults": 100}
    )
    cloudformation.add_response(
        "list_stack_set_operation_results", NO_ROWS, {**about, "MaxResults": 100}
    )
    cloudformation.add_response("stop_stack_set_operation", {}, about)
    cloudformation.add_response("delete_stack_set", {}, delegated)

    assert list(stack_sets.instances(NAME)) == []  # looks the set up by itself
    stack_sets.describe_instance(NAME, PAIR)
    stack_sets.describe_operation(NAME, ID)
    assert list(stack_sets.operations(NAME)) == []
    assert stack_sets.failed_results(NAME, ID) == ()
    stack_sets.stop(NAME, ID)
    stack_sets.delete_stack_set(NAME)


def test_a_delegates_own_self_managed_stack_set_is_called_without_call_as(
    called_from: Answers, cloudformation: Stubber
) -> None:
    stack_sets = called_from(MEMBER)
    own = {**SET, "PermissionModel": "SELF_MANAGED"}
    cloudformation.add_client_error(
        "describe_stack_set",
        "StackSetNotFoundException",
        expected_params={"StackSetName": "base", "CallAs": "DELEGATED_ADMIN"},
    )
    cloudformation.add_response("describe_stack_set", {"StackSet": own}, {"StackSetName": "base"})
    cloudformation.add_response(
        "list_stack_instances", {"Summaries": []}, {"StackSetName": "base", "MaxResults": 100}
    )
    assert list(stack_sets.instances(NAME)) == []


def test_a_delegated_administrator_lists_both_kinds_together(
    called_from: Answers, cloudformation: Stubber
) -> None:
    stack_sets = called_from(MEMBER)
    listing = {"Status": "ACTIVE", "MaxResults": 100}
    gone = {"StackSetName": "gone", "StackSetId": "gone:1", "Status": "DELETED"}
    cloudformation.add_response(
        "list_stack_sets",
        {"Summaries": [{k: SET[k] for k in ("StackSetName", "StackSetId", "PermissionModel")}]},
        {**listing, "CallAs": "DELEGATED_ADMIN"},
    )
    cloudformation.add_response(
        "list_stack_sets",
        {"Summaries": [{"StackSetName": "own", "StackSetId": "own:1"}, gone]},
        listing,
    )
    assert [(row.name, row.permission_model) for row in stack_sets.list_stack_sets()] == [
        ("base", PermissionModel.SERVICE_MANAGED),
        ("own", PermissionModel.SELF_MANAGED),
    ]


def test_a_member_account_lists_its_own_stack_sets_and_is_refused_on_create(
    called_from: Answers, cloudformation: Stubber
) -> None:
    """Self-managed sets need no organization."""
    stack_sets = called_from(MEMBER)
    said = ("ValidationError", "Account used is not a delegated administrator")
    cloudformation.add_client_error("list_stack_sets", *said)
    cloudformation.add_response("list_stack_sets", {"Summaries": []})
    cloudformation.add_client_error("describe_stack_set", *said)
    cloudformation.add_client_error("describe_stack_set", "StackSetNotFoundException")
    cloudformation.add_client_error("create_stack_set", *said)

    assert stack_sets.list_stack_sets() == ()
    assert stack_sets.describe(NAME) is None
    with pytest.raises(NotDelegatedAdminError, match="register-delegated-administrator"):
        stack_sets.create_stack_set(NAME, StackSetDefinition(template_body="{}"), "t")


def test_a_caller_configured_as_delegate_is_told_if_it_is_none(
    connection: Connection, cloudformation: Stubber
) -> None:
    cloudformation.add_client_error(
        "list_stack_sets", "ValidationError", "Account used is not a delegated administrator"
    )
    with pytest.raises(NotDelegatedAdminError):
        StackSets(connection, call_as="delegated_admin").list_stack_sets()


def test_a_caller_outside_of_an_organization_calls_as_self(
    connection: Connection, organizations: Stubber, cloudformation: Stubber
) -> None:
    organizations.add_client_error("describe_organization", "AWSOrganizationsNotInUseException")
    cloudformation.add_response("list_stack_sets", NO_ROWS, {"Status": "ACTIVE", "MaxResults": 100})
    assert StackSets(connection).list_stack_sets() == ()
