"""What is wrong in a record, told with the request that it is in."""

from orgrollout.sandbox.errors import SandboxError


def damaged(request: int, reason: str) -> SandboxError:
    """Return the error for a request, or for its answer, that no command has written so."""
    return SandboxError(f"damaged record, request {request}: {reason}")
