"""Whatever breaks inside: the caller gets a typed error, the console nothing."""

import random
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from orgrollout.sandbox import Sandbox, SandboxServer, VirtualClock, serve
from tests.sandbox.support import HOME, ORGANIZATION, cloudformation
from tests.sandbox.wire import query, send, signed

JSON_TYPE = {"content-type": "application/x-amz-json-1.1"}


@pytest.fixture(scope="module")
def server() -> Iterator[SandboxServer]:
    with serve(ORGANIZATION, clock=VirtualClock()) as started:
        yield started


def client(server: SandboxServer, service: str, **more: Any) -> Any:
    config = Config(retries={"total_max_attempts": 1}, **more)
    made: Any = boto3
    return made.client(service, HOME, endpoint_url=server.endpoint, config=config)


@pytest.mark.parametrize(
    ("service", "call", "arguments"),
    [
        ("cloudformation", "describe_stack_refactor", {"StackRefactorId": "x"}),
        ("cloudformation", "list_resource_scans", {}),
        ("organizations", "list_handshakes_for_organization", {}),
        ("config", "list_stored_queries", {}),
        ("iam", "list_service_specific_credentials", {"AllUsers": True, "UserName": "x"}),
        ("ssm", "list_ops_item_events", {}),
        ("ec2", "describe_trunk_interface_associations", {}),
        ("account", "list_regions", {"MaxResults": 50, "NextToken": "?"}),
        ("braket", "search_devices", {"filters": []}),
    ],
)
def test_what_moto_lacks_is_a_typed_error(
    server: SandboxServer,
    capfd: pytest.CaptureFixture[str],
    service: str,
    call: str,
    arguments: dict[str, Any],
) -> None:
    with pytest.raises(ClientError) as caught:
        getattr(client(server, service), call)(**arguments)
    answer: Any = caught.value.response
    status, code = answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Code"]
    assert (status, code) == (501, "NotImplemented") or (400 <= status < 500 and not code.isdigit())
    assert capfd.readouterr() == ("", "")


