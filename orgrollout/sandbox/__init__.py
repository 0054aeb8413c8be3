"""A simulated organization that behaves as CloudFormation StackSets would.

In process, every boto3 client that is made inside the block is answered by it, in any
thread; outside of the block boto3 is untouched::

    from orgrollout.sandbox import Sandbox, VirtualClock

    with Sandbox.start(Path("manifests/sandbox-organization.yaml")) as sandbox:
        sandbox.fail("log_archive", "eu-west-1", reason="Rate exceeded")
        boto3.client("cloudformation").create_stack_set(...)
        sandbox.clock.sleep(timedelta(minutes=10))      # nothing really waits
        sandbox.operations("baseline")[-1].failed       # {("111122223333", "eu-west-1")}

Operations run as time passes on the sandbox's clock; whatever is due happens when the
next call comes in, or at ``settle()``. ``run_to_end()`` lets time pass until nothing is
planned any more. Over HTTP, for any tool::

    from orgrollout.sandbox import ScaledClock, serve

    with serve(Path("manifests/sandbox-organization.yaml"), clock=ScaledClock(60)) as server:
        subprocess.run(["aws", "organizations", "list-accounts"], env=server.environment())

Credentials the sandbox did not issue stand for the operator (the management account, or
``operator=`` another); ``sandbox.session(account=..., region=...)`` is inside a member.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from orgrollout.sandbox.call_log import Call, OperationRecord
    from orgrollout.sandbox.clock import Clock, ScaledClock, VirtualClock
    from orgrollout.sandbox.errors import SandboxError, SandboxFileError
    from orgrollout.sandbox.organization.file import load_organization
    from orgrollout.sandbox.sandbox import Sandbox
    from orgrollout.sandbox.server.http import SandboxServer, serve
    from orgrollout.sandbox.settings import Note, Settings

__all__ = [
    "Call",
    "Clock",
    "Note",
    "OperationRecord",
    "Sandbox",
    "SandboxError",
    "SandboxFileError",
    "SandboxServer",
    "ScaledClock",
    "Settings",
    "VirtualClock",
    "load_organization",
    "serve",
]

_MODULES = {
    "Call": "call_log",
    "Clock": "clock",
    "Note": "settings",
    "OperationRecord": "call_log",
    "Sandbox": "sandbox",
    "SandboxError": "errors",
    "SandboxFileError": "errors",
    "SandboxServer": "server.http",
    "ScaledClock": "clock",
    "Settings": "settings",
    "VirtualClock": "clock",
    "load_organization": "organization.file",
    "serve": "server.http",
}


def __getattr__(name: str) -> object:
    """Return what is named; moto, which is slow to import, comes with a sandbox only."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
