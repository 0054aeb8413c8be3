"""A response that is cut off, empty, a proxy's or another request's is no answer, for any call."""

import ast
import json
import traceback
from functools import cache
from typing import Any

import botocore.session
import pytest

from orgrollout.aws.organizations import read_organization
from orgrollout.aws.permissions import MEMBER_WRITES, TELLS, WRITES
from orgrollout.aws.transport.connection import Connection, connect
from orgrollout.aws.transport.reads import READS
from orgrollout.aws.transport.required_members import ECHOES, REQUIRED
from orgrollout.errors import BrokenResponseError, UnavailableError
from tests.aws.conftest import Serve
from tests.aws.wire import Answer, FakeClock, ok, refused
from tests.paths import ROOT
from tests.stage import new_session

AWS = ROOT / "orgrollout" / "aws"
LISTED_ELSEWHERE = {"required_members.py", "reads.py", "permissions.py", "rates.py"}
SECRET = "PLANTED-wJalrXUtnFEMI"
HTML = f"<html><body><h1>Sign in</h1>{SECRET}</body></html>"
CREDENTIALS = (
    f"<Credentials><AccessKeyId>{SECRET}</AccessKeyId><SecretAccessKey>{SECRET}</SecretAccessKey>"
    f"<SessionToken>{SECRET}</SessionToken><Expiration>2030-01-01T00:00:00Z</Expiration>"
    "</Credentials><AssumedRoleUser><AssumedRoleId>A</AssumedRoleId><Arn>{Session}</Arn>"
    "</AssumedRoleUser>"
)
ROLE = {"RoleArn": "arn:aws:iam::111122223333:role/Probe", "RoleSessionName": "orgrollout"}
STACK_SET = (
    "<StackSet><StackSetName>base</StackSetName><StackSetId>base:1</StackSetId>"
    "<Status>ACTIVE</Status><TemplateBody>{}</TemplateBody></StackSet>"
)


@pytest.fixture
def connection(clock: FakeClock) -> Connection:
    """Return a connection that reads the service models once for all tests."""
    return connect(session=new_session(), clock=clock, jitter=lambda pause: pause)


def constants_in(source: str) -> set[str]:
    """Return every string of a module."""
    constants = (n.value for n in ast.walk(ast.parse(source)) if isinstance(n, ast.Constant))
    return {value for value in constants if isinstance(value, str)}


@cache
def every_operation() -> dict[str, str]:
    """Return the operations of all services that are called, known to the table or not."""
    session = botocore.session.get_session()
    named = {text for module in AWS.rglob("*.py") for text in constants_in(module.read_text())}
    services = {api.partition(":")[0] for api in REQUIRED}
    return {
        name: f"{service}:{name}"
        for service in sorted(services | (named & set(session.get_available_services())))
        for name in session.get_service_model(service).operation_names
    }


def operations_in(source: str) -> set[str]:
    """Return every string of a module that names an operation of a service we call."""
    known = every_operation()
    return {known[value] for value in constants_in(source) & known.keys()}


def test_the_required_fields_of_every_called_operation_are_known() -> None:
    """A new call without an entry would accept any response."""
    named = {
        operation
        for module in AWS.rglob("*.py")
        if module.name not in LISTED_ELSEWHERE
        for operation in operations_in(module.read_text())
    }
    listed = {
        f"{service}:{name}"
        for table in (READS, WRITES, MEMBER_WRITES, TELLS)
        for service, names in table.items()
        for name in names
    }
    assert len(named) > 40
    # Several services have operations of the same name; those used here are in the tables, too.
    assert {api.partition(":")[2] for api in named} <= {api.partition(":")[2] for api in REQUIRED}
    assert listed <= REQUIRED.keys()


def test_required_and_echoed_fields_are_members_of_the_response() -> None:
    """A misspelled member would make every response a broken one."""
    loader = botocore.session.get_session()
    for table in (REQUIRED, ECHOES):
        for api, paths in table.items():
            service, _, name = api.partition(":")
            model = loader.get_service_model(service).operation_model(name)
            for path in paths:
                shape: Any = model.output_shape
                for step in path.split("."):
                    shape = shape.members[step.rstrip("[]+?")]
                    assert (shape.type_name == "list") is step.endswith("]"), (api, path)
                    shape = shape.member if step.endswith("]") else shape
    for api, echoes in ECHOES.items():
        service, _, name = api.partition(":")
        asked: Any = loader.get_service_model(service).operation_model(name).input_shape
        assert set(echoes.values()) <= set(asked.members), api


