"""Faults of a journal in a bucket: lost responses, other writers, a missing bucket."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ReadTimeoutError

from orgrollout.aws.s3_journal import S3Journal
from orgrollout.aws.transport.connection import connect
from orgrollout.errors import ReadOnlyError, UnreachableError
from orgrollout.journal.errors import (
    JournalBucketError,
    JournalBusyError,
    JournalConflictError,
    JournalCorruptError,
)
from orgrollout.journal.place import S3Place
from orgrollout.sandbox import Sandbox
from tests.stage import new_session, organization

PLACE = S3Place(bucket="acme-orgrollout", prefix="journal/1/")
CONFLICT = "ConditionalRequestConflict"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox.start(organization()) as made:
        boto3.client("s3").create_bucket(Bucket=PLACE.bucket)
        yield made


@pytest.fixture
def journal(sandbox: Sandbox) -> S3Journal:
    return S3Journal(connect(session=new_session(), clock=sandbox.clock), PLACE)


def answering_409(sandbox: Sandbox, times: int) -> S3Journal:
    """Return a journal whose first write is refused, as another conditional write is under way."""
    session = new_session()
    left = [True] * times

    def refuse(**_: Any) -> Any:
        if not left:
            return None
        left.pop()
        return AWSResponse("", 409, HTTPHeaders(), None), {"Error": {"Code": CONFLICT}}

    session.events.register_first("before-call.s3.PutObject", refuse)
    return S3Journal(connect(session=session, clock=sandbox.clock), PLACE)


def test_a_write_whose_response_was_lost_is_recognised_as_own(
    sandbox: Sandbox, journal: S3Journal
) -> None:
    """Else a rollout would be begun twice, or a driver would believe that it was overtaken."""
    sandbox.lose_response("PutObject", service="s3")
    first = journal.put("k", "first", expected=None)
    sandbox.lose_response("PutObject", service="s3")
    second = journal.put("k", "second", expected=first)

    found = journal.get("k")
    assert found is not None
    assert (found.value, found.version) == ("second", second)
    puts = [c.error for c in sandbox.calls if c.operation == "PutObject"]
    assert puts == [None, "PreconditionFailed", None, "PreconditionFailed"]


def test_an_entry_whose_response_was_lost_is_not_appended_twice(
    sandbox: Sandbox, journal: S3Journal
) -> None:
    for n in range(3):
        sandbox.lose_response("PutObject", service="s3")
        assert journal.append("s", n) == n + 1
    assert [entry.value for entry in journal.read("s")] == [0, 1, 2]


def test_a_lost_write_that_another_process_overwrote_is_a_conflict(
    sandbox: Sandbox, journal: S3Journal
) -> None:
    """The writer has to look again, and then finds its own write below the other's."""
    start = journal.put("k", ["start"], expected=None)
    session = new_session()
    other = S3Journal(connect(session=new_session(), clock=sandbox.clock), PLACE)
    steps = iter([False, True])

    def between(**_: Any) -> None:
        if next(steps, False):
            found = other.get("k")
            assert found is not None
            other.put("k", [*found.value, "other"], expected=found.version)

    session.events.register_first("before-send.s3.PutObject", between)
    mine = S3Journal(connect(session=session, clock=sandbox.clock), PLACE)
    sandbox.lose_response("PutObject", service="s3")

    with pytest.raises(JournalConflictError):
        mine.put("k", ["start", "mine"], expected=start)

    found = mine.get("k")
    assert found is not None
    assert found.value == ["start", "mine", "other"]


def test_two_conditional_writes_at_the_same_time_are_retried(sandbox: Sandbox) -> None:
    journal = answering_409(sandbox, 2)
    version = journal.put("k", 1, expected=None)
    again = answering_409(sandbox, 1)
    again.put("k", 2, expected=version)

    with pytest.raises(JournalConflictError):
        answering_409(sandbox, 1).put("k", 3, expected=version)
    with pytest.raises(JournalBusyError):
        answering_409(sandbox, 9).put("l", 1, expected=None)
    found = journal.get("k")
    assert found is not None
    assert found.value == 2


def test_a_missing_bucket_is_named_with_how_to_create_it(sandbox: Sandbox) -> None:
    nowhere = S3Place(bucket="nowhere-at-all", prefix="j/")
    journal = S3Journal(connect(session=new_session(), clock=sandbox.clock), nowhere)

    with pytest.raises(JournalBucketError, match=r"nowhere-at-all.*--only journal"):
        journal.put("k", 1, expected=None)
    with pytest.raises(JournalBucketError):
        journal.get("k")


