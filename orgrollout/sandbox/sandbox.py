"""The sandbox as tests and people use it: start it, break things, ask what happened."""

import os
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import boto3
import botocore.session

from orgrollout.sandbox import moto_bridge
from orgrollout.sandbox.calls import Call, OperationRecord, record_of
from orgrollout.sandbox.clock import Clock, VirtualClock
from orgrollout.sandbox.errors import SandboxError
from orgrollout.sandbox.faults import (
    REASON,
    SCP,
    CallFault,
    InstanceFault,
    RateLimit,
    parse_fault,
)
from orgrollout.sandbox.hook import HOOK
from orgrollout.sandbox.identity import ACCESS_ROLE
from orgrollout.sandbox.organization import Account, Organization, derive
from orgrollout.sandbox.organization_file import load_organization
from orgrollout.sandbox.records import StackSet
from orgrollout.sandbox.settings import Settings
from orgrollout.sandbox.world import Unprovisioned, World

# What would lead boto3 past the sandbox: other credentials, another endpoint.
_FOREIGN = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_ENDPOINT_URL")

# Shared, because reading the service models takes longer than most tests.
_LOADER = botocore.session.Session().get_component("data_loader")

Source = Path | str | Mapping[str, Any]


class Sandbox:
    """A simulated organization; as a context manager it stands in for AWS."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._outside: dict[str, str] = {}
        self._default_session: boto3.Session | None = None

    @classmethod
    def start(
        cls,
        organization: Source,
        *,
        clock: Clock | None = None,
        faults: Sequence[Mapping[str, Any]] | None = None,
        settings: Settings | None = None,
        operator: str | None = None,
    ) -> "Sandbox":
        """Return a sandbox; enter it to have boto3 clients of this process answered by it.

        ``organization`` is a file or a mapping; its ``faults`` and ``settings`` hold unless
        given here. ``operator`` (name or id; default: the management account) is the
        account that calls come from.

        Raises:
            SandboxFileError: The organization file is wrong.
        """
        loaded = load_organization(organization)
        source = "organization" if isinstance(organization, Mapping) else str(organization)
        chosen = settings or Settings.from_mapping(loaded.settings, source)
        own = loaded.organization
        account = own.find(operator) if operator else own.management_account_id
        sandbox = cls(World(own, clock or VirtualClock(), chosen, account))
        for entry in loaded.faults if faults is None else faults:
            kind, arguments = parse_fault(entry, source)
            getattr(sandbox, kind)(**arguments)
        return sandbox

    def __enter__(self) -> Self:
        HOOK.activate(self.world.gateway)
        moto_bridge.reset()
        self._outside = os.environ.copy()
        self._default_session, boto3.DEFAULT_SESSION = boto3.DEFAULT_SESSION, None
        for name in _FOREIGN:
            os.environ.pop(name, None)
        os.environ.update(self.environment())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        HOOK.deactivate()
        moto_bridge.reset()
        boto3.DEFAULT_SESSION = self._default_session
        for name in (*_FOREIGN, *self.environment()):
            os.environ.pop(name, None)
            if name in self._outside:
                os.environ[name] = self._outside[name]

    @property
    def organization(self) -> Organization:
        """The organization as it stands."""
        return self.world.organization

    @property
    def clock(self) -> Clock:
        """The clock that the sandbox goes by."""
        return self.world.clock

    @property
    def calls(self) -> list[Call]:
        """Every API call in order."""
        return self.world.gateway.calls

    @property
    def unprovisioned(self) -> list[Unprovisioned]:
        """The resources that exist only as records, and what could not be done."""
        return self.world.unprovisioned

    def settle(self) -> None:
        """Let everything happen that is due by now."""
        with moto_bridge.LOCK:
            self.world.timeline.settle()

    def run_to_end(self, limit: timedelta = timedelta(days=7)) -> None:
        """Let time pass until nothing is planned any more (stuck instances stay).

        Raises:
            SandboxError: There is still something planned after ``limit``.
        """
        clock, timeline = self.world.clock, self.world.timeline
        until = clock.now() + limit
        self.settle()
        while timeline.next_moment is not None:
            if clock.now() > until:
                raise SandboxError(f"still busy after {limit}")
            clock.sleep(timeline.next_moment - clock.now())
            self.settle()

    def environment(self) -> dict[str, str]:
        """Return environment variables with credentials of the operator."""
        return _as_environment(
            self.world.identities.issue(self.world.identities.operator),
            self.organization.home_region,
        )

    def session(
        self,
        account: str | None = None,
        region: str | None = None,
        *,
        role: str = ACCESS_ROLE,
        name: str = "sandbox",
    ) -> boto3.Session:
        """Return a session in an account (name or id; default: the operator) and Region."""
        identities = self.world.identities
        principal = identities.operator
        if account is not None:
            principal = identities.role_in(str(self._id(account)), role, name)
        keys = identities.issue(principal)
        core = botocore.session.Session()
        core.register_component("data_loader", _LOADER)
        return boto3.Session(
            botocore_session=core,
            aws_access_key_id=keys["AccessKeyId"],
            aws_secret_access_key=keys["SecretAccessKey"],
            aws_session_token=keys["SessionToken"],
            region_name=region or self.organization.home_region,
        )

    def operations(self, stack_set_name: str) -> list[OperationRecord]:
        """Return the operations of a stack set, oldest first."""
        self.settle()
        return [record_of(each) for each in self.stack_set(stack_set_name).operations.values()]

    def stack_set(self, name: str) -> StackSet:
        """Return the newest stack set of this name.

        Raises:
            SandboxError: There is none.
        """
        found = [each for each in self.world.stack_sets if each.name == name]
        if not found:
            raise SandboxError(f"there is no stack set {name}")
        return found[-1]

    def fail(
        self,
        account: str | None = None,
        region: str | None = None,
        stack_set: str | None = None,
        *,
        times: int | None = 1,
        reason: str = REASON,
        action: str | None = None,
    ) -> None:
        """Fail matching stack instances ``times`` times (None: for good)."""
        self._add(account, region, stack_set, action=action, times=times, reason=reason)

    def deny(
        self,
        account: str | None = None,
        region: str | None = None,
        stack_set: str | None = None,
        *,
        times: int | None = None,
        action: str = "iam:CreateRole",
        resource: str = "Role",
        type: str = "AWS::IAM::Role",  # noqa: A002
    ) -> None:
        """Let a service control policy deny what stack instances do."""
        denied = self._id(account) or "the account"
        reason = SCP.format(account=denied, action=action, resource=resource, type=type)
        self._add(account, region, stack_set, times=times, reason=reason)

    def stuck(
        self,
        account: str | None = None,
        region: str | None = None,
        stack_set: str | None = None,
        *,
        times: int | None = 1,
        action: str | None = None,
        reason: str = "",
    ) -> None:
        """Let matching stack instances run without end, until ``release`` is called.

        With a ``reason`` they fail then, otherwise they succeed.
        """
        self._add(account, region, stack_set, action=action, times=times, reason=reason, stuck=True)

    def slow(
        self,
        account: str | None = None,
        region: str | None = None,
        stack_set: str | None = None,
        *,
        times: int | None = None,
        action: str | None = None,
        seconds: timedelta = timedelta(minutes=10),
    ) -> None:
        """Let matching stack instances take longer."""
        self._add(account, region, stack_set, action=action, times=times, reason="", delay=seconds)

    def release(self, account: str, region: str, stack_set: str) -> None:
        """Let a stuck stack instance end."""
        pair = (self.organization.find(account), region)
        self.world.stack_sets.release(self.stack_set(stack_set), pair)
        self.settle()

    def _add(
        self, account: str | None, region: str | None, stack_set: str | None, **rest: Any
    ) -> None:
        fault = InstanceFault(account=self._id(account), region=region, stack_set=stack_set, **rest)
        self.world.faults.instances.append(fault)

    def _id(self, account: str | None) -> str | None:
        if account is None or (account.isdigit() and account not in self.organization.accounts):
            return account
        return self.organization.find(account)

    def throttle(
        self,
        operation: str | None = None,
        *,
        times: int | None = 1,
        per_second: float | None = None,
        service: str = "cloudformation",
    ) -> None:
        """Throttle an operation ``times`` times, or above a rate."""
        if per_second is not None:
            self.world.faults.rates.append(RateLimit(operation=operation, per_second=per_second))
        else:
            self._call_fault("throttle", operation, service, times)

    def server_error(
        self,
        operation: str | None = None,
        *,
        times: int | None = 1,
        service: str = "cloudformation",
    ) -> None:
        """Answer with HTTP 500, and do nothing."""
        self._call_fault("server_error", operation, service, times)

    def lose_response(
        self,
        operation: str | None = None,
        *,
        times: int | None = 1,
        service: str = "cloudformation",
    ) -> None:
        """Do what is asked, and lose the answer: the caller sees a timeout."""
        self._call_fault("lost_response", operation, service, times)

    def delay(
        self,
        operation: str | None = None,
        *,
        seconds: timedelta,
        times: int | None = 1,
        service: str = "cloudformation",
    ) -> None:
        """Let time pass before a call is answered."""
        self._call_fault("delay", operation, service, times, seconds)

    def expire_credentials(self, account: str | None = None, *, times: int | None = None) -> None:
        """Answer every call (of an account) with ExpiredToken, until ``renew_credentials``."""
        fault = CallFault(kind="expired_credentials", account=self._id(account), times=times)
        self.world.faults.calls.insert(0, fault)

    def renew_credentials(self) -> None:
        """Let credentials be valid again."""
        faults = self.world.faults
        faults.calls = [each for each in faults.calls if each.kind != "expired_credentials"]

    def _call_fault(
        self,
        kind: str,
        operation: str | None,
        service: str | None,
        times: int | None,
        delay: timedelta = timedelta(),
    ) -> None:
        fault = CallFault(kind=kind, operation=operation, service=service, times=times, delay=delay)
        self.world.faults.calls.append(fault)

    def gate(
        self, account: str, region: str, status: str = "FAILED", reason: str = "Gate closed"
    ) -> None:
        """Let the account gate function of an account and Region answer so."""
        self.world.gates[self.organization.find(account), region] = (status, reason)

    def hide(self, account: str, region: str, resource_type: str, name: str) -> None:
        """Let drift detection not read a property of a type: it seems to be gone."""
        pair = (self.organization.find(account), region)
        self.world.deployer.unreadable.setdefault(pair, {})[resource_type] = name

    def terminate_protection(self, account: str, region: str, stack_set: str) -> None:
        """Protect the stack of a stack instance, so that it cannot be deleted."""
        pair = (self.organization.find(account), region)
        self.world.deployer.protect(str(self.stack_set(stack_set).instances[pair].stack_id))

    def leave(self, account: str, *, after: timedelta = timedelta()) -> None:
        """Let an account leave the organization, now or in a while."""
        self._later(after, self._leave, account)

    def _leave(self, account: str) -> None:
        gone = self.organization.accounts[self.organization.find(account)]
        before = gone.parent_id
        self.organization.remove_account(gone.id)
        self.world.organization_changed("leave", gone, before)

    def someone_else(self, name: str = "mallory") -> boto3.Session:
        """Return a session of another person in the operator's account."""
        return self.session(self.world.identities.operator.account, role="Admin", name=name)

    def disable_region(self, account: str, region: str) -> None:
        """Make a Region unusable in an account."""
        self.world.obstacles.disabled.add((self.organization.find(account), region))

    def suspend(self, account: str, *, after: timedelta = timedelta()) -> None:
        """Suspend an account, now or in a while."""
        self._later(after, self._set_state, account, "SUSPENDED")

    def close(self, account: str, *, after: timedelta = timedelta()) -> None:
        """Close an account, now or in a while."""
        self._later(after, self._set_state, account, "CLOSED")

    def _set_state(self, account: str, state: str) -> None:
        self.organization.accounts[self.organization.find(account)].state = state

    def move(self, account: str, to: str, *, after: timedelta = timedelta()) -> None:
        """Move an account to another unit (name, /path or id), now or in a while."""
        self._later(after, self._move, account, to)

    def _move(self, account: str, to: str) -> None:
        own = self.organization
        moved = own.accounts[own.find(account)]
        before = moved.parent_id
        own.move_account(moved.id, own.find(to))
        self.world.organization_changed("move", moved, before)

    def add_account(self, name: str, to: str = "/", *, after: timedelta = timedelta()) -> None:
        """Let a new account join in a unit, now or in a while; its id follows from its name."""
        self._later(after, self._join, name, to)

    def _join(self, name: str, to: str) -> None:
        own = self.organization
        account = Account(
            id="1" + derive(11, "account", name, alphabet="0123456789"),
            name=name,
            email=f"{name}@example.com",
            parent_id=own.find(to),
            joined=self.world.timeline.now(),
        )
        own.add_account(account)
        self.world.organization_changed("join", account, None)

    def _later(self, after: timedelta, action: Any, *arguments: Any) -> None:
        timeline = self.world.timeline
        timeline.at(timeline.now() + after, lambda: action(*arguments))
        if not after:
            self.settle()


def _as_environment(keys: Mapping[str, str], region: str) -> dict[str, str]:
    return {
        "AWS_ACCESS_KEY_ID": keys["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": keys["SecretAccessKey"],
        "AWS_SESSION_TOKEN": keys["SessionToken"],
        "AWS_DEFAULT_REGION": region,
        "AWS_REGION": region,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
