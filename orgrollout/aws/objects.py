"""Objects of Amazon S3: read whole, and what S3 says where one is not there or not as expected."""

from collections.abc import Callable
from typing import Any

from orgrollout.errors import UnreachableError

MISSING = frozenset({"NoSuchKey", "404"})
CONDITION_FAILED = "PreconditionFailed"
AT_THE_SAME_TIME = "ConditionalRequestConflict"
ATTEMPTS = 5


def download(
    get: Callable[[], dict[str, Any]],
    where: str,
    is_expected: Callable[[bytes], bool] = lambda _: True,
) -> tuple[dict[str, Any], bytes]:
    """Return the response of GetObject and the whole body.

    ``get`` sends the request. It is called again where the body breaks off, and where it is not as
    expected: a proxy may have cut or replaced it. A body that is so every time is returned.

    Raises:
        UnreachableError: It breaks off every time. ``where`` is what it is called.
    """
    from botocore.exceptions import BotoCoreError  # noqa: PLC0415 - slow, see `aws/transport/connection.py`

    broken: BotoCoreError | None = None
    unexpected: tuple[dict[str, Any], bytes] | None = None
    for _ in range(ATTEMPTS):
        answer = get()
        try:
            body = answer["Body"].read()
        except BotoCoreError as error:
            broken = error
            continue
        if is_expected(body):
            return answer, body
        unexpected = answer, body
    if unexpected is not None:
        return unexpected
    said = f"the body broke off ({type(broken).__name__})"
    raise UnreachableError("s3:GetObject", said, subject=where) from None