POLICY = '{"Policy": {"PolicySummary": {"Id": "p-12345678"}, "Content": %s}}'
GIVEN_ROLE = (
    "<Role><Path>/</Path><RoleName>deploy</RoleName><RoleId>AROA</RoleId>"
    "<Arn>arn:aws:iam::111122223333:role/deploy</Arn><CreateDate>2030-01-01T00:00:00Z</CreateDate>"
    "<AssumeRolePolicyDocument>%s</AssumeRolePolicyDocument></Role>"
)
BROKEN = [
    ("cloudformation", "ListStackSets", Answer(200, "")),
    ("cloudformation", "ListStackSets", Answer(200, HTML)),
    ("cloudformation", "ListStackSets", ok("ListStackSets")),
    ("cloudformation", "ListStackSets", ok("ListStackInstances", "<Summaries/>")),
    ("cloudformation", "ListStackSets", Answer(200, "<ListStackSetsResponse/>")),
    ("cloudformation", "ListStackSets", ok("ListStackSets", "<Summaries><member/></Summaries>")),
    ("cloudformation", "ListStackSets", Answer(403, HTML)),
    ("cloudformation", "DescribeStackSet", ok("DescribeStackSet", "<StackSet/>")),
    (
        "cloudformation",
        "DescribeStackSet",
        ok("DescribeStackSet", STACK_SET.replace("base", "other")),
    ),
    ("organizations", "ListAccounts", Answer(200, "")),
    ("organizations", "ListAccounts", Answer(200, "{}")),
    ("organizations", "ListAccounts", Answer(200, "null")),
    ("organizations", "ListAccounts", Answer(200, '"Accounts"')),
    ("organizations", "ListAccounts", Answer(200, '{"Accounts": [{"Id": "1111222')),
    ("organizations", "ListAccounts", Answer(200, '{"Accounts": null}')),
    ("organizations", "ListAccounts", Answer(200, '{"Accounts": []}')),
    ("organizations", "ListAccounts", Answer(200, '{"Accounts": [null]}')),
    ("organizations", "ListAccounts", Answer(200, '{"Accounts": [{"Name": "a"}]}')),
    ("organizations", "ListAccounts", Answer(200, f'{{"Accounts": "{SECRET}"}}')),
    ("organizations", "ListAccounts", Answer(200, f'{{"Accounts": {{"{SECRET}": 1}}}}')),
    ("organizations", "ListAccounts", Answer(200, HTML)),
    ("organizations", "ListAccounts", Answer(403, HTML)),
    ("organizations", "ListAccounts", Answer(400, f'{{"said": "{SECRET}"}}')),
    ("organizations", "ListTagsForResource", Answer(200, "{}")),
    ("config", "DescribeRemediationExceptions", Answer(200, "{}")),
    ("config", "DescribeRemediationExecutionStatus", Answer(200, "{}")),
    ("ec2", "DescribeSubnets", Answer(200, "<DescribeSubnetsResponse/>")),
    ("ec2", "DescribeNetworkInterfaces", Answer(200, "<DescribeNetworkInterfacesResponse/>")),
    ("organizations", "DescribePolicy", Answer(200, POLICY % '"{\\"Version\\": \\"2012"')),
    ("organizations", "DescribePolicy", Answer(200, POLICY % '"[]"')),
    ("organizations", "DescribePolicy", Answer(200, POLICY % f'"{SECRET}"')),
    ("iam", "GetRole", ok("GetRole", GIVEN_ROLE % "%7B%22Version%22%3A")),
    ("iam", "GetRole", ok("GetRole", GIVEN_ROLE % "%5B%5D")),
    ("sts", "AssumeRole", Answer(200, ok("AssumeRole", CREDENTIALS).body[:-20])),
    ("sts", "AssumeRole", Answer(400, ok("AssumeRole", CREDENTIALS).body[:-20])),
    ("sts", "AssumeRole", ok("AssumeRole", CREDENTIALS.replace("{Session}", "arn:aws:sts::1:x"))),
    ("sts", "AssumeRole", ok("AssumeRole", CREDENTIALS.replace("2030-01-01T00:00:00Z", SECRET))),
]
ASKED = {
    "DescribeStackSet": {"StackSetName": "base"},
    "ListTagsForResource": {"ResourceId": "111122223333"},
    "AssumeRole": ROLE,
    "DescribeRemediationExceptions": {"ConfigRuleName": "rule"},
    "DescribeRemediationExecutionStatus": {"ConfigRuleName": "rule"},
    "DescribePolicy": {"PolicyId": "p-12345678"},
    "GetRole": {"RoleName": "deploy"},
}


@pytest.mark.parametrize(("service", "operation", "answer"), BROKEN)
def test_a_broken_response_is_requested_again_and_then_named_without_quoting_it(
    serve: Serve, connection: Connection, service: str, operation: str, answer: Answer
) -> None:
    """Three active accounts were detached after one empty page; credentials were in messages."""
    endpoint = serve(answer)

    with pytest.raises(BrokenResponseError, match=f"{service}:{operation}.*broken") as caught:
        connection.call(service, operation, ASKED.get(operation))

    assert len(endpoint.received) == 10
    assert "nothing was started" in str(caught.value)
    told = "".join(traceback.format_exception(caught.value))
    assert SECRET not in told
    assert "html" not in told.lower()


