"""What preflight knows before it judges. Each fact may be unknown, and then says why."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from orgrollout.errors import Problem
from orgrollout.inventory.inventory import Inventory
from orgrollout.manifest.loaded import LoadedManifest
from orgrollout.model.ids import AccountId, Pair, Region, StackSetKey
from orgrollout.model.stack_set import CallAs
from orgrollout.model.words import count
from orgrollout.organization.desired import DesiredStackSet
from orgrollout.organization.snapshot import Organization
from orgrollout.posture.seen import PostureSeen
from orgrollout.preflight.finding import Unknown

STACK_SETS_PRINCIPAL = "member.org.stacksets.cloudformation.amazonaws.com"
CONFIG_PRINCIPAL = "config.amazonaws.com"
ADMINISTRATION_ROLE = "AWSCloudFormationStackSetAdministrationRole"
EXECUTION_ROLE = "AWSCloudFormationStackSetExecutionRole"
# Actions by resource type, and whether each is certainly needed.
Needs = Mapping[StackSetKey, Mapping[str, Mapping[str, bool]]]
Policy = Mapping[str, Any]  # a policy document: Version, Statement


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """An IAM role: whether it exists, and whom it trusts."""

    exists: bool
    trust: Policy = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecorderFound:
    """What of AWS Config is in an account and Region, and in the way; empty names: nothing."""

    recorder: str = ""
    channel: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceControlPolicy:
    """A policy of the organization, and what it is attached to."""

    id: str
    name: str
    document: Policy
    targets: frozenset[str]  # root, units, accounts


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything that was read."""

    loaded: LoadedManifest
    organization: Organization
    home_region: Region
    desired: Mapping[StackSetKey, DesiredStackSet]
    inventory: Inventory
    caller: AccountId
    # How preconditions of templates stand, where accounts were looked into, in their order.
    preconditions: Mapping[tuple[StackSetKey, Pair], tuple[PostureSeen, ...] | Unknown] = field(
        default_factory=dict
    )
    # Whether delivery channels that are deployed deliver, where accounts were looked into.
    deliveries: Mapping[tuple[StackSetKey, Pair], tuple[PostureSeen, ...] | Unknown] = field(
        default_factory=dict
    )
    partition: str = "aws"
    call_as: CallAs  # as whom service-managed stack sets are called
    access: str | Unknown  # DescribeOrganizationsAccess: ENABLED or not
    trusted: frozenset[str] | Unknown  # services that Organizations trusts
    delegates: Mapping[str, frozenset[AccountId] | Unknown]  # by service principal
    administration_roles: Mapping[StackSetKey, Role | Unknown]  # in the caller's account
    execution_roles: Mapping[tuple[AccountId, str], Role | Unknown]  # of the accounts looked into
    recorders: Mapping[Pair, RecorderFound | Unknown]  # of the places looked into
    regions: Mapping[AccountId, frozenset[Region] | Unknown]  # enabled; of accounts looked into
    policies: tuple[ServiceControlPolicy, ...] | Unknown
    needs: Needs
    stack_sets: int | Unknown  # that exist
    bucket_region: str | Unknown | None  # of `template_bucket`; None: there is no such bucket
    templates: tuple[Problem, ...]  # what cfn-lint says
    not_looked_into: int = 0  # accounts beyond the sample

    @property
    def beyond(self) -> str:
        """Return why an account was not looked into, and what looks into it."""
        if self.not_looked_into:
            return unasked(self.not_looked_into, "looked into")
        return "no account was looked into; name a role that may with --probe-role"


def unasked(accounts: int, done: str) -> str:
    """Return that accounts were left out, and the option that takes them in."""
    were = "was" if accounts == 1 else "were"
    return f"{count(accounts, 'account')} {were} not {done}; --all-accounts does"
