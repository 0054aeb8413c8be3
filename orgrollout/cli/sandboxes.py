"""The simulated organization behind `--sandbox` and `sandbox serve`."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from platformdirs import user_state_path

from orgrollout.aws.transport.clock import Clock
from orgrollout.aws.transport.waiting import Waits
from orgrollout.cli.errors import SandboxUnavailableError, WrongUsageError
from orgrollout.cli.options.groups import STARTER, Reach
from orgrollout.cli.shipped import ORGANIZATION, shipped_manifest

if TYPE_CHECKING:
    from orgrollout.sandbox import Sandbox
    from orgrollout.sandbox.server.client import SandboxClient


def organization_file(name: str) -> Path:
    """Return the organization file that was named, or the one that comes along."""
    return shipped_manifest(ORGANIZATION) if name == STARTER else Path(name)


def state_folder() -> Path:
    """Return where the sandbox in the background is remembered."""
    return user_state_path("orgrollout") / "sandbox"


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulation:
    """A simulated organization that stands in for AWS."""

    clock: Clock
    forgets: bool  # all of it, when the command ends
    recorded: Callable[[], Sequence[str]]
    """The types of the resources that were only recorded since the command began."""


@contextmanager
def simulation_of(reach: Reach, waits: Waits) -> Iterator[Simulation]:
    """Let the sandbox that was asked for stand in for AWS.

    That is the one a URL leads to, in another process and with a clock of its own; without a file
    or a URL the one that `sandbox start` started; or else one inside this process, on a virtual
    clock, where nothing waits. ``waits`` tell of a server that does not answer.
    """
    name = reach.sandbox or STARTER
    by_url = "://" in name
    if reach.profile is not None and not by_url:
        raise WrongUsageError(
            "--profile does not go with --sandbox, which needs no credentials. With the URL of a "
            "sandbox (--sandbox http://...) it does, to play another caller."
        )
    must_be_installed()
    with sandbox_errors(), ExitStack() as stack:
        from orgrollout.sandbox.server.background import running  # noqa: PLC0415
        from orgrollout.sandbox.server.client import SandboxClient  # noqa: PLC0415

        found = running(state_folder())
        if name == STARTER and found is not None:
            name = found.endpoint
        clock: Clock
        if "://" in name:
            known = found is not None and found.endpoint == name.rstrip("/")
            client = found.client() if found is not None and known else SandboxClient(name)
            with waits.on(f"the sandbox at {name}", at_once=True):
                clock, variables = client.clock(), client.environment()
            own = by_url and names_a_caller(reach.profile)
            stack.enter_context(environment(_place(variables) if own else variables))
            recorded = _recorded_by(client)
        else:
            from orgrollout.sandbox import Sandbox  # noqa: PLC0415 - an extra, and slow to import

            sandbox = stack.enter_context(Sandbox.start(organization_file(name)))
            clock, recorded = sandbox.clock, _recorded_in(sandbox)
        yield Simulation(clock=clock, forgets="://" not in name, recorded=recorded)


def _recorded_in(sandbox: "Sandbox") -> Callable[[], list[str]]:
    return lambda: [each.resource_type for each in sandbox.unprovisioned if each.is_record]


def _recorded_by(client: "SandboxClient") -> Callable[[], list[str]]:
    before = len(_unprovisioned(client))

    def recorded() -> list[str]:
        noted = _unprovisioned(client)[before:]
        return [str(each["resource_type"]) for each in noted if each["is_record"]]

    return recorded


def _unprovisioned(client: "SandboxClient") -> list[dict[str, Any]]:
    """Return what a server could not make; nothing if it is gone, which others will tell."""
    from orgrollout.sandbox.errors import SandboxError  # noqa: PLC0415 - an extra

    try:
        return client.unprovisioned()
    except SandboxError:
        return []


def names_a_caller(profile: str | None) -> bool:
    """Return whether the caller chose credentials: by variables, or by a profile.

    With the URL of a sandbox they count, as in AWS. Keys that the sandbox did not issue stand for
    its operator; keys of a role that was assumed in it stand for that role.
    """
    named = ("AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_DEFAULT_PROFILE")
    return profile is not None or any(os.environ.get(name) for name in named)


_OF_A_CALLER = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")


def _place(variables: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that say where the sandbox is, without those that say who calls."""
    return {name: value for name, value in variables.items() if name not in _OF_A_CALLER}


@contextmanager
def environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Let boto3 find these variables; with credentials among them, no profile."""
    before = dict(os.environ)
    if "AWS_ACCESS_KEY_ID" in variables:
        for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE"):
            os.environ.pop(name, None)
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def must_be_installed() -> None:
    """Refuse where the sandbox did not come along.

    Raises:
        SandboxUnavailableError: It is an extra of the package, and is missing.
    """
    if find_spec("moto") is None:
        raise SandboxUnavailableError(
            "the sandbox is not installed; it is an extra: pip install 'orgrollout[sandbox]'"
        )


@contextmanager
def sandbox_errors() -> Iterator[None]:
    """Turn what the sandbox complains about into errors of the command line."""
    try:
        yield
    except Exception as error:
        if not _is_sandbox_error(error):
            raise
        raise SandboxUnavailableError(str(error)) from error


def _is_sandbox_error(error: Exception) -> bool:
    from orgrollout.sandbox.errors import SandboxError  # noqa: PLC0415

    return isinstance(error, SandboxError)
