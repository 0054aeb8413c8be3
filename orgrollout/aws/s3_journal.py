"""The journal in a bucket: every write is conditional, so that of two writers one is refused.

Amazon S3 is strongly consistent for reads, writes and lists, and PutObject takes If-Match and
If-None-Match ("Add preconditions to S3 operations with conditional requests", Amazon S3 User
Guide): 412 where the condition does not hold, 409 where another conditional write was under way.

A request is repeated when its answer was lost, and then meets what it wrote itself. Every object
carries a nonce of its writer, by which it knows it from another process's. It also makes every ETag
another one, so that an ETag is a version.
"""

import json
import secrets
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import quote, unquote

from orgrollout.aws.objects import (
    AT_THE_SAME_TIME,
    ATTEMPTS,
    CONDITION_FAILED,
    MISSING,
    download,
)
from orgrollout.aws.transport.connection import Connection
from orgrollout.errors import AwsError
from orgrollout.journal.errors import (
    JournalBucketError,
    JournalBusyError,
    JournalConflictError,
    JournalCorruptError,
)
from orgrollout.journal.place import S3Place
from orgrollout.journal.port import Document, Entry, Version, to_text

_LAST_POSITION = 10**12 - 1  # positions count down from here in names, so that the newest is first


class _Found(NamedTuple):
    version: Version
    nonce: str
    value: Any


