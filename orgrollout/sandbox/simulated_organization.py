"""One simulated organization, wired together: state, engine, APIs.

``sandbox.Sandbox`` is its face for tests and people; this is what it consists of.
"""

from collections.abc import Callable
from datetime import timedelta

from orgrollout.sandbox.account_roles import AccountRoles
from orgrollout.sandbox.api.account import AccountApi, RegionsApi
from orgrollout.sandbox.api.authorization import Authorization
from orgrollout.sandbox.api.automation import AutomationApi
from orgrollout.sandbox.api.cfn_change_sets import ChangeSetApi
from orgrollout.sandbox.api.cfn_drift import DriftApi, drift_details
from orgrollout.sandbox.api.cfn_operations import OperationApi
from orgrollout.sandbox.api.cfn_stack_instances import InstanceApi
from orgrollout.sandbox.api.cfn_stack_sets import StackSetApi
from orgrollout.sandbox.api.cfn_stacks import StacksApi
from orgrollout.sandbox.api.cloudtrail import CloudTrailApi
from orgrollout.sandbox.api.config.aggregators import AggregatorApi
from orgrollout.sandbox.api.config.evaluations import RuleEvaluations
from orgrollout.sandbox.api.config.recorders import RecorderApi
from orgrollout.sandbox.api.config.remediation import RemediationApi
from orgrollout.sandbox.api.config.rules import ConfigApi
from orgrollout.sandbox.api.documents import DocumentApi
from orgrollout.sandbox.api.gateway import Gateway
from orgrollout.sandbox.api.handlers import handlers_of, regions_of
from orgrollout.sandbox.api.organizations_admin import OrganizationsAdminApi
from orgrollout.sandbox.api.plain_stacks import PlainStackApi
from orgrollout.sandbox.api.sts import StsApi
from orgrollout.sandbox.change_sets.engine import ChangeSetWork
from orgrollout.sandbox.clock import Clock, session_time
from orgrollout.sandbox.faults.rules import Faults, RateLimit, organizations_rates
from orgrollout.sandbox.moto import bridge
from orgrollout.sandbox.moto.bridge import MotoState
from orgrollout.sandbox.moto.recorded_stacks import RecordedStacks
from orgrollout.sandbox.moto.stack_states import StackStates
from orgrollout.sandbox.moto.stacks import MotoStacks
from orgrollout.sandbox.organization.model import Account, Organization
from orgrollout.sandbox.principals import Identities
from orgrollout.sandbox.records import NO_GATE, Operation, Pair, StackSet
from orgrollout.sandbox.settings import Settings
from orgrollout.sandbox.stack_sets.auto_deployment import AutoDeployment
from orgrollout.sandbox.stack_sets.instance_lifecycle import InstanceEffects
from orgrollout.sandbox.stack_sets.live_stacks import LiveStacks
from orgrollout.sandbox.stack_sets.roles_and_regions import Obstacles
from orgrollout.sandbox.stack_sets.service import StackSets
from orgrollout.sandbox.stack_sets.targeting import Targeting
from orgrollout.sandbox.timeline import Timeline
from orgrollout.sandbox.trail.book import Trail
from orgrollout.sandbox.trail.recorder import Recorder
from orgrollout.sandbox.unprovisioned import UnprovisionedList

Repaired = str | tuple[str, str, str]
"""A stack by its id, or ("recorder", account, Region)."""


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
        self.recorder = Recorder(Trail(), organization.partition, self.timeline.now)
        self.unprovisioned = UnprovisionedList()
        self.roles = AccountRoles(organization, records_only=not settings.deploy_resources)
        self.obstacles = Obstacles(organization, self.roles.prepare)
        self.gates: dict[Pair, tuple[str, str]] = {}
        self.broken_deliveries: dict[Pair, tuple[str, str]] = {}
        """Accounts and Regions in which AWS Config cannot deliver: error code and message."""
        self.identities = Identities(organization, operator, session_time(clock))
        kind = MotoStacks if settings.deploy_resources else RecordedStacks
        self.deployer = kind(self.unprovisioned.note, self.timeline.now)
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
            handlers=handlers_of(self._apis()),
            partition=organization.partition,
            recorder=self.recorder,
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
        self.made_again: dict[Repaired, list[tuple[timedelta, Callable[[], None]]]] = {}
        """Changes by hand that are made again after each repair of a stack or a recorder."""
        self.deployer.reverted = self.repaired
        self.deployer.told = self.recorder.by_cloudformation

    def _apis(self) -> dict[str, list[object]]:
        """Return what answers for each service."""
        own, timeline, settings = self.organization, self.timeline, self.settings
        regions = regions_of(own.partition)
        targeting = Targeting(own, self._read_url)
        evaluations = RuleEvaluations(timeline, settings)
        remediations = RemediationApi(timeline, settings, self.faults, self.recorder.remediated)
        return {
            "cloudformation": [
                StackSetApi(self.stack_sets, targeting, self._read_url),
                InstanceApi(self.stack_sets, targeting, regions),
                OperationApi(self.stack_sets),
                DriftApi(self.stack_sets, self.live, settings),
                PlainStackApi(self.live, self._read_url, timeline),
                ChangeSetApi(self.live, self._change_sets, settings, timeline, self._read_url),
                StacksApi(self.live),
            ],
            "cloudtrail": [CloudTrailApi(self.recorder.trail, timeline, settings)],
            "sts": [StsApi(own, self.identities, self.roles.of)],
            "organizations": [
                OrganizationsAdminApi(own, timeline, settings, self.organization_changed)
            ],
            "config": [
                ConfigApi(timeline, evaluations),
                RecorderApi(timeline, self.broken_deliveries, self.repaired),
                remediations,
                AggregatorApi(own, timeline, self.obstacles.is_enabled, evaluations),
            ],
            "account": [AccountApi(own, self.obstacles, regions)],
            "ec2": [RegionsApi(self.obstacles, regions)],
            "ssm": [AutomationApi(remediations), DocumentApi()],
        }

    def _read_url(self, url: str) -> str:
        own = self.organization
        return bridge.read_object(own.management_account_id, own.partition, url)

    def _prepare(self, account: str) -> None:
        """Give moto what it needs to answer for an account, or for the organization."""
        if account == "organizations":
            bridge.mirror(self.organization)
        else:
            self.roles.prepare(account)

    def _gate(self, pair: Pair) -> tuple[str, str]:
        return self.gates.get(pair, NO_GATE)

    def _operation_ended(self, stack_set: StackSet, operation: Operation) -> None:
        if operation.action == "DETECT_DRIFT":
            operation.drift = drift_details(stack_set, operation)
            stack_set.drift = operation.drift
        self.auto_deployment.operation_ended(stack_set, operation)

    def repaired(self, what: Repaired) -> None:
        """Plan the changes by hand that are made again after each repair."""
        for again, action in self.made_again.get(what, ()):
            self.timeline.at(self.timeline.now() + again, action)

    def organization_changed(self, kind: str, account: Account, before: str | None) -> None:
        """Begin the automatic deployments that a join, a leave or a move causes."""
        self.auto_deployment.organization_changed(kind, account, before)
