"""One simulated organization, wired together: state, engine, APIs.

``sandbox.Sandbox`` is its face for tests and people; this is what it consists of.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any

import boto3

from orgrollout.sandbox import templates
from orgrollout.sandbox.api.account import AccountApi, RegionsApi
from orgrollout.sandbox.api.authorization import Authorization, principal_context
from orgrollout.sandbox.api.cfn_change_sets import ChangeSetApi
from orgrollout.sandbox.api.cfn_drift import DriftApi, drift_details
from orgrollout.sandbox.api.cfn_operations import OperationApi
from orgrollout.sandbox.api.cfn_stack_instances import InstanceApi
from orgrollout.sandbox.api.cfn_stack_sets import StackSetApi
from orgrollout.sandbox.api.cfn_stacks import StacksApi
from orgrollout.sandbox.api.config.aggregators import AggregatorApi
from orgrollout.sandbox.api.config.evaluations import RuleEvaluations
from orgrollout.sandbox.api.config.recorders import RecorderApi
from orgrollout.sandbox.api.config.remediation import RemediationApi
from orgrollout.sandbox.api.config.rules import ConfigApi
from orgrollout.sandbox.api.gateway import FORWARD, Gateway, Handler
from orgrollout.sandbox.api.organizations_admin import OrganizationsAdminApi
from orgrollout.sandbox.api.plain_stacks import PlainStackApi
from orgrollout.sandbox.change_sets.engine import ChangeSetWork
from orgrollout.sandbox.clock import Clock, session_time
from orgrollout.sandbox.faults.rules import Faults, RateLimit, organizations_rates
from orgrollout.sandbox.moto import bridge
from orgrollout.sandbox.moto.bridge import Message, MotoState
from orgrollout.sandbox.moto.stack_states import StackStates
from orgrollout.sandbox.moto.stacks import MotoStacks, NoStacks
from orgrollout.sandbox.organization.model import Account, Organization
from orgrollout.sandbox.principals import ACCESS_ROLE, Identities, TrustedRole
from orgrollout.sandbox.records import NO_GATE, Operation, Pair, StackSet
from orgrollout.sandbox.settings import Settings
from orgrollout.sandbox.stack_sets import responses
from orgrollout.sandbox.stack_sets.auto_deployment import AutoDeployment
from orgrollout.sandbox.stack_sets.instance_lifecycle import InstanceEffects
from orgrollout.sandbox.stack_sets.live_stacks import LiveStacks
from orgrollout.sandbox.stack_sets.roles_and_regions import (
    ADMINISTRATION_ROLE,
    EXECUTION_ROLE,
    Obstacles,
)
from orgrollout.sandbox.stack_sets.service import Caller, StackSets
from orgrollout.sandbox.stack_sets.targeting import Targeting
from orgrollout.sandbox.timeline import Timeline

Repaired = str | tuple[str, str, str]
"""A stack by its id, or ("recorder", account, Region)."""


@dataclass(frozen=True, slots=True)
class Unprovisioned:
    """A resource that is only recorded, or of which something could not be done."""

    account: str
    region: str
    stack: str
    logical_id: str
    resource_type: str
    what: str

    @property
    def is_record(self) -> bool:
        """Whether the resource exists as a record only; else something of it is missing."""
        return "recorded" in self.what.split(":")[0]


class SimulatedOrganization:
    """Everything behind the endpoint."""

    def __init__(
        self, organization: Organization, clock: Clock, settings: Settings, operator: str
    ) -> None:
        self.organization = organization
        self.clock = clock
        self.settings = settings
        self.timeline = Timeline(clock)
        self.state = MotoState()
        self.faults = Faults()
        if settings.requests_per_second is not None:
            limit = RateLimit(operation=None, per_second=settings.requests_per_second)
            self.faults.rates.append(limit)
        if settings.organizations_rates:
            self.faults.rates += organizations_rates()
        self.unprovisioned: list[Unprovisioned] = []
        self._noted: set[Unprovisioned] = set()
        self.obstacles = Obstacles(organization, self._prepare)
        self.gates: dict[Pair, tuple[str, str]] = {}
        self.broken_deliveries: dict[Pair, tuple[str, str]] = {}
        """Where AWS Config cannot deliver: error code and message."""
        self.identities = Identities(organization, operator, session_time(clock))
        kind = MotoStacks if settings.deploy_resources else NoStacks
        self.deployer = kind(self._note, self.timeline.now)
        states = StackStates()
        self.effects = InstanceEffects(
            organization=organization,
            deployer=self.deployer,
            faults=self.faults,
            settings=settings,
            timeline=self.timeline,
            obstacle=self.obstacles.reason,
            gate=self._gate,
            states=states,
        )
        self.stack_sets = StackSets(
            organization, self.timeline, settings, self.effects, self._operation_ended
        )
        self.live = LiveStacks(self.deployer, self.stack_sets, states)
        self.auto_deployment = AutoDeployment(organization, self.stack_sets, self.timeline)
        self._change_sets = ChangeSetWork(self.live, settings, self.faults, self.timeline)
        self.gateway = Gateway(
            handlers=self._handlers(),
            authorization=Authorization(
                organization,
                self.live,
                self._change_sets.stack_of,
                checks=settings.role_policies,
            ),
            identities=self.identities,
            faults=self.faults,
            clock=clock,
            timeline=self.timeline,
            prepare=self._prepare,
            is_enabled=self.obstacles.is_enabled,
            state=self.state,
        )
        self._prepared: set[str] = set()
        self.given_roles: dict[str, str] = {}
        """Roles that every account comes with: name and trust policy."""
        self.stubborn: dict[Repaired, list[tuple[timedelta, Callable[[], None]]]] = {}
        """What is done by hand again, so long after each repair of a stack or a recorder."""
        self.deployer.reverted = self.repaired

    def _handlers(self) -> dict[tuple[str, str], Handler]:
        targeting = Targeting(self.organization, self._read_url)
        known_regions = _regions()
        made: dict[tuple[str, str], Handler] = {
            ("cloudformation", "GetTemplateSummary"): self._template_summary,
            ("sts", "GetCallerIdentity"): self._caller_identity,
            ("sts", "AssumeRole"): self._assume_role,
        }
        for api in (
            StackSetApi(self.stack_sets, targeting, self._read_url),
            InstanceApi(self.stack_sets, targeting, known_regions),
            OperationApi(self.stack_sets),
            DriftApi(self.stack_sets, self.live, self.settings),
            PlainStackApi(self.live, self._read_url, self.timeline),
            ChangeSetApi(
                self.live, self._change_sets, self.settings, self.timeline, self._read_url
            ),
            StacksApi(self.live),
        ):
            made.update({("cloudformation", op): handler for op, handler in _methods(api)})
        evaluations = RuleEvaluations(self.timeline, self.settings)
        own = OrganizationsAdminApi(
            self.organization, self.timeline, self.settings, self.organization_changed
        )
        for service, other in (
            ("organizations", own),
            ("config", ConfigApi(self.timeline, evaluations)),
            ("config", RecorderApi(self.timeline, self.broken_deliveries, self.repaired)),
            ("config", RemediationApi(self.timeline, self.settings, self.faults)),
            (
                "config",
                AggregatorApi(
                    self.organization, self.timeline, self.obstacles.is_enabled, evaluations
                ),
            ),
            ("account", AccountApi(self.organization, self.obstacles, known_regions)),
            ("ec2", RegionsApi(self.organization, self.obstacles, known_regions)),
        ):
            made.update({(service, op): handler for op, handler in _methods(other)})
        return made

    def _read_url(self, url: str) -> str:
        return bridge.read_object(self.organization.management_account_id, url)

    def _template_summary(self, caller: Caller, params: Mapping[str, Any]) -> dict[str, Any]:
        if params.get("StackName"):
            return FORWARD
        if params.get("StackSetName"):
            body = self.stack_sets.find(caller, params).definition.template_body
        else:
            body = params.get("TemplateBody") or self._read_url(params.get("TemplateURL", ""))
        return templates.summarize(body)

    def _caller_identity(self, caller: Caller, _params: Mapping[str, Any]) -> dict[str, Any]:
        return self.identities.get_caller_identity(caller.principal)

    def _assume_role(self, caller: Caller, params: Mapping[str, Any]) -> dict[str, Any]:
        account = (params.get("RoleArn", "").split(":") + [""] * 5)[4]
        roles: dict[str, TrustedRole] = {}
        if account in self.organization.accounts:
            roles = self._roles_in(account)
        context = principal_context(self.organization, caller)
        return self.identities.assume_role(caller.principal, params, roles, context)

    def _roles_in(self, account: str) -> dict[str, TrustedRole]:
        """Return the roles of an account that may be assumed.

        Where only records matter and no caller has looked into the account, moto stays out of it:
        ten thousand accounts would take more memory than everything else.
        """
        if not self.deployer.records_only or account in self._prepared:
            self._prepare(account)
            return bridge.trusted_roles_of(account)
        management = self.organization.management_account_id
        own = {ACCESS_ROLE: trust_of(management)} if account != management else {}
        return {name: TrustedRole(trust) for name, trust in (own | self.given_roles).items()}

    def give_role(self, name: str, trust: str) -> None:
        """Let every account come with a role."""
        self.given_roles[name] = trust
        for account in self._prepared:
            bridge.ensure_role(self.organization.accounts[account], name, trust)

    def take_role(self, name: str) -> None:
        """Take back a role that every account came with."""
        if self.given_roles.pop(name, None) is not None:
            for account in self._prepared:
                bridge.remove_role(account, name)

    def _prepare(self, account_id: str) -> None:
        """Give an account what it comes with, when it is first looked at."""
        if account_id == "organizations":
            bridge.mirror(self.organization)
            return
        account = self.organization.accounts.get(account_id)
        if account is None or account_id in self._prepared:
            return
        self._prepared.add(account_id)
        management = self.organization.management_account_id
        if account_id != management:
            bridge.ensure_role(account, ACCESS_ROLE, trust_of(management))
        delegates = (each for each in self.organization.delegates if each != account_id)
        admin = trust_of("cloudformation", *sorted(self.organization.optional_regions))
        bridge.ensure_role(account, ADMINISTRATION_ROLE, admin)
        bridge.ensure_role(account, EXECUTION_ROLE, trust_of(management, *delegates))
        for name, trust in self.given_roles.items():
            bridge.ensure_role(account, name, trust)

    def _note(self, stack_id: str, logical_id: str, kind: str, what: str) -> None:
        _, _, _, region, account, resource = stack_id.split(":", 5)
        name = resource.split("/")[1]
        noted = Unprovisioned(account, region, name, logical_id, kind, what)
        if noted not in self._noted:
            self._noted.add(noted)
            self.unprovisioned.append(noted)

    def _gate(self, pair: Pair) -> tuple[str, str]:
        return self.gates.get(pair, NO_GATE)

    def _operation_ended(self, stack_set: StackSet, operation: Operation) -> None:
        if operation.action == "DETECT_DRIFT":
            operation.drift = drift_details(stack_set, operation)
            stack_set.drift = operation.drift
        self.auto_deployment.operation_ended(stack_set, operation)

    def repaired(self, what: Repaired) -> None:
        """Let those who insist have their way again in a while."""
        for again, action in self.stubborn.get(what, ()):
            self.timeline.at(self.timeline.now() + again, action)

    def organization_changed(self, kind: str, account: Account, before: str | None) -> None:
        """Let follow what follows from a join, a leave or a move."""
        self.auto_deployment.organization_changed(kind, account, before)


@cache
def _regions() -> frozenset[str]:
    session = boto3.Session()
    names = (
        session.get_available_regions("cloudformation", partition_name=each)
        for each in session.get_available_partitions()
    )
    return frozenset().union(*names)


def _methods(api: object) -> list[tuple[str, Handler]]:
    """Return the operations an API object answers: ``list_accounts`` is ListAccounts."""
    special = {"Aws": "AWS"}
    found = []
    for name in dir(api):
        if not name.startswith("_"):
            words = [special.get(word, word) for word in name.title().split("_")]
            operation = "".join(words)
            found.append((operation, _paged(operation, getattr(api, name))))
    return found


def _paged(operation: str, handler: Handler) -> Handler:
    def answered(caller: Caller, params: Mapping[str, Any]) -> dict[str, Any] | Message:
        with responses.asked(operation, caller.account, caller.region, params):
            return handler(caller, params)

    return answered


def trust_of(*trusted: str) -> str:
    """Return a trust policy for accounts, or for CloudFormation (in opt-in Regions too)."""
    first, *others = trusted
    if first == "cloudformation":
        regional = [f"cloudformation.{region}.amazonaws.com" for region in others]
        principal = {"Service": ["cloudformation.amazonaws.com", *regional]}
    else:
        principal = {"AWS": [f"arn:aws:iam::{account}:root" for account in trusted]}
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