def test_an_object_that_is_not_a_document_is_reported_as_damaged(journal: S3Journal) -> None:
    boto3.client("s3").put_object(
        Bucket=PLACE.bucket, Key="journal/1/documents/k", Body=b"version: 1"
    )
    with pytest.raises(JournalCorruptError, match="documents/k"):
        journal.get("k")


def test_an_unreachable_bucket_is_reported_as_such(sandbox: Sandbox, journal: S3Journal) -> None:
    sandbox.lose_response("PutObject", service="s3", times=None)
    with pytest.raises(UnreachableError, match="Whether AWS received the request is not known"):
        journal.put("k", 1, expected=None)


def test_an_interrupted_body_is_read_again(sandbox: Sandbox) -> None:
    session = new_session()
    broken = [True, True]

    class Breaking:
        def __init__(self, body: Any) -> None:
            self._body = body

        def read(self) -> bytes:
            if broken:
                broken.pop()
                raise ReadTimeoutError(endpoint_url="s3", error="")
            return bytes(self._body.read())

    def after(parsed: dict[str, Any], **_: Any) -> None:
        if "Body" in parsed:
            parsed["Body"] = Breaking(parsed["Body"])

    session.events.register("after-call.s3.GetObject", after)
    journal = S3Journal(connect(session=session, clock=sandbox.clock), PLACE)
    journal.put("k", "whole", expected=None)

    found = journal.get("k")

    assert found is not None
    assert found.value == "whole"
    broken += [True] * 9
    with pytest.raises(UnreachableError, match="the body broke off"):
        journal.get("k")


def replaced_bodies(session: Any, bodies: list[bytes]) -> None:
    """Let some responses of GetObject have other bodies, in order; the real ones follow."""

    class Body:
        def __init__(self, content: bytes) -> None:
            self._content = content

        def read(self) -> bytes:
            return self._content

    def after(parsed: dict[str, Any], **_: Any) -> None:
        if "Body" in parsed and bodies:
            parsed["Body"] = Body(bodies.pop(0))

    session.events.register("after-call.s3.GetObject", after)


def test_a_body_that_was_cut_or_replaced_is_read_again(sandbox: Sandbox) -> None:
    """A proxy may cut a body and give it a Content-Length that fits."""
    session = new_session()
    bodies: list[bytes] = []
    replaced_bodies(session, bodies)
    journal = S3Journal(connect(session=session, clock=sandbox.clock), PLACE)
    journal.put("k", "whole", expected=None)

    for body in (b"", b'{"nonce": "a", "val', b"<html/>", b"[]", b"{}", b"[" * 100_000):
        bodies.append(body)
        found = journal.get("k")
        assert found is not None
        assert found.value == "whole"
        assert not bodies

    bodies += [b"{}"] * 5
    with pytest.raises(JournalCorruptError, match="documents/k is no document"):
        journal.get("k")
    assert not bodies


def test_the_journal_of_a_read_only_connection_uses_another_connection(sandbox: Sandbox) -> None:
    connection = connect(session=new_session(), clock=sandbox.clock, read_only=True)
    with pytest.raises(ReadOnlyError):
        S3Journal(connection, PLACE).put("k", 1, expected=None)

    S3Journal(connection.for_journal(), PLACE).put("k", 1, expected=None)

    assert connection.calls["PutObject"] == 1
    with pytest.raises(ReadOnlyError):
        connection.call("cloudformation", "DeleteStackSet", {"StackSetName": "x"})


def test_every_object_is_under_the_prefix(journal: S3Journal) -> None:
    journal.put("rollout/base-1", {"phase": "running"}, expected=None)
    journal.append("history/base-1", "began")

    listed = boto3.client("s3").list_objects_v2(Bucket=PLACE.bucket)["Contents"]
    assert [item["Key"] for item in listed] == [
        "journal/1/documents/rollout/base-1",
        "journal/1/streams/history%2Fbase-1/999999999998",
    ]
    body = boto3.client("s3").get_object(Bucket=PLACE.bucket, Key=listed[0]["Key"])["Body"].read()
    assert json.loads(body)["value"] == {"phase": "running"}


@pytest.mark.slow
def test_more_than_a_page_of_documents_and_entries_is_read(journal: S3Journal) -> None:
    for n in range(1001):
        journal.put(f"k{n:04}", n, expected=None)
        journal.append("s", n)

    assert journal.keys() == tuple(f"k{n:04}" for n in range(1001))
    assert [entry.value for entry in journal.read("s")] == list(range(1001))
    assert journal.append("s", "next") == 1002
