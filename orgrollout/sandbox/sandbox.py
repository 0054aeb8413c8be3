"""The sandbox as tests and people use it: start it, cause faults, read what happened."""

import inspect
import os
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import boto3
import botocore.session

from orgrollout.sandbox.call_log import Call, OperationRecord, record_of
from orgrollout.sandbox.clock import Clock, VirtualClock
from orgrollout.sandbox.errors import SandboxError, SandboxFileError
from orgrollout.sandbox.faults.entries import parse_fault, wrong_arguments
from orgrollout.sandbox.in_process import HOOK
from orgrollout.sandbox.incidents.calls import CallFaults
from orgrollout.sandbox.incidents.change_sets import ChangeSetFaults
from orgrollout.sandbox.incidents.config_faults import ConfigFaults
from orgrollout.sandbox.incidents.context import IncidentContext
from orgrollout.sandbox.incidents.manual_changes import ManualChanges
from orgrollout.sandbox.incidents.organization_changes import OrganizationChanges
from orgrollout.sandbox.incidents.scripted_drift import ScriptedDrift
from orgrollout.sandbox.incidents.stack_instances import StackInstanceFaults
from orgrollout.sandbox.incidents.trail_faults import TrailFaults
from orgrollout.sandbox.organization.file import load_organization
from orgrollout.sandbox.principals import ACCESS_ROLE
from orgrollout.sandbox.settings import Settings
from orgrollout.sandbox.simulated_organization import SimulatedOrganization
from orgrollout.sandbox.unprovisioned import Unprovisioned

# What would lead boto3 past the sandbox: other credentials, another endpoint.
_FOREIGN = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_ENDPOINT_URL")

# Shared, because reading the service models takes longer than most tests.
_LOADER = botocore.session.Session().get_component("data_loader")

Source = Path | str | Mapping[str, Any]