def test_one_broken_response_costs_one_more_call(serve: Serve, connection: Connection) -> None:
    serve(Answer(200, "{}"), Answer(200, json.dumps({"Tags": [{"Key": "a", "Value": ""}]})))

    found = list(
        connection.pages("organizations", "ListTagsForResource", {"ResourceId": "r-ab12"}, "Tags")
    )

    assert found == [{"Key": "a", "Value": ""}]
    assert connection.calls["ListTagsForResource"] == 2


def test_a_page_that_names_itself_as_the_next_is_broken(
    serve: Serve, connection: Connection
) -> None:
    page = ok("ListStackSets", "<Summaries/><NextToken>t</NextToken>")
    serve(page, page, ok("ListStackSets", "<Summaries/>"))

    assert not list(connection.pages("cloudformation", "ListStackSets", {}, "Summaries"))
    assert connection.calls["ListStackSets"] == 3


@pytest.mark.parametrize("after", [("a", "b", "a"), ("a", "b", "c", "b")])
def test_a_listing_whose_pages_go_round_in_a_circle_ends(
    serve: Serve, connection: Connection, after: tuple[str, ...]
) -> None:
    """A cache that mixes pages up would have it read for ever, each item again and again."""
    pages = [ok("ListStackSets", f"<Summaries/><NextToken>{token}</NextToken>") for token in after]
    serve(*pages)

    with pytest.raises(BrokenResponseError, match="read before") as raised:
        list(connection.pages("cloudformation", "ListStackSets", {}, "Summaries"))
    assert "cloudformation:ListStackSets" in str(raised.value)
    assert connection.calls["ListStackSets"] == len(after)


def test_a_server_error_keeps_its_status_and_loses_its_body(
    serve: Serve, connection: Connection
) -> None:
    serve(Answer(502, f"<!DOCTYPE html><p>{SECRET}</p>"))

    with pytest.raises(UnavailableError, match="502") as caught:
        connection.call("organizations", "ListAccounts")
    assert SECRET not in "".join(traceback.format_exception(caught.value))


def test_a_write_with_a_broken_response_says_that_it_may_have_been_done(
    serve: Serve, connection: Connection
) -> None:
    serve(ok("CreateStackSet"))
    with pytest.raises(BrokenResponseError, match="Whether AWS carried it out is not known"):
        connection.call("cloudformation", "CreateStackSet", {"StackSetName": "base"})


def test_a_refusal_by_aws_is_no_broken_response(serve: Serve, connection: Connection) -> None:
    endpoint = serve(refused("StackSetNotFoundException", "StackSet base not found", 404))
    with pytest.raises(Exception, match="does not exist here"):
        connection.call("cloudformation", "DescribeStackSet", {"StackSetName": "base"})
    assert len(endpoint.received) == 1


def test_an_organization_without_its_own_management_account_is_refused(
    serve: Serve, connection: Connection
) -> None:
    """ListAccounts always has it: where it is missing, others are, too."""
    member = {"Id": "111122223333", "State": "ACTIVE", "Paths": ["o-a1b2c3d4e5/r-ab12/"]}
    tree: list[dict[str, Any]] = [
        {"Accounts": [member]},
        {"Roots": [{"Id": "r-ab12"}]},
        {"OrganizationalUnits": []},
    ]
    organization = {"Organization": {"Id": "o-1", "MasterAccountId": "999999999999"}}
    serve(*[Answer(200, json.dumps(body)) for body in (organization, *tree, *tree)])

    with pytest.raises(Exception, match="999999999999"):
        read_organization(connection, with_tags=False)


CHANGE_SET_ARN = "arn:aws:cloudformation:us-east-1:111122223333:changeSet/mine/0123abcd"


@pytest.mark.parametrize(("named", "fits"), [("mine", True), ("another", False)])
def test_a_change_set_that_was_asked_for_by_its_arn_is_told_by_its_name(
    serve: Serve,
    connection: Connection,
    named: str,
    fits: bool,
) -> None:
    described = f"<ChangeSetName>{named}</ChangeSetName><Status>CREATE_COMPLETE</Status><Changes/>"
    serve(ok("DescribeChangeSet", described))
    asked = {"ChangeSetName": CHANGE_SET_ARN}

    if fits:
        answer = connection.call("cloudformation", "DescribeChangeSet", asked)
        assert answer["ChangeSetName"] == named
    else:
        with pytest.raises(BrokenResponseError):
            connection.call("cloudformation", "DescribeChangeSet", asked)
