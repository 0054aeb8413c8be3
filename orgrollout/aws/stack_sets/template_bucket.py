"""What is too large for a call, put into a bucket that CloudFormation reads by URL.

An object is named after the SHA-256 of what it holds. So what is there already is not sent again,
an operation that is sent twice names the same object, and one that was written over is told by
its name. CloudFormation keeps the text itself: DescribeStackSet gives "the body of the template
that was used" (API reference), so an object that has done its service may be deleted.
"""

import hashlib
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from orgrollout.aws.objects import (
    AT_THE_SAME_TIME,
    ATTEMPTS,
    CONDITION_FAILED,
    MISSING,
    download,
)
from orgrollout.aws.transport.connection import Connection
from orgrollout.errors import AwsError, BucketError
from orgrollout.model.domains import DOMAINS
from orgrollout.model.stack_set import MAX_BODY_BYTES
from orgrollout.plan.build.importing import MAX_NAMED

_NO_BUCKET = frozenset({"NoSuchBucket", "404"})


def by_url(
    parameters: Mapping[str, Any], bucket: str | None, connection: Connection
) -> dict[str, Any]:
    """Return the parameters of a call, with what is too large for it replaced by a URL.

    Nothing is sent to a bucket where all of it fits.

    Raises:
        BucketError: There is no bucket for it, or an object is not what its name says.
        AwsError: The bucket cannot be used.
    """
    sent = dict(parameters)
    body = sent.get("TemplateBody", "")
    if len(body.encode()) > MAX_BODY_BYTES:
        del sent["TemplateBody"]
        sent["TemplateURL"] = _url_of(body, "template", bucket, connection)
    stacks = sent.get("StackIds", ())
    if len(stacks) > MAX_NAMED:
        del sent["StackIds"]
        # How the list is written is not documented; AccountsUrl, its like, takes lines.
        text = "".join(f"{stack}\n" for stack in stacks)
        sent["StackIdsUrl"] = _url_of(text, "txt", bucket, connection)
    return sent


def bucket_and_prefix(place: str) -> tuple[str, str]:
    """Return the bucket of ``s3://BUCKET/PREFIX``, and how the names of its objects begin."""
    bucket, _, prefix = place.removeprefix("s3://").partition("/")
    parts = [part for part in prefix.split("/") if part]
    return bucket, "".join(f"{part}/" for part in parts)


def bucket_region(connection: Connection, bucket: str) -> str | None:
    """Return the Region a bucket is in, or None where there is no such bucket.

    Raises:
        AwsError: The caller may not look at it (s3:ListBucket), or it belongs to another account.
    """
    try:
        answer = connection.call("s3", "HeadBucket", {"Bucket": bucket})
    except AwsError as error:
        if error.code in _NO_BUCKET:
            return None
        raise
    return answer.get("BucketRegion") or connection.home_region


def _url_of(text: str, ending: str, place: str | None, connection: Connection) -> str:
    """Return the URL of an object that holds a text, after putting it there if it is not."""
    if place is None:
        raise BucketError(
            "something is too large for a call to CloudFormation, and the plan names no bucket "
            "for it. Nothing was started. Write `template_bucket: s3://BUCKET/PREFIX` at the top "
            "of the manifest, and plan again."
        )
    bucket, prefix = bucket_and_prefix(place)
    region = connection.once(f"bucket/{bucket}", lambda: bucket_region(connection, bucket))
    if region is None:
        raise BucketError(
            f"there is no bucket {bucket}, which `template_bucket` names; nothing was started. "
            f"`aws s3 mb s3://{bucket}` makes one; then run `orgrollout resume`."
        )
    content = text.encode()
    key = f"{prefix}{hashlib.sha256(content).hexdigest()}.{ending}"
    _put(content, bucket, key, connection)
    suffix = DOMAINS.get(connection.identity.partition, "amazonaws.com")
    return f"https://{bucket}.s3.{region}.{suffix}/{quote(key)}"


def _put(content: bytes, bucket: str, key: str, connection: Connection) -> None:
    for _ in range(ATTEMPTS):
        there = _content_of(bucket, key, content, connection)
        if there == content:
            return
        if there is not None:
            raise BucketError(
                f"s3://{bucket}/{key} does not hold what its name says: another user or tool wrote "
                "over it. Nothing was started. See who may write there, delete it, then run "
                "`orgrollout resume`."
            )
        asked = {"Bucket": bucket, "Key": key, "Body": content, "ContentType": "text/plain"}
        try:
            connection.call("s3", "PutObject", asked | {"IfNoneMatch": "*"})
        except AwsError as error:
            if error.code not in {CONDITION_FAILED, AT_THE_SAME_TIME}:
                raise
        else:
            return
    raise BucketError(
        f"others keep writing s3://{bucket}/{key}; nothing was started. Run `orgrollout resume`."
    )


def _content_of(bucket: str, key: str, expected: bytes, connection: Connection) -> bytes | None:
    """Return what an object holds, read again where that is not what it should hold."""
    try:
        asked = {"Bucket": bucket, "Key": key}
        where = f"s3://{bucket}/{key}"
        get = lambda: connection.call("s3", "GetObject", asked)  # noqa: E731
        return download(get, where, lambda body: body == expected)[1]
    except AwsError as error:
        if error.code in MISSING:
            return None
        raise
