"""A template too large for a call is uploaded to a bucket once, under the digest of its content."""

import hashlib
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

from orgrollout.aws.stack_sets.template_bucket import by_url
from orgrollout.aws.transport.connection import Connection, connect
from orgrollout.errors import AccessDeniedError, BucketError, ReadOnlyError
from orgrollout.sandbox import Sandbox
from tests.aws.test_s3_journal import replaced_bodies
from tests.stage import new_session, organization

PLACE = "s3://acme-templates/stack-sets/"
LARGE = f"# {'x' * 60_000}\nResources: {{}}\n"
KEY = f"stack-sets/{hashlib.sha256(LARGE.encode()).hexdigest()}.template"
URL = f"https://acme-templates.s3.us-east-1.amazonaws.com/{KEY}"


class Denied:
    """The body of an answer."""

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox.start(organization()) as made:
        boto3.client("s3").create_bucket(Bucket="acme-templates")
        yield made


@pytest.fixture
def connection(sandbox: Sandbox) -> Connection:
    return connect(session=new_session(), clock=sandbox.clock)


def sent(connection: Connection, body: str = LARGE, place: str | None = PLACE) -> dict[str, Any]:
    return by_url({"StackSetName": "base", "TemplateBody": body}, place, connection)


def test_a_large_template_is_put_under_its_digest_and_sent_once(connection: Connection) -> None:
    first = sent(connection)
    again = sent(connection)

    assert first == again == {"StackSetName": "base", "TemplateURL": URL}
    there = boto3.client("s3").get_object(Bucket="acme-templates", Key=KEY)
    assert there["Body"].read().decode() == LARGE
    assert connection.calls["PutObject"] == 1
    assert connection.calls["HeadBucket"] == 1


def test_a_template_that_fits_into_a_call_needs_no_bucket(connection: Connection) -> None:
    stacks = [f"arn:{number}" for number in range(10)]
    given = {"TemplateBody": "x" * 51_200, "StackIds": stacks}

    assert by_url(given, PLACE, connection) == given
    assert not connection.calls


def test_the_size_of_a_template_is_counted_in_bytes(connection: Connection) -> None:
    assert "TemplateURL" in sent(connection, "\N{SNOWMAN}" * 17_067)


def test_more_stacks_than_a_call_accepts_become_a_list_in_the_bucket(
    connection: Connection,
) -> None:
    stacks = [f"arn:aws:cloudformation:us-east-1:1:stack/s/{number}" for number in range(11)]

    parameters = by_url({"StackIds": stacks}, PLACE, connection)

    key = parameters["StackIdsUrl"].partition(".amazonaws.com/")[2]
    there = boto3.client("s3").get_object(Bucket="acme-templates", Key=key)
    assert there["Body"].read().decode().split() == stacks
    assert list(parameters) == ["StackIdsUrl"]


def test_an_overwritten_object_is_detected(connection: Connection) -> None:
    """CloudFormation would deploy it to all accounts."""
    boto3.client("s3").put_object(Bucket="acme-templates", Key=KEY, Body=b"Resources: {Mine: {}}")

    with pytest.raises(BucketError, match=r"does not hold what its name says.*Nothing was started"):
        sent(connection)
    assert "PutObject" not in connection.calls


def test_a_missing_bucket_is_reported_with_how_to_make_it(connection: Connection) -> None:
    with pytest.raises(BucketError, match="aws s3 mb s3://acme-elsewhere"):
        sent(connection, place="s3://acme-elsewhere")


def test_nothing_is_sent_without_a_bucket(connection: Connection) -> None:
    with pytest.raises(BucketError, match="template_bucket: s3://BUCKET/PREFIX"):
        sent(connection, place=None)
    assert not connection.calls


def test_a_bucket_of_another_region_is_named_by_its_own_host(connection: Connection) -> None:
    boto3.client("s3", region_name="eu-central-1").create_bucket(
        Bucket="acme-frankfurt", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
    )

    url = sent(connection, place="s3://acme-frankfurt")["TemplateURL"]

    assert url.startswith("https://acme-frankfurt.s3.eu-central-1.amazonaws.com/")


def test_the_url_names_a_host_of_the_partition() -> None:
    home = "us-iso-east-1"
    with Sandbox.start(organization(home_region=home, regions=[home])) as sandbox:
        boto3.client("s3").create_bucket(
            Bucket="acme-templates",
            CreateBucketConfiguration={"LocationConstraint": home},  # type: ignore[typeddict-item]
        )
        made = connect(session=new_session(home), clock=sandbox.clock)
        url = sent(made, LARGE.replace("{}", "{T: {Type: AWS::SNS::Topic}}"))["TemplateURL"]
        assert url.startswith(f"https://acme-templates.s3.{home}.c2s.ic.gov/stack-sets/")
        summary = boto3.client("cloudformation").get_template_summary(TemplateURL=url)
        assert summary["ResourceTypes"] == ["AWS::SNS::Topic"]


def test_two_uploads_at_the_same_time_do_not_disturb_each_other(sandbox: Sandbox) -> None:
    """The second upload is refused by the condition, and finds its own content there."""
    session = new_session()
    connection = connect(session=session, clock=sandbox.clock)
    other = boto3.client("s3")
    waiting = [LARGE]

    def overtake(**_: Any) -> None:
        if waiting:
            other.put_object(Bucket="acme-templates", Key=KEY, Body=waiting.pop().encode())

    session.events.register("before-call.s3.PutObject", overtake)

    assert sent(connection)["TemplateURL"] == URL
    assert connection.calls["PutObject"] == 1


def test_an_upload_whose_response_was_lost_is_recognised_by_its_content(sandbox: Sandbox) -> None:
    sandbox.lose_response("PutObject", service="s3")

    assert sent(connect(session=new_session(), clock=sandbox.clock))["TemplateURL"] == URL
    puts = [c.error for c in sandbox.calls if c.operation == "PutObject"]
    assert puts == [None, "PreconditionFailed"]


def test_a_read_only_connection_uploads_nothing(connection: Connection) -> None:
    with pytest.raises(ReadOnlyError):
        sent(connection.planning())
    assert boto3.client("s3").list_objects_v2(Bucket="acme-templates")["KeyCount"] == 0


def test_a_denied_bucket_is_reported_with_what_to_allow(sandbox: Sandbox) -> None:
    session = new_session()
    connection = connect(session=session, clock=sandbox.clock)

    def deny(**_: Any) -> Any:
        return AWSResponse("https://s3", 403, HTTPHeaders(), Denied())

    session.events.register("before-send.s3.PutObject", deny)

    with pytest.raises(AccessDeniedError, match="Allow s3:PutObject"):
        sent(connection)


def test_a_truncated_object_is_read_again(sandbox: Sandbox) -> None:
    """The first response is from a proxy; the object in the bucket is right."""
    session = new_session()
    bodies = [b"", LARGE.encode()[:-9], b"<html/>"]
    replaced_bodies(session, bodies)
    connection = connect(session=session, clock=sandbox.clock)
    sent(connection)

    assert sent(connection) == {"StackSetName": "base", "TemplateURL": URL}
    assert not bodies
    assert connection.calls["PutObject"] == 1
