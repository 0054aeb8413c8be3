"""Names of buckets: S3 refuses some that moto takes.

Rules: "Bucket naming rules", S3 user guide. CreateBucket answers InvalidBucketName with "The
specified bucket is not valid." (chenr2/AWS-SAM-Tutorial#2). CloudFormation words two of the rules
itself (Hubs-Foundation/hubs-cloud#13 for capitals); for the others S3's words are used.
"""

import re
from typing import Any

from moto.s3.exceptions import InvalidBucketName
from moto.s3.models import S3Backend

_VALID = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_ADDRESS = re.compile(r"\d+\.\d+\.\d+\.\d+")


def is_valid(name: str) -> bool:
    """Return whether S3 takes a name for a new bucket."""
    fits = _VALID.fullmatch(name) is not None
    return fits and ".." not in name and _ADDRESS.fullmatch(name) is None


def refusal(name: str) -> str | None:
    """Return why CloudFormation creates no bucket of this name; None if it does."""
    if is_valid(name):
        return None
    if name != name.lower():
        return "Bucket name should not contain uppercase characters"
    if "_" in name:
        return "Bucket name should not contain '_'"
    return "The specified bucket is not valid."


_create = S3Backend.create_bucket


def _checked(self: S3Backend, bucket_name: str, *args: Any, **kwargs: Any) -> Any:
    if not is_valid(bucket_name):
        raise InvalidBucketName
    return _create(self, bucket_name, *args, **kwargs)


def install() -> None:
    """Make moto's S3 refuse the names that S3 refuses."""
    S3Backend.create_bucket = _checked  # type: ignore[method-assign]
