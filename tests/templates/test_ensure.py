"""Check 32: the function that makes sure of AWS Config's service-linked role, run against moto."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import boto3
from moto import mock_aws

from tests.templates.support.policies import actions, statements_of
from tests.templates.support.reading import Templates
from tests.templates.support.resolving import Place, resolve
from tests.templates.support.sessions import default_session

FUNCTION = "AWS::Lambda::Function"
LINKED = "AWS::IAM::ServiceLinkedRole"
ENSURED = "Custom::EnsuredServiceLinkedRole"
ROLE = "AWSServiceRoleForConfig"


@contextmanager
def cloudformation() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Listen for answers as CloudFormation does, on this machine."""
    answers: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            answers.append(json.loads(body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/answer", answers
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def code_of(templates: Templates) -> str:
    function = resolve(templates.document("account-roles")).only(FUNCTION)
    code: str = function["Code"]["ZipFile"]
    return code


def invoke(templates: Templates, kind: str, **changed: Any) -> dict[str, Any]:
    """Return what CloudFormation is told when it asks."""
    properties = resolve(templates.document("account-roles")).only(ENSURED)
    module: dict[str, Any] = {"__name__": "index"}
    exec(compile(code_of(templates), "index", "exec"), module)  # noqa: S102 - as Lambda does
    module.update(changed)
    with cloudformation() as (url, answers):
        event = {
            "RequestType": kind,
            "ResponseURL": url,
            "StackId": "stack",
            "RequestId": "request",
            "LogicalResourceId": "LinkedRoleEnsured",
            "ResourceProperties": properties,
        }
        module["handler"](event, None)
    (answer,) = answers
    assert answer["PhysicalResourceId"] == ROLE
    assert (answer["StackId"], answer["RequestId"]) == ("stack", "request")
    return answer


def linked_roles() -> list[str]:
    found = boto3.client("iam").list_roles(PathPrefix="/aws-service-role/")["Roles"]
    return [role["RoleName"] for role in found]


def test_check_32_the_role_is_made_once_and_never_deleted(templates: Templates) -> None:
    """A plain resource fails wherever the role exists, which is most places."""
    with mock_aws(), default_session(Place()):
        assert linked_roles() == []
        first = invoke(templates, "Create")
        assert (first["Status"], first["Data"]) == ("SUCCESS", {"Outcome": "created"})
        for kind in ("Create", "Update"):
            again = invoke(templates, kind)
            assert (again["Status"], again["Data"]) == ("SUCCESS", {"Outcome": "present"})
        assert invoke(templates, "Delete")["Status"] == "SUCCESS"
        # moto spells the service in lower case.
        assert [name.lower() for name in linked_roles()] == [ROLE.lower()]


def test_check_32_a_role_made_in_between_is_as_good(templates: Templates) -> None:
    """AWS Config makes it, too."""

    class Faster:
        """IAM that sees the role only when it is about to make it."""

        def __init__(self) -> None:
            self.exceptions = boto3.client("iam").exceptions

        def get_role(self, **_: str) -> None:
            raise self.exceptions.NoSuchEntityException({"Error": {}}, "GetRole")

        def create_service_linked_role(self, **_: str) -> None:
            message = f"Service role name {ROLE} has been taken in this account"
            error: Any = {"Error": {"Code": "InvalidInput", "Message": message}}
            raise self.exceptions.InvalidInputException(error, "CreateServiceLinkedRole")

    with mock_aws(), default_session(Place()):
        answer = invoke(templates, "Create", iam=Faster())
    assert (answer["Status"], answer["Data"]) == ("SUCCESS", {"Outcome": "present"})


def test_check_32_a_failure_is_told(templates: Templates) -> None:
    """Silence would hold the stack for an hour."""

    class Denied:
        exceptions: Any = None

        def get_role(self, **_: str) -> None:
            raise PermissionError("not authorized to perform iam:GetRole")

    with mock_aws(), default_session(Place()):
        Denied.exceptions = boto3.client("iam").exceptions
        answer = invoke(templates, "Create", iam=Denied())
    assert answer["Status"] == "FAILED"
    assert "not authorized to perform iam:GetRole" in answer["Reason"]


def test_check_32_the_function_fits_and_may_do_only_this(templates: Templates) -> None:
    assert len(code_of(templates)) <= 4096
    stack = resolve(templates.document("account-roles"))
    (role,) = (r for r in stack.of_type("AWS::IAM::Role") if "ensure" in r["RoleName"])
    for statement in statements_of(role):
        if "iam" in str(statement["Action"]):
            assert statement["Resource"].endswith(
                f":role/aws-service-role/config.amazonaws.com/{ROLE}"
            )
    assert {a for a in actions(statements_of(role)) if a.startswith("iam:")} == {
        "iam:GetRole",
        "iam:CreateServiceLinkedRole",
    }


def test_check_32_there_are_three_ways_to_come_by_the_role(templates: Templates) -> None:
    template = templates.document("account-roles")
    kinds = {
        how: {each["Type"] for each in resolve(template, ServiceLinkedRole=how).resources.values()}
        for how in ("ensure", "create", "existing")
    }
    assert ENSURED in kinds["ensure"]
    assert LINKED not in kinds["ensure"]
    assert LINKED in kinds["create"]
    assert not {LINKED, ENSURED, FUNCTION} & kinds["existing"]
    own = resolve(template, RecorderRole="customer-managed")
    assert not own.of_type(FUNCTION)
    assert own.outputs["ConfigRecorderRoleArn"].endswith("role/orgrollout-config-recorder")
