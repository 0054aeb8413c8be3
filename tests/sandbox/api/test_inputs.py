"""Every input of every operation that the sandbox answers is held against botocore's model."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from botocore import serialize
from botocore.model import OperationModel

from orgrollout.sandbox import Sandbox
from orgrollout.sandbox.api.addressing import Request
from orgrollout.sandbox.api.formats import inputs, query_input, query_protocol
from orgrollout.sandbox.moto.bridge import Message
from tests.sandbox.support import ORGANIZATION
from tests.sandbox.violations import violations
from tests.sandbox.wire import SIGNED


def _all_operations() -> list[tuple[str, str]]:
    with Sandbox.start(ORGANIZATION) as sandbox:
        return sorted(sandbox.simulation.gateway._handlers)


OPERATIONS = [each for each in _all_operations() if each[0] != "ec2"]
"""EC2 words its errors itself, and moto reads its input; the one operation has no constraints."""


class Closed:
    """A sandbox whose operations are reached by nothing that may not reach them."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.gateway = sandbox.simulation.gateway
        self.reached: list[Any] = []

        def reached(_: Any, params: Any) -> dict[str, Any]:
            self.reached.append(params)
            return {}

        self.gateway._handlers = dict.fromkeys(self.gateway._handlers, reached)

    def send(self, operation: OperationModel, params: Mapping[str, Any]) -> Message:
        service = operation.service_model
        made = serialize.create_serializer(service.protocol, include_validation=False)
        request = made.serialize_to_request(params, operation)
        body = request["body"]
        if isinstance(body, dict):
            body = serialize_form(body)
        return self.raw(service.service_name, request["url_path"], request["headers"], body)

    def raw(self, service: str, path: str, headers: Mapping[str, str], body: bytes) -> Message:
        named = {**headers, "Authorization": SIGNED.format(key="x", service=service)}
        url = f"https://{service}.us-east-1.amazonaws.com{path}"
        return self.gateway.handle(Request("POST", url, named, body))


def serialize_form(fields: Mapping[str, Any]) -> bytes:
    from urllib.parse import urlencode  # noqa: PLC0415

    return urlencode(fields).encode()


@pytest.fixture
def closed() -> Iterator[Closed]:
    with Sandbox.start(ORGANIZATION) as sandbox:
        yield Closed(sandbox)


def model(service: str, operation: str) -> OperationModel:
    return query_protocol.service_model(service).operation_model(operation)


CODES = ("ValidationError", "ValidationException", "InvalidInputException")


@pytest.mark.parametrize(("service", "name"), OPERATIONS)
def test_every_constraint_of_the_model_is_held(closed: Closed, service: str, name: str) -> None:
    operation = model(service, name)
    for each in violations(operation):
        answer = closed.send(operation, each.params)
        said = answer.body.decode().replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
        assert answer.status == 400, (each, said)
        assert any(code in said for code in CODES), (each, said)
        assert "validation error" in said
        assert f"at '{each.path}' failed to satisfy constraint" in said, (each, said)
        assert each.constraint.replace('"', '\\"') in said or each.constraint in said, (each, said)
    assert closed.reached == []


def test_there_is_something_to_hold_them_against() -> None:
    """So that the test above cannot pass by looking at nothing."""
    found = {op: sum(1 for _ in violations(model(*op))) for op in OPERATIONS}
    assert len(found) >= 82
    assert sum(found.values()) >= 650
    assert found["cloudformation", "CreateStackInstances"] >= 20


@pytest.mark.parametrize(("service", "name"), OPERATIONS)
def test_what_an_operation_does_not_know_is_refused(
    closed: Closed, service: str, name: str
) -> None:
    """A misspelt AccountFilterType would be the whole unit."""
    operation = model(service, name)
    if operation.service_model.protocol == "query":
        body = f"Action={name}&Version={operation.service_model.api_version}&Misspelt=1".encode()
        answer = closed.raw(service, "/", {}, body)
        expected = b"MalformedInput"
    else:
        target = f"X.{name}"
        path = operation.http["requestUri"]
        answer = closed.raw(service, path, {"X-Amz-Target": target}, b'{"Misspelt": 1}')
        expected = b"SerializationException"
    assert (answer.status, expected in answer.body) == (400, True), answer.body
    assert b"isspelt is no " in answer.body
    assert closed.reached == []


