"""Which API operations read, and a guard that lets a client send nothing else."""

from collections.abc import Iterable, Mapping
from typing import Any

from orgrollout.errors import ReadOnlyError
from orgrollout.posture.registry import reads

# Made with the caller's own permissions.
CENTRAL: Mapping[str, frozenset[str]] = {
    "account": frozenset({"ListRegions"}),
    "cloudformation": frozenset(
        {
            "DescribeOrganizationsAccess",
            "DescribeStackInstance",
            "DescribeStackSet",
            "DescribeStackSetOperation",
            "ListStackInstanceResourceDrifts",
            "ListStackInstances",
            "ListStackSetOperationResults",
            "ListStackSetOperations",
            "ListStackSets",
        }
    ),
    "cloudwatch": frozenset({"DescribeAlarms"}),
    "config": frozenset({"DescribeAggregateComplianceByConfigRules"}),
    "iam": frozenset({"GetRole"}),
    "organizations": frozenset(
        {
            "DescribeAccount",
            "DescribeOrganization",
            "DescribePolicy",
            "ListAWSServiceAccessForOrganization",
            "ListAccounts",
            "ListAccountsForParent",
            "ListDelegatedAdministrators",
            "ListOrganizationalUnitsForParent",
            "ListParents",
            "ListPolicies",
            "ListRoots",
            "ListTagsForResource",
            "ListTargetsForPolicy",
        }
    ),
    "s3": frozenset({"HeadBucket"}),
    # Assuming a role changes nothing; what it may be used for is guarded like everything else.
    "sts": frozenset({"AssumeRole", "GetCallerIdentity"}),
}
# Made in member accounts by `preflight`, through a role there.
_BY_PREFLIGHT = (
    "cloudformation:DescribeStackResource",
    "config:DescribeConfigurationRecorders",
    "config:DescribeDeliveryChannels",
    "iam:GetRole",
)
# Made in member accounts by `drift --who`, through the same role.
_BY_WHO = ("cloudtrail:LookupEvents",)


def by_service(apis: Iterable[str]) -> Mapping[str, frozenset[str]]:
    """Return the operations of each service; ``apis`` are service:Operation."""
    found: dict[str, set[str]] = {}
    for api in apis:
        service, _, operation = api.partition(":")
        found.setdefault(service, set()).add(operation)
    return {service: frozenset(names) for service, names in found.items()}


# Made in member accounts: by preflight, by the checks of posture, and to learn who changed what.
MEMBER: Mapping[str, frozenset[str]] = by_service(
    (*_BY_PREFLIGHT, *_BY_WHO, *(call.api for call in reads()))
)
READS: Mapping[str, frozenset[str]] = {
    service: CENTRAL.get(service, frozenset()) | MEMBER.get(service, frozenset())
    for service in sorted({*CENTRAL, *MEMBER})
}


def only_reads(client: Any) -> None:
    """Make ``client`` refuse every operation that is not among ``READS``, before it is sent.

    What is not listed is refused, so that an operation AWS adds tomorrow is refused too. The hook
    runs before a request is so much as put together.
    """
    service = client.meta.service_model.service_name
    allowed = READS.get(service, frozenset())

    def refuse(model: Any, **_: Any) -> None:
        if model.name not in allowed:
            raise ReadOnlyError(f"{service}:{model.name}")

    client.meta.events.register("before-parameter-build", refuse)