class Sandbox:
    """A simulated organization; as a context manager it stands in for AWS."""

    def __init__(self, simulation: SimulatedOrganization) -> None:
        self.simulation = simulation
        self.organization = simulation.organization
        self._at = at = IncidentContext(simulation)
        self.book, self.take_back = at.book, at.take_back
        self.settle, self.stack_set = at.settle, at.stack_set
        self._hand_out_incidents(at)
        self._outside: dict[str, str] = {}
        self._operator_keys: dict[str, str] = {}
        self._default_session: boto3.Session | None = None

    def _hand_out_incidents(self, at: IncidentContext) -> None:
        """Give each incident the name that it has in the organization file and over HTTP."""
        instances = StackInstanceFaults(at)
        self.fail, self.deny, self.gate = instances.fail, instances.deny, instances.gate
        self.stuck, self.slow, self.release = instances.stuck, instances.slow, instances.release
        self.terminate_protection = instances.terminate_protection
        calls = CallFaults(at)
        self.throttle, self.delay = calls.throttle, calls.delay
        self.stale_request = calls.stale_request
        self.server_error, self.lose_response = calls.server_error, calls.lose_response
        self.expire_credentials = calls.expire_credentials
        self.renew_credentials = calls.renew_credentials
        changes = OrganizationChanges(at)
        self.leave, self.suspend, self.close = changes.leave, changes.suspend, changes.close
        self.move, self.add_account = changes.move, changes.add_account
        self.disable_region, self.give_role = changes.disable_region, changes.give_role
        by_hand = ManualChanges(at)
        self.tamper, self.delete_resource = by_hand.tamper, by_hand.delete_resource
        self.remove_tag, self.widen_policy = by_hand.remove_tag, by_hand.widen_policy
        self.stop_recorder, self.delete_rule = by_hand.stop_recorder, by_hand.delete_rule
        drift = ScriptedDrift(at)
        self.hide, self.drifted = drift.hide, drift.drifted
        trail = TrailFaults(at)
        self.late_events, self.lose_events = trail.late_events, trail.lose_events
        self.double_events, self.busy_trail = trail.double_events, trail.busy_trail
        config = ConfigFaults(at)
        self.break_delivery, self.repair_delivery = config.break_delivery, config.repair_delivery
        self.fail_remediation = config.fail_remediation
        change_sets = ChangeSetFaults(at)
        self.replaces, self.removes = change_sets.replaces, change_sets.removes
        self.refuse_change_set = change_sets.refuse_change_set
        self.fail_change_set = change_sets.fail_change_set
        self.slow_change_set = change_sets.slow_change_set
        self.stuck_change_set = change_sets.stuck_change_set

    @classmethod
    def start(
        cls,
        organization: Source,
        *,
        clock: Clock | None = None,
        faults: Sequence[Mapping[str, Any]] | None = None,
        settings: Settings | None = None,
        behaviour: Mapping[str, Any] | None = None,
        operator: str | None = None,
    ) -> "Sandbox":
        """Return a sandbox; enter it to have boto3 clients of this process answered by it.

        ``organization`` is a file or a mapping; its ``faults`` and ``settings`` hold unless
        given here. ``behaviour`` are single settings that hold instead of the file's.
        ``operator`` (name or id; default: the management account) is the account that calls
        come from.

        Raises:
            SandboxFileError: The organization file is wrong, or one of its faults.
        """
        clock = clock or VirtualClock()
        loaded = load_organization(organization, clock.now())
        source = "organization" if isinstance(organization, Mapping) else str(organization)
        wanted = {**loaded.settings, **(behaviour or {})}
        chosen = settings or Settings.from_mapping(wanted, source)
        own = loaded.organization
        account = own.find(operator) if operator else own.management_account_id
        sandbox = cls(SimulatedOrganization(own, clock, chosen, account))
        for entry in loaded.faults if faults is None else faults:
            sandbox.add_fault(entry, source)
        return sandbox

    def add_fault(self, entry: Mapping[str, Any], source: str = "faults") -> str:
        """Add a fault that is written as in the organization file, and return its id.

        Raises:
            SandboxFileError: The kind, an argument or a name in it is wrong, or one is missing.
        """
        kind, arguments = parse_fault(entry, source)
        method = getattr(self, kind)
        try:
            inspect.signature(method).bind(**arguments)
        except TypeError as error:
            raise SandboxFileError(source, [f"faults.{kind}: {error}"]) from error
        place = f"faults.{kind}"
        if wrong := list(wrong_arguments(method, arguments, place)):
            raise SandboxFileError(source, wrong)
        try:
            return str(method(**arguments))
        except SandboxError as error:
            raise SandboxFileError(source, [f"faults.{kind}: {error}"]) from error

    def __enter__(self) -> Self:
        HOOK.activate(self.simulation.gateway)
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
        self.simulation.state.forget()
        boto3.DEFAULT_SESSION = self._default_session
        for name in (*_FOREIGN, *self.environment()):
            os.environ.pop(name, None)
            if name in self._outside:
                os.environ[name] = self._outside[name]

    @property
    def clock(self) -> Clock:
        """The clock that the sandbox goes by."""
        return self.simulation.clock

    @property
    def calls(self) -> list[Call]:
        """Every API call in order."""
        return self.simulation.gateway.calls

    @property
    def unprovisioned(self) -> list[Unprovisioned]:
        """The resources that exist only as records, and what could not be done."""
        return self.simulation.unprovisioned.all

    def run_to_end(self, limit: timedelta = timedelta(days=7)) -> None:
        """Advance the clock until nothing is planned any more (stuck stack instances stay).

        Raises:
            SandboxError: There is still something planned after ``limit``.
        """
        clock, timeline = self.simulation.clock, self.simulation.timeline
        until = clock.now() + limit
        self.settle()
        while timeline.next_moment is not None:
            if clock.now() > until:
                raise SandboxError(f"still busy after {limit}")
            clock.sleep(timeline.next_moment - clock.now())
            self.settle()

    def environment(self) -> dict[str, str]:
        """Return environment variables with credentials of the operator, the same each time."""
        if not self._operator_keys:
            self._operator_keys = self.simulation.identities.issue(
                self.simulation.identities.operator
            )
        return _as_environment(self._operator_keys, self.organization.home_region)

    def session(
        self,
        account: str | None = None,
        region: str | None = None,
        *,
        role: str = ACCESS_ROLE,
        name: str = "sandbox",
        user: str = "",
    ) -> boto3.Session:
        """Return a session in an account (name or id; default: the operator) and Region.

        It is the session ``name`` of a role, or that of an IAM ``user`` (or ``root``).
        """
        identities = self.simulation.identities
        principal = identities.operator
        if account is not None:
            where = str(self._at.id_of(account))
            principal = identities.role_in(where, role, name)
            if user:
                principal = identities.user_in(where, user)
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

    def another_user(self, name: str = "mallory") -> boto3.Session:
        """Return a session of another user in the operator's account."""
        return self.session(self.simulation.identities.operator.account, role="Admin", name=name)


def _as_environment(keys: Mapping[str, str], region: str) -> dict[str, str]:
    return {
        "AWS_ACCESS_KEY_ID": keys["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": keys["SecretAccessKey"],
        "AWS_SESSION_TOKEN": keys["SessionToken"],
        "AWS_DEFAULT_REGION": region,
        "AWS_REGION": region,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