QUERY = {
    "RetainStacks=maybe": "RetainStacks must be true or false",
    "RetainStacks=1": "RetainStacks must be true or false",
    "RetainStacks.x=true": "RetainStacks must be one value",
    "Regions=us-east-1": "Regions may not be treated as a list",
    "Regions.1=us-east-1": "Regions may not be treated as a list",
    "Regions.member=us-east-1": "Regions must be a list",
    "Regions.member.one=us-east-1": "Regions must be numbered",
    "Regions.member.1=us-east-1&Regions=": "is a value and holds values",
    "RetainStacks=true&RetainStacks=false": "RetainStacks is given twice",
    "DeploymentTargets=all": "DeploymentTargets must be a structure",
    "DeploymentTargets.AccountFilterTyp=NONE": "is no parameter of this operation",
    "OperationPreferences.MaxConcurrentCount=1_0": "must be an integer",
    "OperationPreferences.MaxConcurrentCount=1e3": "must be an integer",
    ".".join("a" * 100) + "=1": "nested too deeply",
    "StackSetName=%ff%fe": "",
}


@pytest.mark.parametrize("fields", QUERY)
def test_a_form_is_read_strictly(closed: Closed, fields: str) -> None:
    start = "Action=DeleteStackInstances&Version=2010-05-15"
    answer = closed.raw("cloudformation", "/", {}, f"{start}&{fields}".encode())
    assert (answer.status, closed.reached) == (400, [])
    assert QUERY[fields] in answer.body.decode()


JSON = {
    b"{": "not valid JSON",
    b"[]": "must be a JSON object",
    b'"text"': "must be a JSON object",
    b"\xff\xfe": "not valid JSON",
    b"[" * 100_000: "not valid JSON",
    b'{"MaxResults": "abc"}': "maxResults must be an integer",
    b'{"MaxResults": 1.5}': "maxResults must be an integer",
    b'{"MaxResults": true}': "maxResults must be an integer",
    b'{"MaxResults": 1e999}': "maxResults must be an integer",
    b'{"MaxResults": NaN}': "not valid JSON",
    b'{"ParentId": 5}': "parentId must be a text",
    b'{"ParentId": {"a": 1}}': "parentId must be a text",
    b'{"ParentId": "\\ud800"}': "parentId must be a text",
}


@pytest.mark.parametrize("body", JSON)
def test_json_is_read_strictly(closed: Closed, body: bytes) -> None:
    target = {"X-Amz-Target": "AWSOrganizationsV20161128.ListAccountsForParent"}
    answer = closed.raw("organizations", "/", target, body)
    assert (answer.status, closed.reached) == (400, [])
    assert b"SerializationException" in answer.body
    assert JSON[body] in answer.body.decode()


@pytest.mark.parametrize(
    ("service", "body", "code"),
    [
        ("cloudformation", b"StackSetName=a", b"MissingAction"),
        ("cloudformation", b"Action=Nonsense", b"InvalidAction"),
        ("cloudformation", b'{"StackSetName": "a"}', b"MissingAction"),
        ("sts", b"", b"MissingAction"),
    ],
)
def test_an_action_must_be_named_and_exist(
    closed: Closed, service: str, body: bytes, code: bytes
) -> None:
    answer = closed.raw(service, "/", {}, body)
    assert (answer.status, code in answer.body) == (400, True), answer.body


def test_a_target_must_exist(closed: Closed) -> None:
    answer = closed.raw("organizations", "/", {"X-Amz-Target": "X.Nonsense"}, b"{}")
    assert (answer.status, b"UnknownOperationException" in answer.body) == (400, True)


_SCALARS = {"integer": 7, "long": 7, "float": 1.5, "double": 1.5, "boolean": True, "string": "x"}


def _sample(shape: Any, depth: int = 5) -> Any:
    """Return a value for every member of a shape; None for what is too deep, or is no text."""
    if depth == 0:
        return None
    if shape.type_name == "structure":
        made = {name: _sample(each, depth - 1) for name, each in shape.members.items()}
        return {name: value for name, value in made.items() if value is not None} or None
    if shape.type_name == "list":
        item = _sample(shape.member, depth - 1)
        return None if item is None else [item, item]
    if shape.type_name == "map":
        item = _sample(shape.value, depth - 1)
        return None if item is None else {"a": item, "b": item}
    return _SCALARS.get(shape.type_name)


@pytest.mark.parametrize("service", ["cloudformation", "sts", "iam", "sns", "autoscaling", "elbv2"])
def test_what_botocore_writes_in_the_query_protocol_is_read_back(service: str) -> None:
    """For every operation and every member."""
    serializer = serialize.create_serializer("query", include_validation=False)
    known = query_protocol.service_model(service)
    assert known.protocol == "query"
    for name in known.operation_names:
        operation = known.operation_model(name)
        if operation.input_shape is None:
            continue
        params = _sample(operation.input_shape) or {}
        request = serializer.serialize_to_request(params, operation)
        body = serialize_form(request["body"])
        form = inputs.fields_of(Request("POST", "/", {}, body))
        assert query_input.parse(operation, form) == params, name
