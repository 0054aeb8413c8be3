"""Objects of Amazon S3: read whole, and what S3 says where one is not there or not as expected."""

from collections.abc import Callable
from typing import Any

from orgrollout.errors import UnreachableError

MISSING = frozenset({"NoSuchKey", "404"})
CONDITION_FAILED = "PreconditionFailed"
AT_THE_SAME_TIME = "ConditionalRequestConflict"
ATTEMPTS = 5


def download(get: Callable[[], dict[str, Any]], where: str) -> tuple[dict[str, Any], bytes]:
    """Return the answer of GetObject and the whole body, which may break off after it has come.

    ``get`` sends the request, and is called again then.

    Raises:
        UnreachableError: It breaks off every time. ``where`` is what it is called.
    """
    from botocore.exceptions import BotoCoreError  # noqa: PLC0415 - slow, see `aws/transport/connection.py`

    broken: BotoCoreError | None = None
    for _ in range(ATTEMPTS):
        answer = get()
        try:
            return answer, answer["Body"].read()
        except BotoCoreError as error:
            broken = error
    said = f"the body broke off ({type(broken).__name__})"
    raise UnreachableError("s3:GetObject", said, subject=where) from None
