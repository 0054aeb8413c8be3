"""Names of stacks, and what is said of one that moto breaks on."""

import hashlib

from orgrollout.sandbox.partitions import partition_of
from orgrollout.sandbox.records import Pair


def new_stack_id(name: str, pair: Pair, number: str) -> str:
    """Return the ARN of a stack named ``StackSet-NAME-uuid``."""
    text = hashlib.sha256("/".join((name, *pair, number)).encode()).hexdigest()
    one, other = _uuid(text[:32]), _uuid(text[32:])
    account, region = pair
    place = f"arn:{partition_of(region)}:cloudformation:{region}:{account}"
    return f"{place}:stack/StackSet-{name}-{one}/{other}"


def _uuid(text: str) -> str:
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def unexpected(error: Exception, stack_id: str) -> str:
    """Return a failure of moto itself in the words of a resource handler that failed."""
    token = _uuid(hashlib.sha256(stack_id.encode()).hexdigest()[:32])
    return (
        f'Resource handler returned message: "{type(error).__name__}: {error}" '
        f"(RequestToken: {token}, HandlerErrorCode: GeneralServiceException)"
    )
