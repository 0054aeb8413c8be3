"""What an account, or an organization, has once: made in several Regions, all but one fail.

IAM is global: "a global resource with a fixed name in several Regions" is a known failure of stack
sets (CloudFormation user guide, "Troubleshooting CloudFormation StackSets"). Names of buckets are
unique in a partition (S3 user guide, "Bucket naming rules").
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from orgrollout.manifest.regions import PARTITIONS
from orgrollout.manifest.template.declared import as_yaml
from orgrollout.manifest.template.intrinsic import UNKNOWN, Values, plain
from orgrollout.manifest.template.template import Template
from orgrollout.manifest.text.source import compose
from orgrollout.model.domains import DOMAINS

# The property that holds the name. Each service that has them here is global, or answers for the
# whole account from one place (Service Authorization Reference: their ARNs hold no Region).
NAMED: Mapping[str, tuple[str, ...]] = {
    "AWS::IAM::Role": ("RoleName",),
    "AWS::IAM::ManagedPolicy": ("ManagedPolicyName",),
    "AWS::IAM::Group": ("GroupName",),
    "AWS::IAM::User": ("UserName",),
    "AWS::IAM::InstanceProfile": ("InstanceProfileName",),
    "AWS::IAM::SAMLProvider": ("Name",),
    "AWS::IAM::ServerCertificate": ("ServerCertificateName",),
    "AWS::IAM::VirtualMFADevice": ("VirtualMfaDeviceName",),
    "AWS::IAM::OIDCProvider": ("Url",),
    "AWS::IAM::ServiceLinkedRole": ("AWSServiceName",),
    "AWS::Budgets::Budget": ("Budget", "BudgetName"),
    "AWS::Chatbot::SlackChannelConfiguration": ("ConfigurationName",),
    "AWS::Chatbot::MicrosoftTeamsChannelConfiguration": ("ConfigurationName",),
    "AWS::CloudFront::CachePolicy": ("CachePolicyConfig", "Name"),
    "AWS::CloudFront::Function": ("Name",),
    "AWS::CloudFront::KeyValueStore": ("Name",),
    "AWS::CloudFront::OriginAccessControl": ("OriginAccessControlConfig", "Name"),
    "AWS::CloudFront::OriginRequestPolicy": ("OriginRequestPolicyConfig", "Name"),
    "AWS::CloudFront::ResponseHeadersPolicy": ("ResponseHeadersPolicyConfig", "Name"),
    "AWS::CE::CostCategory": ("Name",),  # "the unique name" (Cost Explorer, CostCategoryName)
    "AWS::CUR::ReportDefinition": ("ReportName",),
    "AWS::S3::Bucket": ("BucketName",),
}
# An account has one at all, whatever it is called.
ONE_IN_ACCOUNT = frozenset({"AWS::SecurityHub::FindingAggregator", "AWS::Shield::DRTAccess"})
# With this value of a property, an account has one, or has it in one Region alone.
ONE_IF: Mapping[str, tuple[str, str]] = {
    # One aggregator index for each account (Resource Explorer API reference, UpdateIndexType).
    "AWS::ResourceExplorer2::Index": ("Type", "AGGREGATOR"),
    # Only in us-east-1 (CloudFormation template reference, AWS::WAFv2::WebACL, Scope).
    "AWS::WAFv2::IPSet": ("Scope", "CLOUDFRONT"),
    "AWS::WAFv2::RegexPatternSet": ("Scope", "CLOUDFRONT"),
    "AWS::WAFv2::RuleGroup": ("Scope", "CLOUDFRONT"),
    "AWS::WAFv2::WebACL": ("Scope", "CLOUDFRONT"),
    # One for each dimension; of more, the second fails with AlreadyExists
    # (aws-cloudformation/cloudformation-coverage-roadmap#2515).
    "AWS::CE::AnomalyMonitor": ("MonitorType", "DIMENSIONAL"),
}
# They are of the organization, or of its one IAM Identity Center, and belong into one account.
ONE_IN_ORGANIZATION = (
    "AWS::Organizations::",
    "AWS::SSO::",
    "AWS::IdentityStore::",
    "AWS::ControlTower::",
    "AWS::Config::OrganizationConfigRule",
    "AWS::Config::OrganizationConformancePack",
    "AWS::ObservabilityAdmin::Organization",
)
# Of these the one account has one in each Region: a call for all accounts "is AWS Region specific"
# (AWS Config guide, "Managing Conformance Packs Across all Accounts in Your Organization").
REGIONAL_IN_ORGANIZATION = frozenset(
    {"AWS::Config::OrganizationConfigRule", "AWS::Config::OrganizationConformancePack"}
)
WORLD = frozenset({"AWS::S3::Bucket"})
_REGIONAL_BUCKETS = "account-regional"  # BucketNamespace: a name holds account and Region


@dataclass(frozen=True, slots=True, kw_only=True)
class OnceOnly:
    """What of a template an account, or everybody, has once. In words for a warning."""

    in_account: tuple[str, ...] = ()  # in several Regions of an account all but one fail
    anywhere: tuple[str, ...] = ()  # in several accounts, too
    in_organization: tuple[str, ...] = ()  # it belongs into one account, and there into one Region
    by_region: tuple[str, ...] = ()  # it belongs into one account, and may be in each Region

    @property
    def is_nothing(self) -> bool:
        """Return whether nothing is made twice that there is once."""
        return not (self.in_account or self.leaves_one)

    @property
    def leaves_one(self) -> bool:
        """Return whether all stack instances but one fail, or those of all accounts but one."""
        return bool(self.anywhere or self.in_organization or self.by_region)


NOTHING = OnceOnly()


class _Reach(Enum):
    """What has something once."""

    ACCOUNT = "in_account"
    WORLD = "anywhere"
    ORGANIZATION = "in_organization"
    ORGANIZATION_BY_REGION = "by_region"


def once_only(
    template: Template,
    regions: Sequence[str],
    parameters: Mapping[str, str],
    *,
    accounts: Sequence[str] = ("111111111111",),
    open_parameters: frozenset[str] = frozenset(),
) -> OnceOnly:
    """Return what a template makes that cannot be made in all of these places.

    ``parameters`` are those of the stack set. Those that are ``open_parameters`` differ from place
    to place, so that nothing is said of names made of them; nor of resources whose condition
    cannot be worked out.
    """
    document = plain(compose(as_yaml(template.body), template.file or template.name))
    resources = document.get("Resources") if isinstance(document, Mapping) else None
    if not isinstance(resources, Mapping) or len(regions) * len(accounts) < 2:  # noqa: PLR2004
        return NOTHING
    places = [(account, region) for account in accounts[:2] for region in regions]
    known = {p.name: p.default for p in template.parameters.values() if p.default is not None}
    known = {k: v for k, v in {**known, **parameters}.items() if k not in open_parameters}
    known = {k: v for k, v in known.items() if "{{resolve:" not in v and "${" not in v}
    seen = [(place, values_at(document, known, place)) for place in places]
    found: dict[str, tuple[str, ...]] = {}
    for name, resource in resources.items():
        for text, reach in _found(str(name), resource, seen):
            found[reach.value] = (*found.get(reach.value, ()), text)
    return OnceOnly(**found)


def values_at(
    document: Mapping[str, Any], parameters: Mapping[str, str], place: tuple[str, str]
) -> Values:
    """Return what is known of a template in one account and Region."""
    account, region = place
    partition = PARTITIONS.get(region, "aws")
    stack = f"StackSet-{account}-{region}"  # CloudFormation gives each stack an id of its own
    return Values(
        parameters=parameters,
        pseudo={
            "AWS::Region": region,
            "AWS::AccountId": account,
            "AWS::Partition": partition,
            "AWS::URLSuffix": DOMAINS[partition],
            "AWS::StackName": stack,
            "AWS::StackId": f"arn:{partition}:cloudformation:{region}:{account}:stack/{stack}/id",
        },
        conditions=_mapping(document.get("Conditions")),
        mappings=_mapping(document.get("Mappings")),
    )


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _found(
    name: str, resource: Any, seen: Sequence[tuple[tuple[str, str], Values]]
) -> Iterator[tuple[str, _Reach]]:
    """Yield what a resource makes once only, in words, and what has it once."""
    if not isinstance(resource, Mapping) or not isinstance(kind := resource.get("Type"), str):
        return
    where = [
        (place, values)
        for place, values in seen
        if "Condition" not in resource or values.holds(resource["Condition"]) is True
    ]
    if len({region for (_, region), _ in where}) * len({a for (a, _), _ in where}) < 2:  # noqa: PLR2004
        return
    if kind.startswith(ONE_IN_ORGANIZATION):
        yield from _of_organization(name, kind, {account for (account, _), _ in where})
        return
    regions = sorted({region for (_, region), _ in where})
    if kind in ONE_IN_ACCOUNT and len(regions) > 1:
        yield f"{name} ({kind}) is there once in an account", _Reach.ACCOUNT
    elif kind in ONE_IF:
        yield from _one_if(name, kind, resource, where)
    elif kind in NAMED:
        yield from _named(name, kind, resource, where)


def _of_organization(name: str, kind: str, accounts: set[str]) -> Iterator[tuple[str, _Reach]]:
    text = f"{name} ({kind}) belongs into one account of the organization"
    if kind not in REGIONAL_IN_ORGANIZATION:
        yield text, _Reach.ORGANIZATION
    elif len(accounts) > 1:
        yield text, _Reach.ORGANIZATION_BY_REGION


def _one_if(
    name: str,
    kind: str,
    resource: Mapping[str, Any],
    where: Sequence[tuple[tuple[str, str], Values]],
) -> Iterator[tuple[str, _Reach]]:
    key, value = ONE_IF[kind]
    regions = {
        region for (_, region), values in where if property_of(resource, (key,), values) == value
    }
    if len(regions) > 1:
        yield f"{name} ({kind}) with {key} {value} is there once in an account", _Reach.ACCOUNT


def _named(
    name: str,
    kind: str,
    resource: Mapping[str, Any],
    where: Sequence[tuple[tuple[str, str], Values]],
) -> Iterator[tuple[str, _Reach]]:
    taken: dict[str, set[tuple[str, str]]] = {}
    for place, values in where:
        given = property_of(resource, (*NAMED[kind][:-1], NAMED[kind][-1]), values)
        space = property_of(resource, ("BucketNamespace",), values)
        if isinstance(given, str) and not (kind in WORLD and space == _REGIONAL_BUCKETS):
            taken.setdefault(given, set()).add(place)
    for given, places in taken.items():
        regions, accounts = {region for _, region in places}, {account for account, _ in places}
        if kind in WORLD and len(places) > 1:
            yield f"{name} ({kind}) is named {given} everywhere", _Reach.WORLD
        elif len(regions) > 1 and kind not in WORLD and accounts:
            yield f"{name} ({kind}) is named {given} in each Region", _Reach.ACCOUNT


def property_of(resource: Mapping[str, Any], path: tuple[str, ...], values: Values) -> Any:
    """Return a property as it comes out, or `UNKNOWN`."""
    found: Any = resource.get("Properties")
    for part in path:
        if not isinstance(found, Mapping) or part not in found:
            return UNKNOWN
        found = found[part]
    return values.of(found)
