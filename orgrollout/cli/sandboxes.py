"""The simulated organization behind `--sandbox` and `sandbox serve`."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from orgrollout.cli.errors import SandboxUnavailableError, WrongUsageError
from orgrollout.cli.options import STARTER, Reach
from orgrollout.cli.shipped import ORGANIZATION, shipped_manifest

if TYPE_CHECKING:
    from orgrollout.sandbox import Sandbox


def organization_file(name: str) -> Path:
    """Return the organization file that was named, or the one that comes along."""
    return shipped_manifest(ORGANIZATION) if name == STARTER else Path(name)


@contextmanager
def sandbox_of(reach: Reach) -> Iterator["Sandbox"]:
    """Give the sandbox that a command works in, entered.

    Today that is always one inside this process, on a virtual clock, so that nothing waits.
    """
    if reach.profile is not None:
        raise WrongUsageError("--profile does not go with --sandbox, which needs no credentials.")
    with sandbox_errors():
        from orgrollout.sandbox import Sandbox  # noqa: PLC0415 - an extra, and slow to import

        sandbox = Sandbox.start(organization_file(reach.sandbox or STARTER))
    with sandbox:
        yield sandbox


@contextmanager
def sandbox_errors() -> Iterator[None]:
    """Turn what the sandbox complains about into errors of the command line."""
    try:
        yield
    except ImportError as error:
        raise SandboxUnavailableError(
            f"the sandbox is not installed ({error}). pip install 'orgrollout[sandbox]'"
        ) from error
    except Exception as error:
        if not _is_sandbox_error(error):
            raise
        raise SandboxUnavailableError(str(error)) from error


def _is_sandbox_error(error: Exception) -> bool:
    from orgrollout.sandbox.errors import SandboxError  # noqa: PLC0415

    return isinstance(error, SandboxError)
