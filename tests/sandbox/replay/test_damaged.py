"""A record comes from others: what no command has written so is refused, with the request."""

import json
from pathlib import Path
from typing import Any

import pytest

from orgrollout.sandbox import SandboxError
from orgrollout.sandbox.replay.record import load_record
from orgrollout.sandbox.replay.replay import replay

HEADER = {"record": "orgrollout", "format": 1, "version": "1", "home_region": "us-east-1"}
START = {**HEADER, "started": "2026-01-05T08:00:00+00:00"}
Said = dict[str, Any]


def request(number: int, service: str, operation: str, **more: Any) -> Said:
    named = {"as": "caller1", "service": service, "operation": operation, "region": "us-east-1"}
    return {"request": number, "at": 0, **named, "parameters": {}, **more}


def answer(number: int, result: Said, **more: Any) -> Said:
    return {"answer": number, "at": 0, "status": 200, "result": result, **more}


def write(folder: Path, *lines: Said) -> Path:
    file = folder / "record.jsonl"
    file.write_text("".join(f"{json.dumps(line)}\n" for line in (START, *lines)))
    return file


def test_a_record_cannot_name_what_reads_or_writes_a_file(tmp_path: Path) -> None:
    """boto3 gives clients of S3 more methods than the service has operations."""
    out, secret = tmp_path / "written", tmp_path / "read"
    secret.write_text("hunter2")
    where = {"Bucket": "bucket", "Key": "key"}
    made = [
        request(1, "s3", "CreateBucket", parameters={"Bucket": "bucket"}),
        request(2, "s3", "PutObject", parameters={**where, "Body": {"$bytes": 3}}),
    ]
    for operation, named in (
        ("DownloadFile", {**where, "Filename": str(out)}),
        ("download_file", {**where, "Filename": str(out)}),
        ("UploadFile", {**where, "Filename": str(secret)}),
    ):
        file = write(tmp_path, *made, request(3, "s3", operation, parameters=named))

        with pytest.raises(SandboxError, match=f"record, request 3: .* call s3:{operation}"):
            replay(load_record(file))

        assert not out.exists()


@pytest.mark.parametrize(
    ("service", "operation"),
    [
        ("lambda", "Invoke"),
        ("no-such-service", "ListRoots"),
        ("../../etc", "ListRoots"),
        ("organizations", "ListRootss"),
        ("organizations", "close"),
        ("sns", "Subscribe"),
    ],
)
def test_an_api_that_no_command_calls_is_refused(
    tmp_path: Path, service: str, operation: str
) -> None:
    file = write(tmp_path, request(1, "sts", "GetCallerIdentity"), request(7, service, operation))

    with pytest.raises(SandboxError, match="damaged record, request 7: orgrollout does not call"):
        replay(load_record(file))


def test_a_region_that_is_no_name_is_refused(tmp_path: Path) -> None:
    file = write(tmp_path, request(5, "sts", "GetCallerIdentity", region="x/../y"))

    with pytest.raises(SandboxError, match="damaged record, request 5: no client"):
        replay(load_record(file))
