"""What an account, or an organization, has once: made in several Regions, all but one fail.

IAM is global: "a global resource with a fixed name in several Regions" is a known failure of stack
sets (CloudFormation user guide, "Troubleshooting CloudFormation StackSets"). Names of buckets are
unique in a partition (S3 user guide, "Bucket naming rules").
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from orgrollout.errors import Problem
from orgrollout.manifest.loaded import ENABLED, LoadedManifest
from orgrollout.manifest.regions import PARTITIONS
from orgrollout.manifest.template.declared import as_yaml
from orgrollout.manifest.template.intrinsic import UNKNOWN, Values, plain
from orgrollout.manifest.template.template import Template
from orgrollout.manifest.text.source import compose
from orgrollout.model.domains import DOMAINS
from orgrollout.model.ids import StackSetKey

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
_EXAMPLES = ("111111111111", "222222222222")  # accounts, where the real ones are not known
WORLD = frozenset({"AWS::S3::Bucket"})
_REGIONAL_BUCKETS = "account-regional"  # BucketNamespace: a name holds account and Region


@dataclass(frozen=True, slots=True, kw_only=True)
class OnceOnly:
    """What of a template an account, or everybody, has once. In words for a warning."""

    in_account: tuple[str, ...] = ()  # in several Regions of an account all but one fail
    anywhere: tuple[str, ...] = ()  # in several accounts, too


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
        return OnceOnly()
    places = [(account, region) for account in accounts[:2] for region in regions]
    known = {p.name: p.default for p in template.parameters.values() if p.default is not None}
    known = {k: v for k, v in {**known, **parameters}.items() if k not in open_parameters}
    known = {k: v for k, v in known.items() if "{{resolve:" not in v and "${" not in v}
    seen = [(place, values_at(document, known, place)) for place in places]
    account: list[str] = []
    anywhere: list[str] = []
    for name, resource in resources.items():
        for text, is_world in _found(str(name), resource, seen):
            (anywhere if is_world else account).append(text)
    return OnceOnly(in_account=tuple(account), anywhere=tuple(anywhere))


def made_once_only(loaded: LoadedManifest) -> Iterator[Problem]:
    """Yield a warning for each stack set that would make in several places what there is once."""
    for key, template in loaded.templates.items():
        regions = loaded.regions(key)
        if ENABLED in regions:
            regions = (*(r for r in regions if r != ENABLED), "us-east-1", "us-west-2")
        regions = tuple(dict.fromkeys(r for r in regions if r in PARTITIONS)) or ("us-east-1",)
        stack_set = loaded.manifest.stack_sets[key]
        found = once_only(
            template,
            regions,
            {**loaded.parameter_defaults(key), **stack_set.parameters},
            accounts=_EXAMPLES[: 1 if _is_one_account(loaded, key) else 2],
            open_parameters=loaded.overridden(key),
        )
        if found.in_account or found.anywhere:
            words = once_words(found.in_account, found.anywhere)
            fix = cure(key, everywhere=bool(found.anywhere))
            problem = loaded.problem(("stack_sets", key), words, fix)
            yield replace(problem, severity="warning")


def _is_one_account(loaded: LoadedManifest, key: StackSetKey) -> bool:
    targets = loaded.manifest.stack_sets[key].targets or loaded.manifest.targets
    if targets is None or targets.everyone:
        return False
    named = [block.accounts for block in targets.include]
    return len(named) == 1 and named[0] is not None and len(named[0]) == 1


def once_words(in_account: Sequence[str], anywhere: Sequence[str]) -> str:
    """Return what is there once, and what comes of making it again."""
    parts = []
    if in_account:
        parts.append(
            f"{'; '.join(in_account)}. An account has it once, whatever the Region: all but one "
            "Region fail."
        )
    if anywhere:
        parts.append(f"{'; '.join(anywhere)}. All but one stack instance fail.")
    return " ".join(parts)


def cure(key: str, *, everywhere: bool) -> str:
    """Return what to write in the manifest."""
    home = f"Write `regions: home` in stack_sets.{key}"
    if everywhere:
        return f"{home} and target one account; or make the name from the account and the Region."
    return f"{home}, or make the name from the Region."


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
) -> Iterator[tuple[str, bool]]:
    """Yield what a resource makes once only, in words, and whether that is so across accounts."""
    if not isinstance(resource, Mapping) or not isinstance(kind := resource.get("Type"), str):
        return
    where = [
        (place, values)
        for place, values in seen
        if "Condition" not in resource or values.holds(resource["Condition"]) is True
    ]
    if len({region for (_, region), _ in where}) * len({a for (a, _), _ in where}) < 2:  # noqa: PLR2004
        return
    if kind in REGIONAL_IN_ORGANIZATION and len({account for (account, _), _ in where}) == 1:
        return
    if kind.startswith(ONE_IN_ORGANIZATION):
        yield f"{name} ({kind}) belongs into one account of the organization", True
        return
    regions = sorted({region for (_, region), _ in where})
    if kind in ONE_IN_ACCOUNT and len(regions) > 1:
        yield f"{name} ({kind}) is there once in an account", False
    elif kind in ONE_IF:
        yield from _one_if(name, kind, resource, where)
    elif kind in NAMED:
        yield from _named(name, kind, resource, where)


def _one_if(
    name: str,
    kind: str,
    resource: Mapping[str, Any],
    where: Sequence[tuple[tuple[str, str], Values]],
) -> Iterator[tuple[str, bool]]:
    key, value = ONE_IF[kind]
    regions = {
        region for (_, region), values in where if property_of(resource, (key,), values) == value
    }
    if len(regions) > 1:
        yield f"{name} ({kind}) with {key} {value} is there once in an account", False


def _named(
    name: str,
    kind: str,
    resource: Mapping[str, Any],
    where: Sequence[tuple[tuple[str, str], Values]],
) -> Iterator[tuple[str, bool]]:
    taken: dict[str, set[tuple[str, str]]] = {}
    for place, values in where:
        given = property_of(resource, (*NAMED[kind][:-1], NAMED[kind][-1]), values)
        space = property_of(resource, ("BucketNamespace",), values)
        if isinstance(given, str) and not (kind in WORLD and space == _REGIONAL_BUCKETS):
            taken.setdefault(given, set()).add(place)
    for given, places in taken.items():
        regions, accounts = {region for _, region in places}, {account for account, _ in places}
        if kind in WORLD and len(places) > 1:
            yield f"{name} ({kind}) is named {given} everywhere", True
        elif len(regions) > 1 and kind not in WORLD and accounts:
            yield f"{name} ({kind}) is named {given} in each Region", False


def property_of(resource: Mapping[str, Any], path: tuple[str, ...], values: Values) -> Any:
    """Return a property as it comes out, or `UNKNOWN`."""
    found: Any = resource.get("Properties")
    for part in path:
        if not isinstance(found, Mapping) or part not in found:
            return UNKNOWN
        found = found[part]
    return values.of(found)