def test_an_internal_error_is_answered_and_recorded(
    server: SandboxServer, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    gateway = server.sandbox.simulation.gateway

    def breaks(*_: Any) -> Any:
        raise ZeroDivisionError("secret words")

    for key in (("cloudformation", "ListStackSets"), ("organizations", "ListRoots")):
        monkeypatch.setitem(gateway._handlers, key, breaks)
    xml = query(server, "cloudformation", "ListStackSets")
    target = {"x-amz-target": "AWSOrganizationsV20161128.ListRoots", **JSON_TYPE}
    json = send(server, "POST", "/", {**signed("organizations"), **target}, b"{}")
    for answer in (xml, json):
        assert (answer.status, "InternalFailure" in answer.text) == (500, True)
        assert "ZeroDivisionError" in answer.text
        assert "secret words" not in answer.text
    told = send(server, "GET", "/_sandbox/failures").json
    assert [each["call"] for each in told] == [
        "cloudformation:ListStackSets",
        "organizations:ListRoots",
    ]
    assert "test_guard.py" in told[0]["place"]
    gateway.failures.clear()
    assert capfd.readouterr() == ("", "")


def test_a_server_answers_on_after_an_unexpected_error_of_moto(
    server: SandboxServer, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Moto's own code raises, in the middle of a request over HTTP."""

    def breaks(*_: Any, **__: Any) -> Any:
        raise RecursionError("secret words")

    with monkeypatch.context() as broken:
        broken.setattr("moto.iam.models.IAMBackend.create_user", breaks)
        iam = client(server, "iam")
        with pytest.raises(ClientError) as caught:
            iam.create_user(UserName="reader")
    answer: Any = caught.value.response
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 501
    assert "iam:CreateUser is answered by moto, which broke" in answer["Error"]["Message"]
    assert "secret words" not in str(caught.value)
    assert iam.create_user(UserName="reader")["User"]["UserName"] == "reader"
    assert client(server, "organizations").list_roots()["Roots"]
    assert capfd.readouterr() == ("", "")


def test_in_process_it_is_an_error_of_the_call_too() -> None:
    with Sandbox.start(ORGANIZATION) as sandbox:
        made = cloudformation(sandbox)
        with pytest.raises(ClientError, match="NotImplemented"):
            made.list_resource_scans()


@pytest.mark.parametrize(
    ("service", "method", "path", "body", "code"),
    [
        ("s3", "PUT", "/bucket", b"<Create", "MalformedXML"),
        ("s3", "PUT", "/bucket?tagging", b"\xff\xfe<", "MalformedXML"),
        ("s3", "PUT", "/bucket?versioning", b"<!DOCTYPE a [<!ENTITY b 'c'>]><a/>", "MalformedXML"),
        ("s3", "GET", "/bucket?list-type=2&max-keys=abc", b"", "InvalidArgument"),
        ("account", "POST", "/getRegionOptStatus", b"{", "SerializationException"),
        ("account", "POST", "/getRegionOptStatus", b"", "ValidationException"),
        ("account", "POST", "/getRegionOptStatus", b'{"RegionName": 5}', "SerializationException"),
    ],
)
def test_bad_xml_and_json_of_rest_services(  # noqa: PLR0917
    server: SandboxServer, service: str, method: str, path: str, body: bytes, code: str
) -> None:
    client(server, "s3").create_bucket(Bucket="bucket")
    answer = send(server, method, path, {**signed(service), **JSON_TYPE}, body)
    assert (answer.status, code in answer.text) == (400, True), answer.text


def test_what_xml_cannot_hold_is_answered_in_xml(server: SandboxServer) -> None:
    answer = client(server, "cloudformation", parameter_validation=False)
    with pytest.raises(ClientError, match="failed to satisfy constraint"):
        answer.describe_stack_instance(
            StackSetName="a", StackInstanceAccount="\x00\x0b<", StackInstanceRegion=HOME
        )


SERVICES = (
    "cloudformation",
    "sts",
    "organizations",
    "config",
    "account",
    "s3",
    "iam",
    "ec2",
    "ssm",
)


def _noise(rng: random.Random) -> bytes:
    parts = (
        b"&",
        b"=",
        b".member.",
        b"1",
        b"StackSetName",
        b"{",
        b"}",
        b'"',
        b"<a>",
        b"\x00",
        b"\xff",
        b"%",
        b"%zz",
        b"Action",
        b"[",
        b"null",
        b"-1",
        b"9" * 30,
        b"Filters",
        b":",
    )
    return b"".join(rng.choice(parts) for _ in range(rng.randrange(1, 12)))


@pytest.mark.slow
def test_noise_is_always_answered(server: SandboxServer, capfd: pytest.CaptureFixture[str]) -> None:
    """800 requests to the operations there are, with inputs that make no sense."""
    rng = random.Random(11)  # noqa: S311 - the same noise each time
    operations = sorted(server.sandbox.simulation.gateway._handlers)
    for _ in range(800):
        service, operation = rng.choice([*operations, (rng.choice(SERVICES), "Nonsense")])
        noise = _noise(rng)
        headers = dict(signed(service))
        if service in ("organizations", "config", "ssm"):
            headers["x-amz-target"] = f"X.{operation}"
            body = rng.choice((noise, b'{"%s": 1}' % noise.hex().encode(), b"[%s]" % noise))
        else:
            body = b"Action=%s&Version=2010-05-15&%s" % (operation.encode(), noise)
        path = rng.choice(("/", "/?" + noise.hex(), "/a/../b", "/%00%ff", "/bucket?acl&x=%zz"))
        answer = send(server, rng.choice(("GET", "POST", "PUT", "DELETE")), path, headers, body)
        assert answer.status < 500 or answer.status == 501, (service, operation, body, answer.text)
    assert server.sandbox.simulation.gateway.failures == []
    assert capfd.readouterr() == ("", "")
