"""Headers, bodies and lines as clients of every kind send them; each gets an answer."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config

from orgrollout.sandbox import SandboxServer, VirtualClock, serve
from orgrollout.sandbox.server import http_body
from tests.sandbox.support import HOME, ORGANIZATION, TEMPLATE
from tests.sandbox.wire import query, raw, send, signed

FORM = {"content-type": "application/x-www-form-urlencoded"}


@pytest.fixture(scope="module")
def server() -> Iterator[SandboxServer]:
    with serve(ORGANIZATION, clock=VirtualClock()) as started:
        yield started


def client(server: SandboxServer, service: str) -> Any:
    config = Config(retries={"total_max_attempts": 1})
    made: Any = boto3
    return made.client(service, HOME, endpoint_url=server.endpoint, config=config)


def test_header_names_are_read_in_any_case(server: SandboxServer) -> None:
    """The SDK for JavaScript v3 sends them in lower case; they were taken for S3, and 200."""
    made = query(
        server, "cloudformation", "CreateStackSet", StackSetName="low", TemplateBody=TEMPLATE
    )
    assert (made.status, b"<StackSetId>low:" in made.body) == (200, True)
    names = [
        s["StackSetName"] for s in client(server, "cloudformation").list_stack_sets()["Summaries"]
    ]
    assert "low" in names

    target = {"x-amz-target": "AWSOrganizationsV20161128.ListRoots"}
    kind = {"content-type": "application/x-amz-json-1.1"}
    roots = send(server, "POST", "/", {**signed("organizations"), **target, **kind}, b"{}")
    assert (roots.status, len(roots.json["Roots"])) == (200, 1)


@pytest.mark.parametrize(
    "name", ["authorization", "AUTHORIZATION", "Authorization", "aUtHoRiZaTiOn"]
)
def test_every_protocol_knows_its_service_by_the_signature(
    server: SandboxServer, name: str
) -> None:
    for service, path, method, expected in (
        ("s3", "/", "GET", b"ListAllMyBucketsResult"),
        ("iam", "/?Action=ListRoles&Version=2010-05-08", "GET", b"ListRolesResult"),
        ("ec2", "/?Action=DescribeVpcs&Version=2016-11-15", "GET", b"vpcSet"),
        ("account", "/listRegions", "POST", b'"Regions"'),
    ):
        sent = {name: signed(service)["authorization"]}
        answer = send(server, method, path, sent, b"{}" if service == "account" else None)
        assert (answer.status, expected in answer.body) == (200, True), (service, answer.text)


@pytest.mark.parametrize(
    ("headers", "code", "status"),
    [
        ({}, "MissingAuthenticationToken", 403),
        ({"authorization": "Bearer abc"}, "IncompleteSignature", 400),
        ({"authorization": "AWS4-HMAC-SHA256 Credential=x"}, "IncompleteSignature", 400),
        (
            {"x-amz-target": "AWSOrganizationsV20161128.ListRoots"},
            "MissingAuthenticationToken",
            403,
        ),
    ],
)
def test_a_request_without_a_service_is_an_error(
    server: SandboxServer, headers: dict[str, str], code: str, status: int
) -> None:
    before = len(client(server, "s3").list_buckets()["Buckets"])
    for method, path in (("POST", "/"), ("PUT", "/bucket"), ("GET", "/")):
        answer = send(server, method, path, headers, b"Action=CreateStackSet&StackSetName=none")
        assert (answer.status, code in answer.text) == (status, True), answer.text
    assert len(client(server, "s3").list_buckets()["Buckets"]) == before


def test_presigned_requests_name_their_service_in_the_url(server: SandboxServer) -> None:
    client(server, "s3").create_bucket(Bucket="signed")
    client(server, "s3").put_object(Bucket="signed", Key="k", Body=b"content")
    for version in ("s3", "s3v4"):
        made: Any = boto3.client(
            "s3", HOME, endpoint_url=server.endpoint, config=Config(signature_version=version)
        )
        url = made.generate_presigned_url("get_object", Params={"Bucket": "signed", "Key": "k"})
        found = send(server, "GET", url.removeprefix(server.endpoint))
        assert (found.status, found.body) == (200, b"content"), found.text


def _head(service: str = "cloudformation", *more: str, method: str = "POST") -> bytes:
    lines = [
        f"{method} / HTTP/1.1",
        "host: 127.0.0.1",
        f"authorization: {signed(service)['authorization']}",
    ]
    return "\r\n".join([*lines, *more, "", ""]).encode()


ACTION = b"Action=ListStackSets&Version=2010-05-15"


@pytest.mark.parametrize(
    ("sent", "status", "said"),
    [
        (_head("cloudformation", "content-length: abc") + ACTION, 400, b"Content-Length"),
        (_head("cloudformation", "content-length: -1") + ACTION, 400, b"Content-Length"),
        (_head("cloudformation", "content-length: 5000") + ACTION, 400, b"IncompleteBody"),
        (_head("cloudformation", "transfer-encoding: gzip") + ACTION, 400, b"Transfer-Encoding"),
        (
            _head("cloudformation", "transfer-encoding: chunked", "content-length: 3"),
            400,
            b"exclude",
        ),
        (_head("cloudformation", "transfer-encoding: chunked") + b"zz\r\n", 400, b"hexadecimal"),
        (
            _head("cloudformation", "transfer-encoding: chunked") + b"5\r\nab",
            400,
            b"IncompleteBody",
        ),
        (_head("cloudformation", "transfer-encoding: chunked") + b"2\r\nabc\r\n", 400, b"longer"),
        (b"garbage\r\n\r\n", 400, b"BadRequest"),
        (b"GET / HTTP/9.9\r\n\r\n", 505, b"<Error>"),
        (b"BREW / HTTP/1.1\r\n\r\n", 501, b"NotImplemented"),
        (b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n", 414, b"<Error>"),
        (b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 200 + b"\r\n", 431, b"<Error>"),
        (b"GET //[x HTTP/1.1\r\nconnection: close\r\n\r\n", 403, b"MissingAuthenticationToken"),
        (b"GET http://[ HTTP/1.1\r\nconnection: close\r\n\r\n", 403, b"MissingAuthenticationToken"),
    ],
)
def test_what_is_not_as_its_headers_say_is_answered(
    server: SandboxServer, capfd: pytest.CaptureFixture[str], sent: bytes, status: int, said: bytes
) -> None:
    answer = raw(server, sent, end=True)
    assert answer.startswith(f"HTTP/1.1 {status} ".encode()), answer[:200]
    assert said in answer
    assert capfd.readouterr() == ("", "")


def test_a_body_that_never_arrives_is_answered_in_time(
    server: SandboxServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orgrollout.sandbox.server.http_listener.PATIENCE_SECONDS", 0.2)
    answer = raw(server, _head("cloudformation", "content-length: 5000") + ACTION)
    assert (answer[:12], b"IncompleteBody" in answer) == (b"HTTP/1.1 400", True)


def test_a_body_in_chunks_is_read(server: SandboxServer) -> None:
    chunks = b"".join(b"%x;note=1\r\n%s\r\n" % (len(p), p) for p in (ACTION[:7], ACTION[7:]))
    head = _head("cloudformation", "transfer-encoding: chunked", "connection: close")
    answer = raw(server, head + chunks + b"0\r\ntrailer: x\r\n\r\n")
    assert (answer[:12], b"ListStackSetsResult" in answer) == (b"HTTP/1.1 200", True)


def test_a_body_that_is_too_large_is_refused_with_an_answer(
    server: SandboxServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_body, "LARGEST", 1_000_000)
    answer = send(server, "PUT", "/bucket/key", signed("s3"), b"x" * 8_000_000)
    assert (answer.status, "EntityTooLarge" in answer.text) == (413, True)


def test_the_date_is_that_of_the_sandbox(server: SandboxServer) -> None:
    """All that it answers bears its time; a real date beside it would look like a wrong clock."""
    year = server.sandbox.clock.now().strftime("%d %b %Y")
    assert year in query(server, "cloudformation", "ListStackSets").headers["Date"]
