"""One simulated organization, wired together: state, engine, APIs.

``sandbox.Sandbox`` is its face for tests and people; this is what it consists of.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import boto3

from orgrollout.sandbox import moto_bridge, templates
from orgrollout.sandbox.api_instances import InstanceApi
from orgrollout.sandbox.api_operations import OperationApi
from orgrollout.sandbox.api_sets import StackSetApi
from orgrollout.sandbox.clock import Clock
from orgrollout.sandbox.effects import InstanceEffects
from orgrollout.sandbox.faults import Faults
from orgrollout.sandbox.gateway import FORWARD, Gateway, Handler
from orgrollout.sandbox.identity import ACCESS_ROLE, Identities
from orgrollout.sandbox.moto_stacks import MotoStacks, NoStacks
from orgrollout.sandbox.organization import Account, Organization
from orgrollout.sandbox.organizations_api import OrganizationsApi
from orgrollout.sandbox.records import Operation, Pair, StackSet
from orgrollout.sandbox.settings import Settings
from orgrollout.sandbox.stack_sets import Caller, StackSets
from orgrollout.sandbox.targeting import Targeting
from orgrollout.sandbox.timeline import Timeline

GATE = "AWSCloudFormationStackSetAccountGate"


@dataclass(frozen=True, slots=True)
class Unprovisioned:
    """A resource that is only recorded, or of which something could not be done."""

    account: str
    region: str
    stack: str
    logical_id: str
    resource_type: str
    what: str


class World:
    """Everything behind the endpoint."""

    def __init__(
        self, organization: Organization, clock: Clock, settings: Settings, operator: str
    ) -> None:
        self.organization = organization
        self.clock = clock
        self.settings = settings
        self.timeline = Timeline(clock)
        self.faults = Faults()
        self.unprovisioned: list[Unprovisioned] = []
        self.disabled: set[Pair] = set()
        self.gates: dict[Pair, tuple[str, str]] = {}
        self.identities = Identities(organization, self.timeline, operator)
        self.deployer = MotoStacks(self._note) if settings.deploy_resources else NoStacks()
        self.effects = InstanceEffects(
            organization=organization,
            deployer=self.deployer,
            faults=self.faults,
            settings=settings,
            timeline=self.timeline,
            obstacle=self._obstacle,
            gate=self._gate,
        )
        self.stack_sets = StackSets(
            organization, self.timeline, settings, self.effects, self._operation_ended
        )
        self.gateway = Gateway(
            handlers=self._handlers(),
            identities=self.identities,
            faults=self.faults,
            clock=clock,
            timeline=self.timeline,
            prepare=self._prepare,
        )
        self._prepared: set[str] = set()

    def _handlers(self) -> dict[tuple[str, str], Handler]:
        targeting = Targeting(self.organization, self._read_url)
        known_regions = frozenset(boto3.Session().get_available_regions("cloudformation"))
        made: dict[tuple[str, str], Handler] = {
            ("cloudformation", "GetTemplateSummary"): self._template_summary,
            ("sts", "GetCallerIdentity"): self._caller_identity,
            ("sts", "AssumeRole"): self._assume_role,
        }
        for api in (
            StackSetApi(self.stack_sets, targeting, self._read_url),
            InstanceApi(self.stack_sets, targeting, known_regions),
            OperationApi(self.stack_sets),
        ):
            made.update({("cloudformation", op): handler for op, handler in _methods(api)})
        own = OrganizationsApi(
            self.organization, self.timeline, self.settings, self.organization_changed
        )
        made.update({("organizations", op): handler for op, handler in _methods(own)})
        return made

    def _read_url(self, url: str) -> str:
        return moto_bridge.read_object(self.organization.management_account_id, url)

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
        roles = None
        if account in self.organization.accounts:
            self._prepare(account)
            roles = moto_bridge.roles_of(account)
        return self.identities.assume_role(caller.principal, params, roles)

    def _prepare(self, account_id: str) -> None:
        """Give an account what it comes with, when it is first looked at."""
        account = self.organization.accounts.get(account_id)
        if account is None or account_id in self._prepared:
            return
        self._prepared.add(account_id)
        management = self.organization.management_account_id
        if account_id != management:
            moto_bridge.ensure_role(account, ACCESS_ROLE, trust_of(management))

    def _note(self, stack_id: str, logical_id: str, kind: str, what: str) -> None:
        _, _, _, region, account, resource = stack_id.split(":", 5)
        name = resource.split("/")[1]
        self.unprovisioned.append(Unprovisioned(account, region, name, logical_id, kind, what))

    def _gate(self, pair: Pair) -> tuple[str, str]:
        account, region = pair
        arn = f"arn:aws:lambda:{region}:{account}:function:{GATE}"
        return self.gates.get(pair, ("SKIPPED", f"Function not found: {arn}"))

    def _obstacle(self, _stack_set: StackSet, pair: Pair) -> str | None:
        account, region = pair
        management = self.organization.management_account_id
        off = not all(self.organization.is_enabled(each, region) for each in (account, management))
        if off or pair in self.disabled:
            return (
                f"STS is not activated in this region for account:{account}. Your account "
                "administrator can activate STS in this region using the IAM Console."
            )
        return None

    def _operation_ended(self, stack_set: StackSet, operation: Operation) -> None:
        """Nothing waits for the end of an operation yet."""

    def organization_changed(self, kind: str, account: Account, before: str | None) -> None:
        """Nothing follows from a change of the organization yet."""


def _methods(api: object) -> list[tuple[str, Handler]]:
    """Return the operations an API object answers: ``list_accounts`` is ListAccounts."""
    special = {"Aws": "AWS"}
    found = []
    for name in dir(api):
        if not name.startswith("_"):
            words = [special.get(word, word) for word in name.title().split("_")]
            found.append(("".join(words), getattr(api, name)))
    return found


def trust_of(account: str) -> str:
    """Return a trust policy for everything in ``account``."""
    principal = {"AWS": f"arn:aws:iam::{account}:root"}
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
