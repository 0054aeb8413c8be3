"""Which API operations read, and a guard that lets a client send nothing else."""

from collections.abc import Mapping
from typing import Any

from orgrollout.errors import ReadOnlyError

READS: Mapping[str, frozenset[str]] = {
    "account": frozenset({"ListRegions"}),
    "cloudformation": frozenset(
        {
            "DescribeOrganizationsAccess",
            "DescribeStackInstance",
            "DescribeStackResource",
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
    "config": frozenset(
        {
            "DescribeAggregateComplianceByConfigRules",
            "DescribeComplianceByConfigRule",
            "DescribeConfigRuleEvaluationStatus",
            "DescribeConfigRules",
            "DescribeConfigurationRecorderStatus",
            "DescribeConfigurationRecorders",
            "DescribeDeliveryChannelStatus",
            "DescribeDeliveryChannels",
            "DescribeRemediationExceptions",
            "DescribeRemediationExecutionStatus",
            "GetComplianceDetailsByConfigRule",
        }
    ),
    "ec2": frozenset(
        {"DescribeFlowLogs", "DescribeNetworkInterfaces", "DescribeSubnets", "DescribeVpcs"}
    ),
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
    "ssm": frozenset({"GetDocument"}),
    # Assuming a role changes nothing; what it may be used for is guarded like everything else.
    "sts": frozenset({"AssumeRole", "GetCallerIdentity"}),
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