class S3Journal:
    """A journal under a prefix of a bucket. Threads and processes may share it.

    Besides ``JournalError``, every method may raise an ``AwsError``: the way to the bucket is one
    to AWS.
    """

    def __init__(self, connection: Connection, place: S3Place) -> None:
        """Use the bucket with ``connection``, which must be one that may write."""
        self.place = place
        self._connection = connection
        self._ends: dict[str, int] = {}  # of streams, as far as this process knows

    def get(self, key: str) -> Document | None:
        """Return the document, or None where there is none."""
        found = self._read(self._document(key))
        return found and Document(key=key, version=found.version, value=found.value)

    def put(self, key: str, value: Any, *, expected: Version | None) -> Version:
        """Write the document if its version is ``expected``; None: if there is none yet.

        Raises:
            JournalConflictError: Another process wrote it. Nothing was written.
        """
        return self._write(key, self._document(key), value, expected)

    def delete(self, key: str, *, expected: Version) -> None:
        """Remove the document if its version is ``expected``; one that is gone is fine.

        Raises:
            JournalConflictError: Another process wrote it. It was left alone.
        """
        try:
            self._call("DeleteObject", Key=self._document(key), IfMatch=expected)
        except AwsError as error:
            if error.code in {CONDITION_FAILED, AT_THE_SAME_TIME}:
                raise JournalConflictError(key) from error
            if error.code not in MISSING:
                raise

    def keys(self, prefix: str = "") -> tuple[str, ...]:
        """Return the keys of all documents that begin with ``prefix``, in order."""
        return tuple(self.versions(prefix))

    def versions(self, prefix: str = "") -> Mapping[str, Version]:
        """Return the versions of all documents that begin with ``prefix``, by their keys.

        A list is as consistent as a read, and has the ETag of each object.
        """
        root = self._document("")
        return {
            item["Key"].removeprefix(root): Version(item.get("ETag", ""))
            for item in self._objects(root + prefix)
        }

    def append(self, stream: str, value: Any) -> int:
        """Add an entry to the end of a stream and return its position."""
        to_text(value)  # refused before anything is sent
        known = stream in self._ends
        while True:
            end = self._ends[stream] if known else self._end(stream)
            try:
                self._write(stream, self._entry(stream, end + 1), value, None)
            except JournalConflictError:
                known = False  # others have appended: look where the end is now
                continue
            self._ends[stream] = end + 1
            return end + 1

    def read(self, stream: str, *, after: int = 0) -> Iterator[Entry]:
        """Return the entries behind position ``after``, oldest first."""
        positions = []
        for name in self._names(self._stream(stream)):
            position = _position(name)
            if position <= after:
                break
            positions.append(position)
        for position in reversed(positions):
            found = self._read(self._entry(stream, position))
            if found is not None:  # pruned meanwhile
                yield Entry(position=position, value=found.value)

    def streams(self, prefix: str = "") -> tuple[str, ...]:
        """Return the names of all streams that begin with ``prefix``, in order."""
        root = f"{self.place.prefix}streams/"
        names = {unquote(n.removeprefix(root).split("/")[0]) for n in self._names(root)}
        return tuple(sorted(name for name in names if name.startswith(prefix)))

    def drop(self, stream: str) -> None:
        """Remove a stream with all its entries."""
        for name in list(self._names(self._stream(stream))):
            self._call("DeleteObject", Key=name)
        self._ends.pop(stream, None)

    def close(self) -> None:
        """Close what is open: nothing is."""

    def _write(self, what: str, name: str, value: Any, expected: Version | None) -> Version:
        nonce = secrets.token_hex(16)
        body = to_text({"nonce": nonce, "value": value}).encode()
        condition = {"IfNoneMatch": "*"} if expected is None else {"IfMatch": expected}
        for _ in range(ATTEMPTS):
            try:
                answer = self._call(
                    "PutObject", Key=name, Body=body, ContentType="application/json", **condition
                )
            except AwsError as error:
                if error.code not in {CONDITION_FAILED, AT_THE_SAME_TIME, *MISSING}:
                    raise
                there = self._read(name)
                if there is not None and there.nonce == nonce:
                    return there.version  # ours: the answer to an earlier attempt was lost
                unchanged = (there and there.version) == expected
                if error.code != AT_THE_SAME_TIME or not unchanged:
                    raise JournalConflictError(what) from error
            else:
                return Version(answer["ETag"])
        raise JournalBusyError(self.place.url)

    def _read(self, name: str) -> _Found | None:
        try:
            answer, body = download(
                lambda: self._call("GetObject", Key=name), self.place.url, _is_document
            )
        except AwsError as error:
            if error.code in MISSING:
                return None
            raise
        if not _is_document(body):
            raise JournalCorruptError(self.place.url, f"{name} is no document")
        content = json.loads(body)
        return _Found(Version(answer["ETag"]), content["nonce"], content["value"])

    def _names(self, prefix: str) -> Iterator[str]:
        return (item["Key"] for item in self._objects(prefix))

    def _objects(self, prefix: str) -> Iterator[dict[str, Any]]:
        token: dict[str, str] = {}
        while True:
            answer = self._call("ListObjectsV2", Prefix=prefix, **token)
            yield from answer.get("Contents") or ()
            if not answer.get("IsTruncated"):
                return
            token = {"ContinuationToken": answer["NextContinuationToken"]}

    def _end(self, stream: str) -> int:
        answer = self._call("ListObjectsV2", Prefix=self._stream(stream), MaxKeys=1)
        return max((_position(item["Key"]) for item in answer.get("Contents") or ()), default=0)

    def _call(self, operation: str, **parameters: Any) -> dict[str, Any]:
        try:
            return self._connection.call(
                "s3", operation, {"Bucket": self.place.bucket} | parameters
            )
        except AwsError as error:
            if error.code == "NoSuchBucket":
                raise JournalBucketError(self.place.bucket, error.said) from error
            raise

    def _document(self, key: str) -> str:
        return f"{self.place.prefix}documents/{key}"

    def _stream(self, stream: str) -> str:
        return f"{self.place.prefix}streams/{quote(stream, safe='')}/"

    def _entry(self, stream: str, position: int) -> str:
        return f"{self._stream(stream)}{_LAST_POSITION - position:012d}"


def _is_document(body: bytes) -> bool:
    """Return whether a body is what `_write` wrote."""
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        return False
    return isinstance(content, dict) and {"nonce", "value"} <= content.keys()


def _position(name: str) -> int:
    try:
        return _LAST_POSITION - int(name.rpartition("/")[2])
    except ValueError as error:
        raise JournalCorruptError(name, "no entry of a stream is called so") from error
