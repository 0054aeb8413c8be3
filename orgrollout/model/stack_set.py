"""Stack sets and stack instances, as CloudFormation describes them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from orgrollout.model.ids import (
    AccountId,
    Digest,
    OperationId,
    Pair,
    StackSetName,
    UnitId,
    digest_of,
)

OWNER_TAG = "orgrollout:manifest"
MAX_BODY_BYTES = 51_200  # of a template that is sent in the call itself (CloudFormation quotas)


class PermissionModel(StrEnum):
    """Who provides the roles a stack set works with."""

    SERVICE_MANAGED = "SERVICE_MANAGED"
    SELF_MANAGED = "SELF_MANAGED"


class CallAs(StrEnum):
    """As whom a service-managed stack set is called."""

    SELF = "SELF"
    DELEGATED_ADMIN = "DELEGATED_ADMIN"


class InstanceStatus(StrEnum):
    """Whether a stack instance is in step with its stack set."""

    CURRENT = "CURRENT"
    OUTDATED = "OUTDATED"
    INOPERABLE = "INOPERABLE"


@dataclass(frozen=True, slots=True, kw_only=True)
class StackSetDefinition:
    """All that is sent when a stack set is created or updated, apart from its targets."""

    template_body: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    description: str = ""
    capabilities: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    permission_model: PermissionModel = PermissionModel.SERVICE_MANAGED
    administration_role_arn: str | None = None  # self-managed only
    execution_role_name: str | None = None  # self-managed only
    managed_execution: bool = False

    @property
    def is_large(self) -> bool:
        """Return whether the template does not fit into a call: it is read from a bucket."""
        return len(self.template_body.encode()) > MAX_BODY_BYTES

    @property
    def template_digest(self) -> Digest:
        """Return the digest of the template's text."""
        return digest_of(self.template_body)

    def state_digest(self, overrides: Mapping[str, str]) -> Digest:
        """Return the digest of what a stack instance becomes: template, parameters, tags.

        Two instances with the same digest run the same stack. A description or a role belongs to
        the stack set alone and does not count.
        """
        return digest_of(
            [self.template_digest, {**self.parameters, **overrides}, sorted(overrides), self.tags]
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class StackInstance:
    """A stack instance as CloudFormation lists it."""

    pair: Pair
    status: InstanceStatus
    detailed_status: str  # PENDING, RUNNING, SUCCEEDED, FAILED, CANCELLED, ...
    status_reason: str = ""
    unit: UnitId | None = None  # the unit that was targeted, not the account's parent
    stack_id: str | None = None  # absent where there is no stack, or where the row was remembered
    last_operation: OperationId | None = None
    changed_by: OperationId | None = None  # known only where last_operation merely looked for drift
    drift_status: str = "NOT_CHECKED"
    last_drift_check: datetime | None = None
    overrides: Mapping[str, str] | None = None  # None: not known, since lists do not carry them

    @property
    def is_skipped(self) -> bool:
        """Return whether CloudFormation left it out, since its account is suspended.

        Its status then tells nothing, and may be CURRENT.
        """
        return self.detailed_status.startswith("SKIPPED")

    @property
    def applied_by(self) -> OperationId | None:
        """Return the last operation that may have changed it, as far as that is known.

        A drift detection overwrites LastOperationId without changing anything (example in the
        CloudFormation user guide, "Detecting unmanaged changes in stack sets").
        """
        return self.changed_by or self.last_operation


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployedStackSet:
    """A stack set that exists."""

    name: StackSetName
    id: str
    arn: str
    definition: StackSetDefinition
    auto_deployment: bool = False
    administrator: AccountId | None = None

    @property
    def owner(self) -> str | None:
        """Return the name of the manifest that owns it, if one does."""
        return self.definition.tags.get(OWNER_TAG)
